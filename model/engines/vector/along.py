"""Questions about runs: fixpoints over the stored steps, many states at once.

Each question has a bit. What is computed is what ``model.engines.kernel.along`` computes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from model.engines.explorer import depth_of
from model.engines.symmetry import Asked, Symmetry
from model.engines.vector.edges import Edges, Rows
from model.engines.vector.graph import Graph
from model.engines.vector.values import Bits, Numbers, Word

_AT_ONCE = 8192  # states; what one stretch of them has found is known to the next one


class _Exchanges:
    """How the bits of what is asked move along steps to states that stand for others."""

    def __init__(self, symmetry: Symmetry, asked: Sequence[Asked]) -> None:
        moves = symmetry.moves(asked)
        masks = np.array(moves.masks, np.uint64)
        by = np.array(moves.by, np.int64)
        left, right = (np.maximum(way, 0).astype(np.uint64) for way in (by, -by))
        self._moves = [
            tuple(column[q :: moves.most] for column in (masks, left, right))
            for q in range(moves.most)
        ]

    def pulled(self, rows: Rows, bits: Bits) -> Bits:
        """By step, its ``bits``, which are about the state after it, said of the one before it."""
        some, rank, there = self._moved(rows, bits)
        here = np.zeros_like(there)
        for mask, left, right in self._moves:
            here |= (there & mask[rank]) << left[rank] >> right[rank]
        bits[some] = here
        return bits

    def pushed(self, rows: Rows, bits: Bits) -> Bits:
        """By step, its ``bits``, which are about the state before it, said of the one after it."""
        some, rank, here = self._moved(rows, bits)
        there = np.zeros_like(here)
        for mask, left, right in self._moves:
            there |= here >> left[rank] << right[rank] & mask[rank]
        bits[some] = there
        return bits

    def _moved(self, rows: Rows, bits: Bits) -> tuple[Numbers, Numbers, Bits]:
        """The steps at which something moves, their ranks and bits."""
        some = np.flatnonzero(rows.ranks)
        some = some[bits[some] != 0]
        return some, rows.ranks[some], bits[some]


def lost(graph: Graph, symmetry: Symmetry, asked: Sequence[Asked]) -> Bits:
    """For each state, the POSSIBLE cases that are asked there and whose goal is out of reach."""
    cases = [item.case for item in asked]
    reaching = graph.answers([case.that for case in cases])
    during = graph.answers([case.during for case in cases], ~reaching)
    _reach(graph.edges, _Exchanges(symmetry, asked), reaching, during)
    return graph.answers([case.when for case in cases], ~reaching)


def starving(graph: Graph, symmetry: Symmetry, asked: Sequence[Asked]) -> tuple[Bits, Bits]:
    """For each state, the LEADS_TO cases of which some fair run from there avoids the goal.

    Of the states that can be come to without the goal from where the case is asked, the greatest
    set in which from everywhere, for each fair set, a place can be come to where one of it is
    taken or none can be (Emerson and Lei). A case has a bit for each of its fair sets; in the
    answer they are the same. The second list leaves those where the case is asked.
    """
    cases = [item.case for item in asked]
    avoids = ~graph.answers([case.that for case in cases])
    stays = graph.answers([case.when for case in cases], avoids)
    exchanges = _Exchanges(symmetry, asked)
    _spread(graph.edges, exchanges, stays, avoids)
    number = {action: k for k, action in enumerate(graph.system.actions)}
    sets = np.zeros(len(number), np.uint64)
    for bit, item in enumerate(asked):
        for action in item.fair.actions if item.fair else ():
            sets[number[action]] |= np.uint64(1 << bit)
    places = [item.fair.where if item.fair else item.case.that for item in asked]
    where = graph.answers(places, stays)
    together = dict.fromkeys(map(id, cases), 0)
    for bit, case in enumerate(cases):
        together[id(case)] |= 1 << bit
    whole = np.array(list(together.values()), np.uint64)
    while _starve(graph.edges, exchanges, stays, sets, where, whole):
        pass
    return stays, graph.answers([case.when for case in cases], stays)


def _reach(edges: Edges, exchanges: _Exchanges, reaching: Bits, during: Bits) -> None:
    """Give each state within ``during`` what those after it are ``reaching``."""
    # Breadth-first numbers run along most edges, so that a sweep against them carries answers
    # far; the sweep along them is for the edges that lead back.
    backward, changed = True, True
    while changed:
        changed = False
        for states, rows in _rows(edges, during, reaching, backward=backward):
            missing = during[states] & ~reaching[states]
            got = rows.gathered(exchanges.pulled(rows, reaching[rows.targets])) & missing
            if got.any():
                reaching[states] |= got
                changed = True
        backward = not backward


def _rows(
    edges: Edges, wanted: Bits, had: Bits, *, backward: bool = False
) -> Iterator[tuple[Numbers, Rows]]:
    """The states that have not yet all that is wanted, with their steps, stretch by stretch."""
    starts = range(0, edges.states, _AT_ONCE)
    for start in reversed(starts) if backward else starts:
        end = min(start + _AT_ONCE, edges.states)
        states = start + np.flatnonzero(wanted[start:end] & ~had[start:end])
        if len(states):
            yield states, edges.of(states)


def _spread(edges: Edges, exchanges: _Exchanges, region: Bits, within: Bits) -> None:
    """Let what is in ``region`` spread along steps to states that are ``within``."""
    done = np.zeros_like(region)
    again = True
    while again:
        again = False
        for states, rows in _rows(edges, region, done):
            fresh = region[states] & ~done[states]
            done[states] |= fresh
            more = exchanges.pushed(rows, rows.spread(fresh))
            more &= within[rows.targets] & ~region[rows.targets]
            some = np.flatnonzero(more)
            if len(some):
                np.bitwise_or.at(region, rows.targets[some], more[some])
                again = True


def _starve(
    edges: Edges, exchanges: _Exchanges, stays: Bits, sets: Bits, where: Bits, whole: Bits
) -> bool:
    """Take from ``stays`` the states from which no run comes even once to a place that is fair.

    There a step of the set is taken, by actions that have their bits in ``sets`` from states that
    have them in ``where``, or none can be. Bits that are in one mask of ``whole`` are lost
    together: a run has to be fair to each of those sets. Returns whether any state was lost.
    """
    comes = np.zeros_like(stays)
    for states, rows in _rows(edges, stays, comes):
        of = sets[rows.actions]
        able = rows.gathered(of) & where[states]
        takes = rows.gathered(of & exchanges.pulled(rows, stays[rows.targets])) & able
        comes[states] = stays[states] & (takes | ~able)
    _reach(edges, exchanges, comes, stays)
    left = np.zeros_like(stays)
    for mask in whole:
        left[comes & mask == mask] |= mask
    lost_some = bool((left != stays).any())
    stays[:] = left
    return lost_some


def nearest(marks: Bits, bits: int, levels: Sequence[int]) -> list[int]:
    """All of the nearest states that have one of ``bits``."""
    found = np.flatnonzero(marks & Word(bits))
    if not len(found):
        return []
    end = levels[depth_of(int(found[0]), levels) + 1]
    first: list[int] = found[found < end].tolist()
    return first
