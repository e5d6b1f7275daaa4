"""What a linear condition on counts leaves room for, by adding up bounds: no solver is asked.

Sets of local states are bit masks. A ``Sum`` is a form over counts alone, by coefficient.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import NamedTuple, TypeAlias

from model.proof.linear import CONST, Form

Sum: TypeAlias = tuple[float, tuple[tuple[int, int], ...]]
"""A constant, and pairs of a coefficient and the local states whose counts have it."""
Strict: TypeAlias = tuple[float, tuple[tuple[int, int], ...]]
"""How much a sum has left, and what one more member costs it: a number, and in which states."""


class Room(NamedTuple):
    """Members in the local states ``named``, and any number of others in ``rest``.

    ``several`` are the states that more than one member may be in at a time.
    """

    named: tuple[int, ...]
    rest: int
    several: int


def bits(mask: int) -> Iterator[int]:
    """The numbers in a mask."""
    while mask:
        low = mask & -mask
        mask ^= low
        yield low.bit_length() - 1


def mask_of(numbers: Iterable[int]) -> int:
    """The mask of some numbers."""
    mask = 0
    for number in numbers:
        mask |= 1 << number
    return mask


def summed(form: Form) -> Sum:
    """``form``, which has columns of local states and CONST only and whole coefficients."""
    masks: dict[int, int] = {}
    for column, number in form.items():
        if column != CONST:
            masks[int(number)] = masks.get(int(number), 0) | 1 << column
    return int(form.get(CONST, 0)), tuple(masks.items())


def added(left: Sum, right: Sum) -> Sum:
    """The sum of two sums."""
    masks: dict[int, int] = {}
    mine = theirs = 0
    for number, mask in left[1]:
        mine |= mask
        for other, those in right[1]:
            if mask & those and number + other:
                masks[number + other] = masks.get(number + other, 0) | mask & those
    for _, mask in right[1]:
        theirs |= mask
    for terms, taken in ((left[1], theirs), (right[1], mine)):
        for number, mask in terms:
            if mask & ~taken:
                masks[number] = masks.get(number, 0) | mask & ~taken
    return left[0] + right[0], tuple(masks.items())


def in_twos(left: Iterable[Sum], right: Sequence[Sum]) -> Iterator[Sum]:
    """One sum of each side added up, where something cancels: else that says nothing new."""
    for one in left:
        for other in right:
            if any(n * m < 0 and mask & those for n, mask in one[1] for m, those in other[1]):
                yield added(one, other)


def most(item: Sum, room: Room) -> float:
    """An upper bound of ``item`` in ``room``."""
    total, terms = item
    for number, mask in terms:
        free = mask & room.rest
        for state in room.named:
            if mask >> state & 1:
                total += number
                free &= ~(1 << state) | room.several
        if number > 0 and free:
            if free & room.several:
                return inf
            total += number * free.bit_count()
    return total


def narrowed(items: Sequence[Sum], room: Room) -> tuple[Room, list[Strict]] | None:
    """``room`` without the others that no counts with ``items`` not negative have; None if none do.

    With it come those of ``items`` that are bounded, for ``beside``.
    """
    while True:
        strict: list[Strict] = []
        gone = 0
        for item in items:
            left = most(item, room)
            if left < 0:
                return None
            if left < inf:
                costs = tuple((-n, mask) for n, mask in item[1] if n < 0)
                strict.append((left, costs))
                for cost, mask in costs:
                    if cost > left:
                        gone |= mask
        if not gone & room.rest:
            return room, [one for one in strict if one[1]]
        room = room._replace(rest=room.rest & ~gone)


def beside(state: int, strict: Iterable[Strict]) -> int:
    """The states that some other member can not be in while yet another one is in ``state``."""
    never = 0
    for left, costs in strict:
        mine = sum(cost for cost, mask in costs if mask >> state & 1)
        if mine:
            for cost, mask in costs:
                if mine + cost > left:
                    never |= mask
    return never
