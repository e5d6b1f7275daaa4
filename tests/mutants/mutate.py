"""Every way to drop one thing from a system's actions.

A mutation is the same for all instances of an action: all devices and all drivers. Its key names
fields by their class and not by their entity, so that it stays the same at every size; a design's
own class of devices is called a device.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model.lang import Domain, Entity, Expr, GroundAction, System, Update, Var
from model.lang.expr import And, Const, Equal, IfElse, Infix, Less, Not, Or

_OTHER = "other_"


class _Unequal(Infix[bool]):
    """Written for ``~(a == b)``, to be read only."""

    __slots__ = ()
    symbol = "!="


class _More(Infix[bool]):
    """Written for ``b < a``, to be read only."""

    __slots__ = ()
    symbol = ">"


class Part(enum.StrEnum):
    """What is dropped from an action."""

    GUARD = "guard"
    """One condition of its guard; what the guard joins with & counts as several."""
    UPDATE = "update"
    """Its update of one field, for every entity that it updates the field of."""
    WHEN = "when"
    """One condition under which an update takes effect: its first value is taken regardless."""


@dataclass(frozen=True)
class Mutation:
    """One thing to drop from every instance of the action called ``action``.

    ``what`` is a condition or a field; ``of`` is the field whose update has the condition.
    """

    action: str
    part: Part
    what: str
    of: str = ""

    @property
    def key(self) -> str:
        """The mutation's name, the same at every size."""
        return "/".join(filter(None, (self.action, self.part, self.of, self.what)))

    def __str__(self) -> str:
        return self.key


class Mutator:
    """The mutations of ``system`` and the systems that they make of it."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._owner = {v: entity for entity in system.entities for v in entity.variables()}

    def mutations(self) -> tuple[Mutation, ...]:
        """Every single mutation, in the order of the actions."""
        return tuple(dict.fromkeys(m for a in self.system.actions for m in self._of(a)))

    def _of(self, action: GroundAction) -> Iterator[Mutation]:
        for item in conjuncts(action.guard):
            yield Mutation(action.name, Part.GUARD, self.text(item, action))
        for update in action.updates:
            yield Mutation(action.name, Part.UPDATE, self.text(update.variable, action))
        for update in action.updates:
            if isinstance(update.value, IfElse):
                for item in conjuncts(update.value.children[:1]):
                    of = self.text(update.variable, action)
                    yield Mutation(action.name, Part.WHEN, self.text(item, action), of)

    def mutant(self, *mutations: Mutation) -> System:
        """The system without what ``mutations`` drop."""
        by_action: dict[str, list[Mutation]] = {}
        for mutation in mutations:
            by_action.setdefault(mutation.action, []).append(mutation)
        return self.system.with_actions(
            [
                functools.reduce(self._dropped, by_action.get(action.name, []), action)
                for action in self.system.actions
            ]
        )

    def _dropped(self, action: GroundAction, mutation: Mutation) -> GroundAction:
        guard, updates = self.guard(action, mutation), self.updates(action, mutation)
        return replace(action, guard=guard, updates=updates)

    def guard(self, action: GroundAction, mutation: Mutation) -> tuple[Expr[bool], ...]:
        """What ``mutation`` leaves of the guard of ``action``."""
        if mutation.part is not Part.GUARD:
            return action.guard
        return self._without(mutation.what, action.guard, action)

    def updates(self, action: GroundAction, mutation: Mutation) -> tuple[Update, ...]:
        """What ``mutation`` leaves of the updates of ``action``."""
        if mutation.part is Part.UPDATE:
            return tuple(
                u for u in action.updates if self.text(u.variable, action) != mutation.what
            )
        if mutation.part is Part.WHEN:
            return tuple(self._regardless(u, action, mutation) for u in action.updates)
        return action.updates

    def _regardless(self, update: Update, action: GroundAction, mutation: Mutation) -> Update:
        if not isinstance(update.value, IfElse):
            return update
        if self.text(update.variable, action) != mutation.of:
            return update
        condition, yes, no = update.value.children
        left = self._without(mutation.what, (condition,), action)
        return Update(update.variable, IfElse(And(left), yes, no) if left else yes)

    def _without(
        self, what: str, items: Sequence[Expr[bool]], action: GroundAction
    ) -> tuple[Expr[bool], ...]:
        return tuple(item for item in conjuncts(items) if self.text(item, action) != what)

    def text(self, expression: Expr[Any], action: GroundAction) -> str:
        """``expression`` as it reads for every instance of ``action``."""
        return str(self._general(expression, action))

    def _general(self, node: Expr[Any], action: GroundAction) -> Expr[Any]:
        if isinstance(node, Var):
            return _placeholder(self._role(node, action), node)
        if isinstance(node, Const) and isinstance(node.value, enum.Enum):
            chosen = node.value in action.values
            return _placeholder(f"<{type(node.value).__name__.lower()}>", node) if chosen else node
        children = tuple(self._general(child, action) for child in node.children)
        if isinstance(node, And | Or):  # one and the same of each device reads as one
            unlike = {str(child): child for child in children}
            # An instance's own entity comes first, however the system lists the entities.
            children = tuple(sorted(unlike.values(), key=lambda child: _OTHER in str(child)))
            if len(children) == 1:
                return children[0]
        match node.rebuild(children) if children else node:
            case Not(children=(_Unequal(children=pair),)):
                return Equal(*pair)
            case Not(children=(Equal(children=pair),)):
                return _Unequal(bool, pair)
            case Less(children=(Const() as low, high)):
                return _More(bool, (high, low))
            case other:
                return other

    def _role(self, variable: Var[Any], action: GroundAction) -> str:
        """How every instance of ``action`` calls ``variable``: by its entity's class."""
        entity = self._owner[variable]
        own = [a for a in action.arguments if type(a) is type(entity)]
        name = variable.name.removeprefix(f"{entity.name}.")
        return f"{_OTHER if own and entity not in own else ''}{_kind(entity)}.{name}"


def _kind(entity: Entity) -> str:
    """The class that other classes of such entities come from, in lower case."""
    classes = [c for c in type(entity).__mro__ if issubclass(c, Entity) and c is not Entity]
    return classes[-1].__name__.lower()


def conjuncts(items: Sequence[Expr[bool]]) -> tuple[Expr[bool], ...]:
    """``items`` with whatever they join with & taken apart."""
    apart: list[Expr[bool]] = []
    for item in items:
        apart += conjuncts(item.children) if isinstance(item, And) else [item]
    return tuple(apart)


def _placeholder(name: str, node: Var[Any] | Const[Any]) -> Var[Any]:
    """A variable that is there to be read only."""
    domain, value = (
        (node.domain, node.initial[0])
        if isinstance(node, Var)
        else (Domain(name, (node.value,)), node.value)
    )
    return Var(name, domain, (value,))
