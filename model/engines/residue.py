"""Residues: what is left of an expression where some variables have known values.

Two residues that are equal mean the same in every state. The reverse need not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from model.lang import Expr, GroundAction, Update, Value, Var
from model.lang.expr import (
    Add,
    And,
    Const,
    Count,
    Equal,
    IfElse,
    Implies,
    Less,
    Not,
    OneOf,
    Or,
    Subtract,
)


@dataclass(frozen=True, slots=True)
class Known:
    """A residue that is a value."""

    value: Any


Residue: TypeAlias = Known | int
"""A value, or the number of something that depends on other variables."""

FALSE = Known(value=False)


def surely_changes(action: GroundAction, update: Update) -> bool:
    """Whether the action's guard excludes that the variable already has its new value."""
    if not isinstance(update.value, Const):
        return False
    known = {update.variable: update.value.value}
    return Residues(known).of(And(action.guard), known) == FALSE


_ARITHMETIC: Mapping[type, Callable[[int, int], Any]] = {
    Add: lambda a, b: a + b,
    Subtract: lambda a, b: a - b,
    Less: lambda a, b: a < b,
}


class Residues:
    """The residues of expressions where ``own`` variables are known; equal ones have one number."""

    def __init__(self, own: Iterable[Var[Any]]) -> None:
        self._own = frozenset(own)
        self._numbers: dict[Hashable, int] = {}
        self._others: dict[Expr[Any], Residue | None] = {}

    def of(self, item: Expr[Any], known: Mapping[Var[Any], Value]) -> Residue:
        """What is left of ``item`` where each of the own variables has its value in ``known``."""
        if item not in self._others:
            reads = any(node in self._own for node in item.walk() if isinstance(node, Var))
            self._others[item] = None if reads else self._of(item, known)
        found = self._others[item]
        return self._of(item, known) if found is None else found

    def _of(self, item: Expr[Any], known: Mapping[Var[Any], Value]) -> Residue:
        match item:
            case Const():
                return Known(item.value)
            case Var():
                return Known(known[item]) if item in known else self._number(item, item.name)
            case And() | Or():
                return self._joined(item, known)
            case Implies(children=(when, then)):
                return self._of(Or((Not(when), then)), known)
            case IfElse(children=(condition, yes, no)):
                chosen = self.of(condition, known)
                if isinstance(chosen, Known):
                    return self.of(yes if chosen.value else no, known)
                either = self.of(yes, known), self.of(no, known)
                return either[0] if either[0] == either[1] else self._number(item, chosen, *either)
            case Count():
                return self._counted(item, known)
            case _:
                return self._computed(item, [self.of(child, known) for child in item.children])

    def _joined(self, item: And | Or, known: Mapping[Var[Any], Value]) -> Residue:
        decides = isinstance(item, Or)  # what one operand is enough for
        left: dict[Residue, None] = {}
        for child in item.children:
            rest = self.of(child, known)
            if not isinstance(rest, Known):
                left[rest] = None
            elif rest.value is decides:
                return rest
        if len(left) > 1:
            return self._number(item, frozenset(left))
        return next(iter(left), Known(not decides))

    def _counted(self, item: Count, known: Mapping[Var[Any], Value]) -> Residue:
        rests = [self.of(child, known) for child in item.children]
        left = sorted(rest for rest in rests if not isinstance(rest, Known))
        there = sum(bool(rest.value) for rest in rests if isinstance(rest, Known))
        return self._number(item, there, *left) if left else Known(there)

    def _computed(self, item: Expr[Any], rests: list[Residue]) -> Residue:
        values = [rest.value for rest in rests if isinstance(rest, Known)]
        if len(values) < len(rests):
            about = item.values if isinstance(item, OneOf) else ()
            whole = [frozenset(rests)] if isinstance(item, Equal) else rests
            return self._number(item, *whole, about)
        match item:
            case Not():
                return Known(not values[0])
            case OneOf():
                return Known(values[0] in item.values)
            case Equal():
                return Known(values[0] == values[1])
            case _:
                return Known(_ARITHMETIC[type(item)](*values))

    def _number(self, item: Expr[Any], *about: Hashable) -> int:
        return self._numbers.setdefault((type(item), *about), len(self._numbers))
