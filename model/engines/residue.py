"""Residues: what is left of an expression where some variables have known values.

Two residues that are equal mean the same in every state. The reverse need not hold.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
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


class Known:
    """A residue that is a value: ``known`` has one for each, so that equal ones are the same."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value


known = functools.lru_cache(maxsize=None, typed=True)(Known)
"""The residue that is this value."""

Residue: TypeAlias = Known | int
"""A value, or the number of something that depends on other variables."""

FALSE, TRUE = map(known, (False, True))


class Fields:
    """Where some variables stand in a number that has all their values, by place in the domain."""

    def __init__(self, variables: Iterable[Var[Any]]) -> None:
        self.variables = tuple(variables)
        widths = [len(variable.domain.values).bit_length() for variable in self.variables]
        self._shift = list(itertools.accumulate(widths, initial=0))
        self.shift = dict(zip(self.variables, self._shift, strict=False))
        self.mask = {
            variable: (1 << end) - (1 << first)
            for variable, (first, end) in zip(
                self.variables, itertools.pairwise(self._shift), strict=True
            )
        }

    def pack(self, places: Iterable[int]) -> int:
        """The number for values at these places."""
        return sum(place << shift for place, shift in zip(places, self._shift, strict=False))

    def unpack(self, packed: int) -> tuple[int, ...]:
        """The places that a number stands for."""
        return tuple(
            [
                (packed >> shift) & ((1 << end - shift) - 1)
                for shift, end in itertools.pairwise(self._shift)
            ]
        )


def surely_changes(action: GroundAction, update: Update) -> bool:
    """Whether the action's guard excludes that the variable already has its new value."""
    variable = update.variable
    if not isinstance(update.value, Const) or update.value.value not in variable.domain:
        return False
    fields = Fields([variable])
    already = fields.pack([variable.domain.values.index(update.value.value)])
    return Residues(fields).of(And(action.guard), already) is FALSE


_ARITHMETIC: Mapping[type, Callable[[int, int], Any]] = {
    Add: lambda a, b: a + b,
    Subtract: lambda a, b: a - b,
    Less: lambda a, b: a < b,
}


class _Node:
    """An expression of which there is one for all that are written alike.

    ``mask`` has the fields that it reads, and ``rests`` its residues by the bits there.
    """

    __slots__ = ("children", "find", "item", "mask", "rests")

    def __init__(
        self,
        item: Expr[Any],
        children: Sequence[_Node],
        mask: int,
        find: Callable[[_Node, int], Residue],
    ) -> None:
        self.item = item
        self.children = children
        self.mask = mask
        self.find = find
        self.rests: dict[int, Residue] = {}

    def rest(self, packed: int) -> Residue:
        """What is left of it where the fields have these values."""
        key = packed & self.mask
        found = self.rests.get(key)
        if found is None:
            found = self.rests[key] = self.find(self, packed)
        return found


class Residues:
    """The residues of expressions where the values of ``fields`` are known.

    Equal ones have one number.
    """

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._numbers: dict[Hashable, int] = {}
        self._node_of: dict[Expr[Any], _Node] = {}
        self._nodes: dict[Hashable, _Node] = {}
        self._finders: dict[type, Callable[[_Node, int], Residue]] = {
            And: self._joined,
            Or: self._joined,
            IfElse: self._chosen,
            Count: self._counted,
        }

    def of(self, item: Expr[Any], packed: int) -> Residue:
        """What is left of ``item`` where the fields have the values that are ``packed``."""
        return self._node(item).rest(packed)

    def reads(self, item: Expr[Any]) -> int:
        """The mask of the fields that ``item`` reads."""
        return self._node(item).mask

    def _node(self, item: Expr[Any]) -> _Node:
        found = self._node_of.get(item)
        if found is None:
            found = self._node_of[item] = self._made(item)
        return found

    def _made(self, item: Expr[Any]) -> _Node:
        if isinstance(item, Implies):
            when, then = item.children
            return self._node(Or((Not(when), then)))
        children = [self._node(child) for child in item.children]
        about: Hashable = ()
        if isinstance(item, Const):
            about = type(item.value), item.value
        elif isinstance(item, Var):
            about = item.name
        elif isinstance(item, OneOf):
            about = item.values
        key = type(item), tuple(map(id, children)), about
        if key not in self._nodes:
            mask = self._fields.mask.get(item, 0) if isinstance(item, Var) else 0
            for child in children:
                mask |= child.mask
            self._nodes[key] = _Node(item, children, mask, self._finder(item))
        return self._nodes[key]

    def _finder(self, item: Expr[Any]) -> Callable[[_Node, int], Residue]:
        if isinstance(item, Const):
            value = known(item.value)
            return lambda _node, _packed: value
        if isinstance(item, Var):
            if item not in self._fields.mask:
                number = self._number(item, item.name)
                return lambda _node, _packed: number
            shift, values = self._fields.shift[item], list(map(known, item.domain.values))
            return lambda node, packed: values[(packed & node.mask) >> shift]
        return self._finders.get(type(item), self._computed)

    def _joined(self, node: _Node, packed: int) -> Residue:
        decides, otherwise = (TRUE, FALSE) if isinstance(node.item, Or) else (FALSE, TRUE)
        left: dict[Residue, None] = {}
        for child in node.children:
            rest = child.rest(packed)
            if rest is decides:  # one operand is enough for it
                return rest
            if rest is not otherwise:
                left[rest] = None
        if len(left) > 1:
            return self._number(node.item, frozenset(left))
        return next(iter(left), otherwise)

    def _chosen(self, node: _Node, packed: int) -> Residue:
        condition, yes, no = node.children
        chosen = condition.rest(packed)
        if isinstance(chosen, Known):
            return (yes if chosen.value else no).rest(packed)
        either = yes.rest(packed), no.rest(packed)
        return either[0] if either[0] == either[1] else self._number(node.item, chosen, *either)

    def _counted(self, node: _Node, packed: int) -> Residue:
        rests = [child.rest(packed) for child in node.children]
        left = sorted(rest for rest in rests if not isinstance(rest, Known))
        there = rests.count(TRUE)
        return self._number(node.item, there, *left) if left else known(there)

    def _computed(self, node: _Node, packed: int) -> Residue:
        item = node.item
        rests = [child.rest(packed) for child in node.children]
        values: list[Any] = [rest.value for rest in rests if isinstance(rest, Known)]
        if len(values) < len(rests):
            about = item.values if isinstance(item, OneOf) else ()
            whole = [frozenset(rests)] if isinstance(item, Equal) else rests
            return self._number(item, *whole, about)
        match item:
            case Not():
                return FALSE if values[0] else TRUE
            case OneOf():
                return TRUE if values[0] in item.values else FALSE
            case Equal():
                return TRUE if values[0] == values[1] else FALSE
            case _:
                return known(_ARITHMETIC[type(item)](*values))

    def _number(self, item: Expr[Any], *about: Hashable) -> int:
        return self._numbers.setdefault((type(item), *about), len(self._numbers))
