"""What is asked of a search that has come to its end."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from model.engines.explorer import Run, Watch, depth_of
from model.engines.fairness import Edge, Lasso, StateGraph, continued, shortest_lasso
from model.engines.kernel.along import batches
from model.engines.kernel.lassos import Known, lasso_from
from model.engines.readable import actors_of
from model.engines.symmetry import Symmetry
from model.engines.vector import along
from model.engines.vector.graph import Graph
from model.engines.vector.runs import runs
from model.engines.vector.singly import Singly
from model.engines.vector.values import Bits, Word
from model.lang import Case, Claim, Expr, State


class Afterwards:
    """Answers about the whole ``graph``. The methods are those of ``Explorer``."""

    def __init__(self, graph: Graph, watch: Watch, symmetry: Symmetry) -> None:
        self._graph = graph
        self._watch = watch
        self._symmetry = symmetry

    @cached_property
    def _singly(self) -> Singly:
        return Singly(self._graph)

    def lost(self, claim: int, levels: Sequence[int]) -> Sequence[int]:
        """The nearest states from which the ``along`` claim's goal is out of reach."""
        nearest: list[int] = []
        for marks, bits in self._lost[claim]:
            found = along.nearest(marks, bits, levels)
            if nearest and found and depth_of(found[0], levels) == depth_of(nearest[0], levels):
                nearest = sorted({*nearest, *found})
            elif found and (not nearest or found[0] < nearest[0]):
                nearest = found
        return nearest

    @cached_property
    def _lost(self) -> list[list[tuple[Bits, int]]]:
        """By claim: for each state which cases are lost there, and which bits are the claim's."""
        found: list[list[tuple[Bits, int]]] = [[] for _ in self._watch.along]
        for batch in batches(self._watch.along):
            marks = along.lost(self._graph, self._symmetry, [item for _, item in batch])
            for claim in {claim for claim, _ in batch}:
                bits = sum(1 << k for k, (other, _) in enumerate(batch) if other == claim)
                found[claim].append((marks, bits))
        return found

    def endless(self, claim: Claim, levels: Sequence[int]) -> Run | None:
        """A fair run that breaks ``claim``, one of ``fair``, or None if there is none."""
        found = [
            each
            for part in self._starving[self._watch.fair.index(claim)]
            if (each := self._endless(part, levels))
        ]
        best = min(found, key=lambda each: each[0].length, default=None)
        return best and best[1]

    @cached_property
    def _starving(self) -> list[list[Known]]:
        """By LEADS_TO claim: what is known of it."""
        found: list[list[Known]] = [[] for _ in self._watch.fair]
        for batch in batches([claim.cases for claim in self._watch.fair]):
            asked = [item for _, item in batch]
            marks = along.starving(self._graph, self._symmetry, asked)
            stays, starts = (array("Q", bits.tobytes()) for bits in marks)
            for number in {number for number, _ in batch}:
                bits = [k for k, (other, _) in enumerate(batch) if other == number]
                found[number].append(Known(self._watch.fair[number], asked, bits, stays, starts))
        return found

    def _endless(self, known: Known, levels: Sequence[int]) -> tuple[Lasso, Run] | None:
        nearest = along.nearest(_bits(known.starts), sum(1 << k for k in known.bits), levels)
        if not nearest:
            return None
        if not self._graph.stands_for_others:
            return self._lasso(known, levels)
        (run,) = self.runs([nearest], levels)
        lasso, states = lasso_from(self._singly, self._symmetry, known, run)
        return lasso, continued(run, lasso, lambda j: self._graph.layout.unpack(states[j]))

    def _lasso(self, known: Known, levels: Sequence[int]) -> tuple[Lasso, Run]:
        """The shortest fair run that breaks the claim: it keeps within what ``stays``."""
        cases = {id(known.asked[k].case): (known.asked[k].case, k) for k in known.bits}
        found = [
            lasso
            for case, bit in cases.values()
            if (lasso := self._lasso_of(known, case, bit, levels))
        ]
        best = min(found, key=lambda lasso: lasso.length)
        (run,) = self.runs([[best.start]], levels)
        return best, continued(run, best, self._unpacked)

    def _lasso_of(self, known: Known, case: Case, bit: int, levels: Sequence[int]) -> Lasso | None:
        stays, starts = (_bits(some) & Word(1 << bit) for some in (known.stays, known.starts))

        def holds(condition: Expr[bool]) -> Callable[[int], object]:
            if condition is case.when:
                met = starts != 0
            elif condition is case.that:
                met = stays == 0
            else:
                met = self._graph.answers([condition]) != 0
            truths: bytes = met.tobytes()
            return truths.__getitem__

        states = self._graph.states.count
        graph = StateGraph(states, lambda j: depth_of(j, levels), self._edges, holds)
        return shortest_lasso(
            replace(known.claim, cases=(case,)), self._graph.system.actions, graph
        )

    def _edges(self, j: int) -> Iterator[Edge]:
        steps = self._graph.edges.between(j, j + 1)
        return zip(steps.actions.tolist(), steps.targets.tolist(), strict=True)

    def _unpacked(self, j: int) -> State:
        return self._graph.layout.unpack(self._graph.packed(j))

    def runs(self, targets: Sequence[Sequence[int]], levels: Sequence[int]) -> Sequence[Run]:
        """For each list of states of one depth, a readable shortest run to one of them."""
        if not targets:  # what walks along runs need not be made
            return []
        actors = actors_of(self._graph.system, self._symmetry.names)
        return list(runs(self._graph, self._singly, actors, targets, levels))


def _bits(marks: array[int]) -> Bits:
    return np.frombuffer(marks, Word)
