"""Ways out of fleeting local states: those need not be stored, but only where they lead.

Of an entity in a fleeting state nothing is asked but what it does there. Whoever stores the few
local states that this leads to in the end has left out nothing but the steps between, and those
are known.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from model.engines.explorer import Watch
from model.engines.fleeting import own_steps
from model.engines.local import LocalStates
from model.lang import GroundAction, Var


@dataclass(frozen=True)
class Way:
    """How an entity leaves a fleeting local state: ``ends`` are the blocks that it may come to.

    It comes ``through`` such local states, by number, by rules that may be ``taken``.
    """

    ends: frozenset[int]
    through: frozenset[int]
    taken: frozenset[int]


def ways(
    local: LocalStates,
    block: Sequence[int],
    fleeting: Collection[int],
    watch: Watch,
    dropped: Collection[Var[Any]],
    most: int,
) -> dict[int, Way]:
    """By number of a local state in a ``fleeting`` block, the way out of it, if there is one.

    There is none with more than ``most`` ends, or on which ``dropped`` variables are written. Nor
    where a fair set's steps would be taken unnoticed: with what leads to such a state, the steps
    on the way are one step of the search, and of those it knows only the first.
    """
    own = {
        number: own_steps(local, number)
        for number in range(len(local.states))
        if block[number] in fleeting
    }
    fair = [
        frozenset(some.actions)
        for claim in watch.fair
        for case in claim.cases
        for some in case.fair
    ]
    stored = {
        block[number]
        for number, steps in own.items()
        for k in steps
        if not {update.variable for update in local.rules[k].mine}.isdisjoint(dropped)
    }
    while True:
        found = _found(block, own, stored, most)
        entered = _entered(local, block, found, dropped)
        hiding = {
            block[number]
            for number, way in found.items()
            if _hides(fair, {local.rules[k].action for k in way.taken}, entered[block[number]])
        }
        hiding |= {block[k] for before, k in local.cleared if k in found and before not in found}
        if not hiding:
            return found
        stored |= hiding


def _found(
    block: Sequence[int], own: dict[int, dict[int, int]], stored: Collection[int], most: int
) -> dict[int, Way]:
    """The ways out of all local states but those in ``stored`` blocks."""
    known: dict[int, Way | None] = {}

    def way(number: int) -> Way | None:
        if number not in own or block[number] in stored:
            return None
        if number not in known:
            ends: set[int] = set()
            through, taken = set(own[number].values()), set(own[number])
            for after in own[number].values():
                onward = way(after)
                ends |= {block[after]} if onward is None else onward.ends
                if onward is not None:
                    through |= onward.through
                    taken |= onward.taken
            few = len(ends) <= most
            whole = Way(frozenset(ends), frozenset(through), frozenset(taken))
            known[number] = whole if few else None
        return known[number]

    return {number: found for number in own if (found := way(number)) is not None}


def _entered(
    local: LocalStates,
    block: Sequence[int],
    found: Collection[int],
    dropped: Collection[Var[Any]],
) -> dict[int, set[GroundAction]]:
    """By block, the actions that lead there from where an entity may stand in a stored state."""
    entered: dict[int, set[GroundAction]] = {number: set() for number in block}
    for number, leads in enumerate(local.ends):
        if number in found:
            continue
        for rule, ends in leads.items():
            for end in ends:
                if end >= 0:
                    entered[block[end]].add(local.rules[rule].action)
    for _ in dropped:  # one after the other
        for before, after in local.cleared:
            entered[block[after]] |= entered[block[before]]
    return entered


def _hides(
    fair: Collection[frozenset[GroundAction]],
    taken: set[GroundAction],
    entered: set[GroundAction],
) -> bool:
    """Whether steps of a fair set are taken behind a step that is none of it."""
    return any(not some.isdisjoint(taken) and not entered <= some for some in fair)
