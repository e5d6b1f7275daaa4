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
        self.find = graph.find
        self.state = graph.packed
        self.kept = graph.kept

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

    def steps(self, packed: int, *, hurried: bool = False) -> Iterator[RawStep]:  # noqa: ARG002
        """The steps from a state, stored or not; which stored one is behind each is left open."""
        # This search is never hurried.
        for action, after in self._lowered.successors(packed):
            yield RawStep(action, after, -1, ())
