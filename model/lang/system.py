"""Systems: entities, their variables and the actions over them, grounded and checked."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

from model.lang.actions import ActionTemplate, GroundAction
from model.lang.domains import Value
from model.lang.entities import Entity
from model.lang.errors import ModelError, building, did_you_mean
from model.lang.expr import And, Enabled, Expr, Var

State: TypeAlias = tuple[Value, ...]
"""The values of a system's variables, in the order of ``System.variables``."""


class System:
    """A finite transition system, made of ``entities`` and the ``actions`` that change them.

    ``values`` limits what a parameter of an Enum class ranges over, for instance which drivers
    there are. Raises ModelError for whatever is malformed.
    """

    def __init__(
        self,
        name: str,
        entities: Sequence[Entity],
        actions: Sequence[ActionTemplate],
        values: Mapping[type, Sequence[Value]] | None = None,
    ) -> None:
        self.name = name
        self.entities = tuple(entities)
        self.values: Mapping[type, Sequence[Value]] = dict(values or {})
        with building(f"system {name}"):
            _distinct([entity.name for entity in entities], "entity")
            _distinct([template.name for template in actions], "action")
            self.variables: tuple[Var[Any], ...] = tuple(
                variable for entity in entities for variable in entity.variables()
            )
            if not self.variables:
                raise ModelError("the system has no variables", "give it entities with fields")
        self.index: dict[Var[Any], int] = {v: i for i, v in enumerate(self.variables)}
        self.actions: tuple[GroundAction, ...] = tuple(
            self._known(grounded)
            for template in actions
            for grounded in self._ground(template)
        )

    def _ground(self, template: ActionTemplate) -> list[GroundAction]:
        if not isinstance(template, ActionTemplate):
            raise ModelError(
                f"{template!r} is listed among the actions of {self.name}",
                "list functions decorated with @action",
            )
        return list(template.ground(self.entities, self.values))

    def _known(self, action: GroundAction) -> GroundAction:
        """The action with every ``enabled(...)`` of its guard and updates resolved."""
        with building(f"action {action.name}"):
            mentioned = [*action.guard, *(u.value for u in action.updates)]
            for expression in [*mentioned, *(u.variable for u in action.updates)]:
                for node in expression.walk():
                    if isinstance(node, Enabled):
                        raise ModelError(
                            f"`{node}` is used inside an action",
                            "write the condition itself; enabled() is for claims",
                            where=action.where,
                        )
                    self._check_variable(node, action)
        return action

    def _check_variable(self, node: Expr[Any], action: GroundAction | None = None) -> None:
        if isinstance(node, Var) and node not in self.index:
            raise ModelError(
                f"{node.name} is no variable of {self.name}",
                "use the fields of the entities the system was built from",
                where=action.where if action else None,
            )

    @cached_property
    def by_title(self) -> dict[str, GroundAction]:
        """The actions by their title, such as ``bind_store(dev0, vfio-pci)``."""
        return {action.title: action for action in self.actions}

    def initial_states(self) -> Iterator[State]:
        """Every state the system may start in."""
        yield from itertools.product(*(variable.initial for variable in self.variables))

    def resolve(self, expression: Expr[Any]) -> Expr[Any]:
        """``expression`` with every ``enabled(...)`` replaced by the guard it stands for.

        Raises ModelError for an action, an argument or a variable that the system lacks.
        """

        def leaf(node: Expr[Any]) -> Expr[Any]:
            self._check_variable(node)
            return And(self._enabled(node).guard) if isinstance(node, Enabled) else node

        return expression.rewrite(leaf)

    def _enabled(self, node: Enabled) -> GroundAction:
        found = [a for a in self.actions if a.name == node.action]
        for action in found:
            if action.arguments == node.arguments:
                return action
        if found:
            raise ModelError(
                f"{self.name} has no step `{node}`",
                "its arguments there are " + "; ".join(a.title for a in found[:4]),
            )
        raise ModelError(
            f"{self.name} has no action {node.action!r}",
            did_you_mean(node.action, {a.name for a in self.actions}),
        )

    def __str__(self) -> str:
        return self.name


def _distinct(names: Sequence[str], what: str) -> None:
    for first, second in itertools.pairwise(sorted(names)):
        if first == second:
            raise ModelError(f"two of them are called {what} {first!r}", "give each its own name")
