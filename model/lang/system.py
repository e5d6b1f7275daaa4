"""Systems: entities, their variables and the actions over them, grounded and checked."""

from __future__ import annotations

import copy
import enum
import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

from model.lang.actions import ActionTemplate, GroundAction
from model.lang.domains import Value, domain_of
from model.lang.entities import Entity
from model.lang.errors import ModelError, building, described, did_you_mean
from model.lang.expr import And, Const, Enabled, Expr, Var

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
        actions: Sequence[ActionTemplate[Any]],
        values: Mapping[type, Sequence[Value]] | None = None,
    ) -> None:
        self.name = name
        self.entities = tuple(entities)
        self.values: Mapping[type, Sequence[Value]] = dict(values or {})
        templates = tuple(actions)
        with building(f"system {name}"):
            for entity in self.entities:
                if not isinstance(entity, Entity):
                    raise ModelError(
                        f"{described(entity)} is listed among the entities",
                        "list entities, such as Device('dev0')",
                    )
            for template in templates:
                if not isinstance(template, ActionTemplate):
                    raise ModelError(
                        f"{described(template)} is listed among the actions",
                        "list functions decorated with @action",
                    )
            _distinct([entity.name for entity in self.entities], "entities")
            _distinct([template.name for template in templates], "actions")
            for kind, chosen in self.values.items():
                _check_values(kind, chosen)
            self.variables: tuple[Var[Any], ...] = tuple(
                variable for entity in entities for variable in entity.variables()
            )
            if not self.variables:
                raise ModelError("the system has no variables", "give it entities with fields")
        self.index: dict[Var[Any], int] = {v: i for i, v in enumerate(self.variables)}
        self.actions: tuple[GroundAction, ...] = tuple(
            self._known(grounded)
            for template in templates
            for grounded in list(template.ground(self.entities, self.values))
        )

    @cached_property
    def changed(self) -> frozenset[Var[Any]]:
        """The variables that some action gives a value which they did not have at first."""
        return frozenset(
            update.variable
            for action in self.actions
            for update in action.updates
            if not (
                isinstance(update.value, Const) and update.value.value in update.variable.initial
            )
        )

    def _known(self, action: GroundAction) -> GroundAction:
        """``action``, unless it mentions what it must not."""
        with building(f"action {action.name}", action.where):
            mentioned = [*action.guard, *(u.value for u in action.updates)]
            for expression in [*mentioned, *(u.variable for u in action.updates)]:
                for node in expression.walk():
                    if isinstance(node, Enabled):
                        raise ModelError(
                            f"`{node}` is used inside an action",
                            "write the condition itself; enabled() is for claims",
                        )
                    self._check_variable(node)
        return action

    def _check_variable(self, node: Expr[Any]) -> None:
        if isinstance(node, Var) and node not in self.index:
            raise ModelError(
                f"{node.name} is no variable of {self.name}",
                "list its entity among the system's, or use the field of one that is listed",
            )

    @cached_property
    def by_title(self) -> dict[str, GroundAction]:
        """The actions by their title, such as ``bind_store(dev0, vfio-pci)``."""
        return {action.title: action for action in self.actions}

    def with_actions(self, actions: Sequence[GroundAction]) -> System:
        """The same system with other grounded ``actions``: a mutant, for instance."""
        other = copy.copy(self)
        for name in ("by_title", "changed"):  # computed from the actions, once
            other.__dict__.pop(name, None)
        other.actions = tuple(other._known(action) for action in actions)
        return other

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
            raise ModelError(f"two {what} are called {first!r}", "give each its own name")


def _check_values(kind: type, chosen: Sequence[Value]) -> None:
    if not isinstance(kind, type) or not issubclass(kind, enum.Enum):
        raise ModelError(f"values= has {described(kind)} as a key", "use Enum classes as keys")
    if not chosen or len(set(chosen)) < len(chosen):
        raise ModelError(
            f"values= names no {kind.__name__}, or one of them twice", "name each value once"
        )
    for value in chosen:
        if value not in domain_of(kind):
            raise ModelError(
                f"values= names {described(value)}, which is no {kind.__name__}",
                f"use members of {kind.__name__}",
            )
