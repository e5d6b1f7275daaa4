"""Questions about a stored state graph."""

from __future__ import annotations

from array import array


class Graph:
    """State ``i`` of ``states`` leads to ``targets[offsets[i]:offsets[i + 1]]``.

    ``offsets`` may end early: the states behind its end lead nowhere yet.
    """

    def __init__(self, states: int, offsets: array[int], targets: array[int]) -> None:
        self.states = states
        self._starts, self._sources = _reversed(states, offsets, targets)

    def before(self, j: int) -> array[int]:
        """The states that lead to ``j``."""
        return self._sources[self._starts[j] : self._starts[j + 1]]

    def can_reach(self, goal: bytearray, during: bytearray) -> bytearray:
        """For each state, whether some run reaches a goal state, within ``during`` up to there.

        ``goal`` and ``during`` hold a flag per state. A goal state itself counts, whether or not
        it is within ``during``.
        """
        reaching = bytearray(goal)
        work = [j for j in range(self.states) if goal[j]]
        starts, sources = self._starts, self._sources
        while work:
            j = work.pop()
            for i in sources[starts[j] : starts[j + 1]]:
                if not reaching[i] and during[i]:
                    reaching[i] = 1
                    work.append(i)
        return reaching


def _reversed(n: int, offsets: array[int], targets: array[int]) -> tuple[array[int], array[int]]:
    """The same graph with every edge turned round."""
    starts = array("q", bytes(8 * (n + 1)))
    for j in targets:
        starts[j + 1] += 1
    for j in range(n):
        starts[j + 1] += starts[j]
    fill = array("q", starts)
    sources = array("I", bytes(targets.itemsize * len(targets)))
    for i in range(len(offsets) - 1):
        for j in targets[offsets[i] : offsets[i + 1]]:
            sources[fill[j]] = i
            fill[j] += 1
    return starts, sources
