"""Questions about runs: fixpoints over the steps that the kernel has stored.

Each question is a claim about particular entities, and has a bit. Where one state stands for
several, a step may lead to one whose entities are exchanged; the bits are exchanged along with
them. What is computed is thus about a state *and* the entities asked about, of which one pair
stands for all that are alike: an answer for it is one for each of them, fairness included,
because a fair set of actions is exchanged as well.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Iterator, Sequence

from model.engines.kernel.answers import bits_for, questions
from model.engines.kernel.native import Moves, pointer
from model.engines.kernel.store import Store
from model.engines.symmetry import Asked, Symmetry
from model.lang import Case

BITS = 64

Batch = list[tuple[int, Asked]]
"""What is asked, with the numbers of the claims: one for each bit."""


def batches(claims: Sequence[Sequence[Case]]) -> Iterator[Batch]:
    """All that is asked, in few batches; a claim is divided only if it has too many cases."""
    batch: Batch = []
    for claim, cases in enumerate(claims):
        for items in map(asked_of, cases):
            if len(batch) + len(items) > BITS:
                yield batch
                batch = []
            batch += [(claim, item) for item in items]
    if batch:
        yield batch


def asked_of(case: Case) -> list[Asked]:
    """What has a bit: the case, or each of its fair sets, which are followed by themselves."""
    return [Asked(case, fair) for fair in case.fair] or [Asked(case)]


def lost(store: Store, symmetry: Symmetry, asked: Sequence[Asked], states: int) -> array[int]:
    """For each state, the POSSIBLE cases that are asked there and whose goal is out of reach."""
    cases = [item.case for item in asked]
    columns = [[c.that for c in cases], [c.during for c in cases], [c.when for c in cases]]
    about, _kept = questions(store, columns)
    moves, _kept_too = _moves(symmetry, asked)
    out = bits_for(len(asked), states)
    store.check(store.c.search_lost(store.handle, about, pointer(out), out.itemsize, moves))
    return out


def starving(
    store: Store, symmetry: Symmetry, asked: Sequence[Asked], states: int
) -> tuple[array[int], array[int]]:
    """For each state, the LEADS_TO cases of which some fair run from there avoids the goal.

    Of the states that can be come to without the goal from where the case is asked, the greatest
    set in which from everywhere, for each fair set, a place can be come to where one of it is
    taken or none can be (Emerson and Lei). A case has a bit for each of its fair sets; in the
    answer they are the same. The second list leaves those where the case is asked.
    """
    cases = [item.case for item in asked]
    places = [item.fair.where if item.fair else item.case.that for item in asked]
    columns = [[c.that for c in cases], [c.when for c in cases], places]
    about, _kept = questions(store, columns)
    moves, _kept_too = _moves(symmetry, asked)
    number = {action: k for k, action in enumerate(store.system.actions)}
    sets = array("Q", bytes(8 * len(number)))
    for bit, item in enumerate(asked):
        for action in item.fair.actions if item.fair else ():
            sets[number[action]] |= 1 << bit
    together = dict.fromkeys(map(id, cases), 0)
    for bit, case in enumerate(cases):
        together[id(case)] |= 1 << bit
    whole = array("Q", together.values())
    stays, starts = bits_for(len(asked), states), bits_for(len(asked), states)
    store.check(
        store.c.search_starving(
            *(store.handle, about, pointer(stays), pointer(starts), stays.itemsize),
            *(pointer(sets), pointer(whole), len(whole), moves),
        )
    )
    return stays, starts


def _moves(symmetry: Symmetry, asked: Sequence[Asked]) -> tuple[int, object]:
    """The address of a ``struct moves``, and what must outlive its use."""
    found = symmetry.moves(asked)
    mask, by = array("Q", found.masks), array("i", found.by)
    made = Moves(pointer(mask), pointer(by), found.most)
    return ctypes.addressof(made), (made, mask, by)
