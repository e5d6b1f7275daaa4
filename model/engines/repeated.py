"""Steps that only repeat what an earlier step has found.

Let a state be found first by the action b, from a state in which another action a could be taken
as well, one that comes before b in the order of steps. Let both write different variables, and
neither change anything that the other can tell: of a variable that is only ever compared with some
values, one cannot tell apart those that compare alike. Then a was taken before b was, and b can be
taken from where it led to: a state that was found earlier, so that its steps are taken earlier.
They come to the very state to which a leads here. So that is there already, with its number, and
whoever only collects states need not look it up. Godefroid's sleep sets leave out the same steps;
no state is lost by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from model.lang import Expr, GroundAction, System, Value, Var
from model.lang.expr import Const, Equal, OneOf

_Look: TypeAlias = tuple[Var[Any], frozenset[Value] | None]
"""A variable, and the values that it is asked to be one of; None if its value itself is used."""


def repeated_steps(system: System, order: Sequence[int]) -> list[bytearray]:
    """By the action a state was first found by, and the action taken: whether that is a repetition.

    Actions are numbered as in ``system``; the last row is for states that no action has found.
    Steps are taken in that ``order`` of the numbers.
    """
    written = {variable: 1 << k for k, variable in enumerate(system.variables)}
    looks = [_looks([*a.guard, *(update.value for update in a.updates)]) for a in system.actions]
    bit = {look: 1 << k for k, look in enumerate(set().union(*looks), len(written))}
    answers = {v: dict.fromkeys(v.domain.values, 0) for v in written}
    for (variable, values), one in bit.items():
        for value in values or ():
            answers[variable][value] = answers[variable].get(value, 0) | one
    seen, told = [], []
    for action, some in zip(system.actions, looks, strict=True):
        writes = sum(written[update.variable] for update in action.updates)
        seen.append(writes | sum(map(bit.__getitem__, some)))
        told.append(writes | _told(action, answers, bit))
    rows = [bytearray(len(order)) for _ in range(len(order) + 1)]
    for place, found_by in enumerate(order):
        mine, to_me, row = told[found_by], seen[found_by], rows[found_by]
        for other in order[:place]:
            if not (told[other] & to_me or mine & seen[other]):
                row[other] = 1
    return rows


def _looks(items: Iterable[Expr[Any]]) -> set[_Look]:
    """All looks at variables in some expressions."""
    found: set[_Look] = set()
    left = [*items]
    while left:
        item = left.pop()
        look = _look(item)
        if look:
            found.add(look)
        else:
            left += item.children
    return found


def _look(item: Expr[Any]) -> _Look | None:
    """What an expression looks at, if it does no more than that."""
    if isinstance(item, Var):
        return item, None
    if isinstance(item, OneOf) and isinstance(item.children[0], Var):
        return item.children[0], frozenset(item.values)
    if isinstance(item, Equal):
        one, other = item.children
        if isinstance(one, Const):
            one, other = other, one
        if isinstance(one, Var) and isinstance(other, Const):
            return one, frozenset([other.value])
    return None


def _told(
    action: GroundAction, answers: Mapping[Var[Any], Mapping[Value, int]], bit: Mapping[_Look, int]
) -> int:
    """The looks that may tell the state after a step from the one before it, as bits.

    The ``answers`` have the bits of those that say yes, by variable and value.
    """
    asked = {look[0]: look[1] for look in map(_look, action.guard) if look and look[1]}
    told = 0
    for update in action.updates:
        of = answers[update.variable]
        before = asked.get(update.variable) or of.keys()
        after = [update.value.value] if isinstance(update.value, Const) else of.keys()
        values = {*before, *after}
        some, *others = (of.get(value, 0) for value in values)
        for other in others:
            told |= other ^ some
        if others:
            told |= bit.get((update.variable, None), 0)
    return told
