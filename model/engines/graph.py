"""Questions about a stored state graph."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cached_property


class Graph:
    """State ``i`` of ``states`` leads to ``targets[offsets[i]:offsets[i + 1]]``.

    ``offsets`` may end early: the states behind its end lead nowhere yet.
    """

    def __init__(self, states: int, offsets: array[int], targets: array[int]) -> None:
        self.states = states
        self._offsets = offsets
        self._targets = targets

    def before(self, j: int) -> array[int]:
        """The states that lead to ``j``."""
        starts, sources = self._reversed
        return sources[starts[j] : starts[j + 1]]

    def can_reach(self, goals: Sequence[int], during: Sequence[int]) -> list[int]:
        """For each state, which goals some run reaches, within ``during`` up to there.

        A bit stands for a question: ``goals[j]`` has it set where its goal is met, ``during[j]``
        where a run to it may pass, and the answer where it can be reached. A goal state itself
        counts, whether or not it is within ``during``.
        """
        reaching = list(goals)
        offsets, targets = self._offsets, self._targets
        n = len(offsets) - 1
        # Breadth-first numbers run along most edges, so that a sweep against them carries answers
        # far; the sweep along them is for the edges that lead back.
        sweeps = (range(n - 1, -1, -1), range(n))
        turn, changed = 0, True
        while changed:
            changed = False
            for i in sweeps[turn % 2]:
                missing = during[i] & ~reaching[i]
                if missing:
                    found = 0
                    for j in targets[offsets[i] : offsets[i + 1]]:
                        found |= reaching[j]
                    if found & missing:
                        reaching[i] |= found & missing
                        changed = True
            turn += 1
        return reaching

    @cached_property
    def _reversed(self) -> tuple[array[int], array[int]]:
        """The same graph with every edge turned round."""
        offsets, targets = self._offsets, self._targets
        starts = array("q", bytes(8 * (self.states + 1)))
        for j in targets:
            starts[j + 1] += 1
        for j in range(self.states):
            starts[j + 1] += starts[j]
        fill = array("q", starts)
        sources = array("I", bytes(targets.itemsize * len(targets)))
        for i in range(len(offsets) - 1):
            for j in targets[offsets[i] : offsets[i + 1]]:
                sources[fill[j]] = i
                fill[j] += 1
        return starts, sources
