"""Readable shortest runs to what was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from model.engines.explorer import MOST_TARGETS, depth_of
from model.engines.kernel.along import BITS
from model.engines.readable import Actors, Step, follow
from model.engines.vector.edges import Stretch
from model.engines.vector.graph import Graph
from model.engines.vector.values import Bits, Word

Way = tuple[list[int], list[int]]
"""The numbers of the states of a run, and of the actions between them."""


def ways(
    graph: Graph, actors: Actors, targets: Sequence[Sequence[int]], levels: Sequence[int]
) -> Iterator[Way]:
    """For each list of states of one depth, a readable shortest run to one of them."""
    for first in range(0, len(targets), BITS):
        some = [
            sorted(few, key=graph.packed)[:MOST_TARGETS] for few in targets[first : first + BITS]
        ]
        marked = _Marked(graph, some, levels)
        for k, few in enumerate(some):
            yield _way(graph, actors, marked, k, few)


class _Marked:
    """The shortest runs to ``targets``: a bit for each list of them, in states and on steps."""

    def __init__(
        self, graph: Graph, targets: Sequence[Sequence[int]], levels: Sequence[int]
    ) -> None:
        self.levels = levels
        depth = max(depth_of(few[0], levels) for few in targets)
        self.states = np.zeros(levels[depth + 1], Word)
        for k, few in enumerate(targets):
            self.states[few] |= Word(1 << k)
        self.steps: list[tuple[Stretch, Bits]] = []
        """By depth, the steps that lead on, and the bits of what they lead to."""
        for d in range(depth - 1, -1, -1):
            self.steps.insert(0, self._mark(graph, *levels[d : d + 3]))

    def _mark(self, graph: Graph, first: int, end: int, last: int) -> tuple[Stretch, Bits]:
        """Mark the states from ``first`` up to ``end`` by their steps to those up to ``last``."""
        found = []
        for steps in graph.stretches(first, end):
            on = np.flatnonzero((steps.targets >= end) & (steps.targets < last))
            on = on[self.states[steps.targets[on]] != 0]
            found.append(Stretch(*(numbers[on] for numbers in steps)))
        leading = Stretch(*map(np.concatenate, zip(*found, strict=True)))
        bits = self.states[leading.targets]
        np.bitwise_or.at(self.states, leading.before, bits)
        return leading, bits

    def of(self, bit: int, depth: int) -> Stretch:
        """The steps from states of that depth that are on runs with that bit."""
        steps, bits = self.steps[depth]
        on = np.flatnonzero(bits & Word(1 << bit))
        return Stretch(*(numbers[on] for numbers in steps))


def _way(graph: Graph, actors: Actors, marked: _Marked, bit: int, targets: Sequence[int]) -> Way:
    levels = marked.levels
    depth = depth_of(targets[0], levels)
    width = actors.nobody + 1
    costs = np.zeros((levels[depth + 1], width), np.int32)
    costs[targets, actors.nobody] = 1
    who, later = np.array(actors.who), np.arange(width)
    layers = [marked.of(bit, d) for d in range(depth)]
    for steps in reversed(layers):
        me = who[steps.actions]
        rest = costs[steps.targets]
        switch = (later != me[:, None]) & (later != actors.nobody)
        best = np.where(rest, rest + switch, np.iinfo(np.int32).max).min(axis=1)
        place, of = np.unique(steps.before * width + me, return_inverse=True)
        least = np.full(len(place), np.iinfo(np.int32).max, np.int32)
        np.minimum.at(least, of, best)
        costs.reshape(-1)[place] = least

    def row(i: int) -> Sequence[int]:
        found: list[int] = costs[i].tolist()
        return found

    def steps_of(i: int) -> Iterator[Step]:
        depth = depth_of(i, levels)
        if depth < len(layers):
            steps = layers[depth]
            some = slice(*np.searchsorted(steps.before, [i, i + 1]))
            pairs = zip(steps.actions[some].tolist(), steps.targets[some].tolist(), strict=True)
            yield from (Step(action, target) for action, target in pairs)

    initial = np.flatnonzero(marked.states[: levels[1]] & Word(1 << bit)).tolist()
    start, taken = follow(row, steps_of, graph.packed, initial, actors)
    return [start, *(step.state for step in taken)], [step.action for step in taken]
