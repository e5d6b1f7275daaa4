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

from model.engines.kernel.native import Moves, pointer
from model.engines.kernel.store import Store
from model.engines.symmetry import Symmetry
from model.lang import Case

BITS = 64

Batch = list[tuple[int, Case]]
"""Cases with the numbers of their claims: one for each bit."""


def batches(claims: Sequence[Sequence[Case]]) -> Iterator[Batch]:
    """The cases of ``claims`` in few batches; a claim is divided only if it has too many cases."""
    batch: Batch = []
    for claim, cases in enumerate(claims):
        if batch and len(batch) + len(cases) > BITS:
            yield batch
            batch = []
        batch += [(claim, case) for case in cases]
        while len(batch) > BITS:
            yield batch[:BITS]
            batch = batch[BITS:]
    if batch:
        yield batch


def lost(store: Store, symmetry: Symmetry, cases: Sequence[Case], states: int) -> array[int]:
    """For each state, the POSSIBLE cases that are asked there and whose goal is out of reach."""
    reaching, during, when = (
        store.answers(list(parts), states)
        for parts in zip(*((c.that, c.during, c.when) for c in cases), strict=True)
    )
    moves, _kept = _moves(symmetry, cases)
    # Breadth-first numbers run along most edges, so that a sweep against them carries answers
    # far; the sweep along them is for the edges that lead back.
    backward, changed = True, 1
    while changed:
        changed = store.c.search_reach(
            store.handle, pointer(reaching), pointer(during), backward, moves
        )
        backward = not backward
    store.c.search_without(pointer(when), pointer(reaching), states)
    return when


def starving(store: Store, symmetry: Symmetry, cases: Sequence[Case], states: int) -> array[int]:
    """For each state, the LEADS_TO cases of which some fair run from there avoids the goal.

    The greatest set of states without the goal in which from everywhere, for each fair set, a
    place can be come to where one of it is taken or none can be (Emerson and Lei).
    """
    stays = array("Q", bytes(8 * states))
    everything = array("Q", [(1 << len(cases)) - 1]) * states
    goals = store.answers([case.that for case in cases], states)
    stays[:] = everything
    store.c.search_without(pointer(stays), pointer(goals), states)
    moves, _kept = _moves(symmetry, cases)
    comes = array("Q", bytes(8 * states))
    number = {action: k for k, action in enumerate(store.system.actions)}
    sets: list[tuple[array[int], array[int]]] = []
    for k in range(max(len(case.fair) for case in cases)):
        bits = array("Q", bytes(8 * len(number)))
        for bit, case in enumerate(cases):
            for action in case.fair[k].actions if k < len(case.fair) else ():
                bits[number[action]] |= 1 << bit
        places = [case.fair[k].where if k < len(case.fair) else case.that for case in cases]
        sets.append((bits, store.answers(places, states)))
    changed = bool(sets)
    while changed:
        changed = False
        for bits, where in sets:
            changed |= bool(
                store.c.search_starve(
                    store.handle, *map(pointer, (stays, comes, bits, where)), moves
                )
            )
    return stays


def starts(store: Store, cases: Sequence[Case], stays: array[int], states: int) -> array[int]:
    """For each state, the LEADS_TO cases that are asked there and are within ``stays``."""
    asked = store.answers([case.when for case in cases], states)
    store.c.search_within(pointer(asked), pointer(stays), states)
    return asked


def _moves(symmetry: Symmetry, cases: Sequence[Case]) -> tuple[int, object]:
    """The address of the cases' ``struct moves``, and what must outlive its use."""
    found = symmetry.moves(cases)
    mask, by = array("Q", found.masks), array("i", found.by)
    made = Moves(pointer(mask), pointer(by), found.most)
    return ctypes.addressof(made), (made, mask, by)
