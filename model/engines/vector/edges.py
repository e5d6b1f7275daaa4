"""The steps between stored states."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.engines.vector.growing import Growing
from model.engines.vector.values import Bits, Numbers


class Stretch(NamedTuple):
    """The steps from some states, in order: before step k is state ``before[k]``, and so on."""

    before: Numbers
    actions: NDArray[Any]
    targets: NDArray[Any]


class Edges:
    """Steps that change something, from the first states on, in their order."""

    def __init__(self, actions: int) -> None:
        self._offsets = Growing(np.int64)
        self._offsets.append(np.zeros(1, np.int64))
        self._targets = Growing(np.uint32)
        self._actions = Growing(np.min_scalar_type(actions))

    @property
    def states(self) -> int:
        """From how many states steps are stored."""
        return self._offsets.count - 1

    @property
    def columns(self) -> dict[str, Growing]:
        """All that is stored, by name."""
        return {"offsets": self._offsets, "targets": self._targets, "actions": self._actions}

    def append(self, steps: Stretch, end: int) -> None:
        """Store the steps from all further states up to ``end``."""
        start = self.states
        many = np.bincount(steps.before - start, minlength=end - start)
        self._offsets.append(np.cumsum(many) + self._targets.count)
        self._targets.append(steps.targets)
        self._actions.append(steps.actions)

    def between(self, start: int, end: int) -> Stretch:
        """The steps from the states from number ``start`` up to ``end``."""
        offsets = self._offsets.all[start : end + 1]
        before = np.repeat(np.arange(start, end), np.diff(offsets))
        steps = slice(offsets[0], offsets[-1])
        return Stretch(before, self._actions.all[steps], self._targets.all[steps])

    def of(self, states: Numbers) -> Rows:
        """The steps from ``states``."""
        starts = self._offsets.all[states]
        many = self._offsets.all[states + 1] - starts
        first = np.cumsum(many) - many
        steps = np.repeat(starts - first, many)
        steps += np.arange(len(steps))
        return Rows(self._actions.all[steps], self._targets.all[steps], first, many)


class Rows(NamedTuple):
    """The steps from some states: the i-th one has ``many[i]`` from number ``first[i]`` on."""

    actions: NDArray[Any]
    targets: NDArray[Any]
    first: Numbers
    many: Numbers

    def gathered(self, bits: Bits) -> Bits:
        """By state, all bits that any of its steps has in ``bits``."""
        found = np.zeros(len(self.many), np.uint64)
        some = np.flatnonzero(self.many)
        if len(some):
            found[some] = np.bitwise_or.reduceat(bits, self.first[some])
        return found

    def spread(self, bits: Bits) -> Bits:
        """By step, what the state before it has in ``bits``."""
        return np.repeat(bits, self.many)
