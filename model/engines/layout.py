"""Layout: where each variable has its bit field when a state is one integer.

The integer is also a row of 64-bit words, low word first: no field lies across two of them, and
neither do the fields of one entity if a word holds them all, so that an entity's part of a state
can be taken out as one number.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterator, Sequence
from typing import Any

from model.lang import Expr, GroundAction, State, System, Value, Var
from model.lang.expr import And, Const, Equal, IfElse, Not, OneOf

WORD = 64


class Layout:
    """The bit fields of ``system``'s variables, within ``bits`` bits or ``words`` words."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.shift: dict[Var[Any], int] = {}
        self.width: dict[Var[Any], int] = {}
        self.part: dict[str, tuple[int, int]] = {}
        """By entity: the shift and width of all its fields, where one word holds them."""
        position = 0
        for entity in system.entities:
            variables = entity.variables()
            widths = [_width(variable) for variable in variables]
            if sum(widths) <= WORD:
                position = _within_a_word(position, sum(widths))
                self.part[entity.name] = (position, sum(widths))
            for variable, width in zip(variables, widths, strict=True):
                position = _within_a_word(position, width)
                self.shift[variable] = position
                self.width[variable] = width
                position += width
        self.bits = position
        self.words = -(-position // WORD)
        self._values = {
            variable: {stored(variable, value): value for value in variable.domain.values}
            for variable in system.variables
        }

    def mask(self, variable: Var[Any]) -> int:
        """The field's bits, at its right end."""
        return (1 << self.width[variable]) - 1

    def pack(self, state: State) -> int:
        """``state`` as an integer."""
        return sum(
            stored(variable, value) << self.shift[variable]
            for variable, value in zip(self.system.variables, state, strict=True)
        )

    def unpack(self, packed: int) -> State:
        """The state that ``packed`` stands for."""
        return tuple(
            values[packed >> self.shift[variable] & self.mask(variable)]
            for variable, values in self._values.items()
        )

    def field(self, variable: Var[Any], value: Value) -> tuple[int, int]:
        """(mask, bits) of ``variable``'s field within a state and of ``value`` in it."""
        shift = self.shift[variable]
        return self.mask(variable) << shift, stored(variable, value) << shift

    def pinned(self, item: Expr[bool]) -> tuple[int, int] | None:
        """(mask, bits) if ``item`` says just that one field has a fixed value, else None."""
        match item:
            case (
                Equal(children=(Var() as variable, Const() as constant))
                | Equal(children=(Const() as constant, Var() as variable))
            ):
                return self.field(variable, constant.value)
            case OneOf(children=(Var() as variable,)) if len(item.values) == 1:
                if item.values[0] not in variable.domain:
                    return None
                return self.field(variable, item.values[0])
            case Var():
                return self.field(item, value=True)
            case Not(children=(Var() as variable,)):
                return self.field(variable, value=False)
            case _:
                return None

    def conjunction(self, items: Sequence[Expr[bool]]) -> tuple[int, int, list[Expr[bool]]]:
        """``items`` as one (mask, bits) for all that pin a field, and the rest of them."""
        mask, value, others = 0, 0, []
        for item in flat(items):
            found = self.pinned(item)
            if found is None or mask & found[0]:
                others.append(item)
            else:
                mask, value = mask | found[0], value | found[1]
        return mask, value, others


def dispatch_on(action: GroundAction) -> tuple[Var[Any], int] | None:
    """The field with the most values that the guard pins, and its bits: it tells actions apart."""
    best: tuple[Var[Any], int] | None = None
    for item in flat(action.guard):
        match item:
            case Equal(children=(Var() as variable, Const() as constant)):
                if best is None or len(variable.domain.values) > len(best[0].domain.values):
                    best = variable, stored(variable, constant.value)
    return best


def number(value: Value) -> int:
    """A value as expressions compute with it: enum members by position, integers as they are."""
    if isinstance(value, enum.Enum):
        return _positions(type(value))[value]
    return int(value)


@functools.cache
def _positions(members: type[enum.Enum]) -> dict[enum.Enum, int]:
    return {member: position for position, member in enumerate(members)}


def base(variable: Var[Any]) -> int:
    """What a field's 0 stands for: an integer's lowest value, an enum's first member."""
    first = variable.domain.values[0]
    return first if type(first) is int else 0


def stored(variable: Var[Any], value: Value) -> int:
    """``value`` as the bits of ``variable``'s field."""
    return number(value) - base(variable)


def stays(value: Expr[Any], variable: Var[Any]) -> bool:
    """Whether ``value`` can be seen to give only values of ``variable``, whatever the state."""
    match value:
        case Const():
            return value.value in variable.domain
        case Var():
            return set(value.domain.values) <= set(variable.domain.values)
        case IfElse(children=(_, yes, no)):
            return stays(yes, variable) and stays(no, variable)
        case _:
            return value.kind is bool and len(variable.domain.values) == 2  # noqa: PLR2004  # both


def flat(items: Sequence[Expr[bool]]) -> Iterator[Expr[bool]]:
    """The conjuncts of ``items``, with nested conjunctions opened."""
    for item in items:
        if isinstance(item, And):
            yield from flat(item.children)
        else:
            yield item


def of_words(words: Sequence[int]) -> int:
    """The integer that ``words`` make, low word first."""
    return sum(word << WORD * k for k, word in enumerate(words))


def to_words(packed: int, words: int) -> list[int]:
    """``packed`` as so many words, low word first."""
    return [packed >> WORD * k & (1 << WORD) - 1 for k in range(words)]


def _width(variable: Var[Any]) -> int:
    return max(1, max(stored(variable, v) for v in variable.domain.values).bit_length())


def _within_a_word(position: int, width: int) -> int:
    """``position``, or the next word's start if ``width`` bits would lie across two words."""
    if position // WORD == (position + width - 1) // WORD:
        return position
    return -(-position // WORD) * WORD
