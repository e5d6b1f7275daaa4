"""Stored states one by one, for what walks along a run."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from model.engines.kernel.store import RawStep
from model.engines.kernel.tables import Part
from model.engines.layout import Layout
from model.engines.lowering import Lowered
from model.engines.vector.graph import Graph
from model.lang import System


class Singly:
    """The states of a ``graph``, packed. See ``Stored``."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._lowered = Lowered(graph.system)
        self.find = graph.find
        self.state = graph.packed

    @property
    def system(self) -> System:
        """Whose states they are."""
        return self._graph.system

    @property
    def layout(self) -> Layout:
        """How they are packed."""
        return self._graph.layout

    @property
    def parts(self) -> Sequence[Part]:
        """The interchangeable parts of a state."""
        return self._graph.parts

    def sorted(self, packed: int) -> tuple[int, list[int]]:
        """The state that stands for ``packed``, and where each interchangeable part is there."""
        found, to = packed, [0] * len(self.parts)
        for _, block in itertools.groupby(range(len(to)), key=lambda k: self.parts[k].block):
            places = list(block)
            value = {
                k: packed >> self.parts[k].shift & (1 << self.parts[k].width) - 1 for k in places
            }
            for place, k in zip(places, sorted(places, key=value.__getitem__), strict=True):
                part = self.parts[place]
                found = found & ~((1 << part.width) - 1 << part.shift) | value[k] << part.shift
                to[k] = place
        return found, to

    def steps(self, packed: int) -> Iterator[RawStep]:
        """The steps from a state, stored or not; which stored one is behind each is left open."""
        for action, after in self._lowered.successors(packed):
            yield RawStep(action, after, -1, ())

    def kept(self, i: int, packed: int) -> int:
        """What is kept of ``packed``, a state after the ``i``-th one."""
        return packed & self._graph.kept(i)
