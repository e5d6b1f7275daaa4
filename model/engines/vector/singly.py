"""Stored states one by one, for what walks along a run."""

from __future__ import annotations

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

    def find(self, packed: int) -> list[tuple[int, list[int]]]:
        """The number of the state that stands for one; none if there is none."""
        found = self._graph.find(packed)
        return [found] if found else []

    def kept(self, i: int, packed: int) -> list[int]:
        """What is kept of ``packed``, a state after the ``i``-th one."""
        return [self._graph.kept(i, packed)]

    def steps(self, packed: int, *, hurried: bool = False) -> Iterator[RawStep]:  # noqa: ARG002
        """The steps from a state, stored or not; which stored one is behind each is left open."""
        # This search is never hurried.
        for action, after in self._lowered.successors(packed):
            yield RawStep(action, after, -1, ())
