"""Readable shortest runs to what was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.engines.explorer import MOST_TARGETS, Run, depth_of
from model.engines.kernel.along import BITS
from model.engines.kernel.runs import unfold
from model.engines.readable import Actors, Step, follow
from model.engines.vector.edges import Stretch
from model.engines.vector.graph import Graph
from model.engines.vector.singly import Singly
from model.engines.vector.values import Bits, Numbers, Word

_NONE = np.iinfo(np.int32).max


def runs(
    graph: Graph,
    singly: Singly,
    actors: Actors,
    targets: Sequence[Sequence[int]],
    levels: Sequence[int],
) -> Iterator[Run]:
    """For each list of states of one depth, a readable shortest run to one of them."""
    for first in range(0, len(targets), BITS):
        some = [
            sorted(few, key=graph.packed)[:MOST_TARGETS] for few in targets[first : first + BITS]
        ]
        marked = _Marked(graph, some, levels)
        for k, few in enumerate(some):
            yield unfold(singly, actors, *_follow(graph, actors, marked, k, few))


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
            found.append(steps.only(on[self.states[steps.targets[on]] != 0]))
        leading = Stretch(*map(np.concatenate, zip(*found, strict=True)))
        bits = self.states[leading.targets]
        np.bitwise_or.at(self.states, leading.before, bits)
        return leading, bits

    def of(self, bit: int, depth: int) -> Stretch:
        """The steps from states of that depth that are on runs with that bit."""
        steps, bits = self.steps[depth]
        return steps.only(np.flatnonzero(bits & Word(1 << bit)))


class _Layer(NamedTuple):
    """Steps from states of one depth, and where each interchangeable part is after them."""

    steps: Stretch
    to: Numbers


def _follow(
    graph: Graph, actors: Actors, marked: _Marked, bit: int, targets: Sequence[int]
) -> tuple[int, list[Step]]:
    """The stored initial state and the steps between stored states of a readable run."""
    levels = marked.levels
    depth = depth_of(targets[0], levels)
    costs = np.zeros((levels[depth + 1], actors.nobody + 1), np.int32)
    costs[targets, actors.nobody] = 1
    layers = []
    for d in range(depth):
        steps = marked.of(bit, d)
        layers.append(_Layer(steps, graph.places(steps)))
    for layer in reversed(layers):
        _spread(layer, actors, costs)

    def row(i: int) -> Sequence[int]:
        found: list[int] = costs[i].tolist()
        return found

    def steps_of(i: int) -> Iterator[Step]:
        depth = depth_of(i, levels)
        if depth < len(layers):
            steps, to = layers[depth]
            some = slice(*np.searchsorted(steps.before, [i, i + 1]))
            columns = (steps.actions[some], steps.targets[some], to[some])
            yield from map(Step, *(column.tolist() for column in columns))

    initial = np.flatnonzero(marked.states[: levels[1]] & Word(1 << bit)).tolist()
    return follow(row, steps_of, graph.packed, initial, actors)


def _spread(layer: _Layer, actors: Actors, costs: NDArray[np.int32]) -> None:
    """Give the states before the layer's steps their rows of ``Costs``, from those after them."""
    steps, to = layer
    width = actors.nobody + 1
    me = np.array(actors.who)[steps.actions]
    rest = costs[steps.targets]
    best = np.full(len(me), _NONE)
    for later in range(width):
        then = np.full(len(me), later)
        if actors.part[later] >= 0 and to.shape[1]:
            then = np.array(actors.actor)[np.argmax(to == actors.part[later], axis=1)]
        switch = (then != me) & (later != actors.nobody)
        some = rest[:, later]
        best = np.minimum(best, np.where(some, some + switch, _NONE))
    place, of = np.unique(steps.before * width + me, return_inverse=True)
    least = np.full(len(place), _NONE)
    np.minimum.at(least, of, best)
    costs.reshape(-1)[place] = least
