"""The steps between stored states."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from model.engines.vector.growing import Growing
from model.engines.vector.values import Bits, Numbers

Columns: TypeAlias = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]


class Stretch(NamedTuple):
    """The steps from some states, in order: before step k is state ``before[k]``, and so on.

    ``ranks`` are the numbers of the permutations that lead from the states after the steps to
    those that stand for them.
    """

    before: Numbers
    actions: NDArray[Any]
    targets: NDArray[Any]
    ranks: NDArray[Any]

    def only(self, steps: Numbers) -> Stretch:
        """Those of the steps that have the numbers in ``steps``."""
        return Stretch(*(numbers[steps] for numbers in self))


class Edges:
    """Steps that change something, from the first states on, in their order.

    There are so many ``actions`` and ``permutations``.
    """

    def __init__(self, actions: int, permutations: int) -> None:
        self._offsets = Growing(np.int64)
        self._offsets.append(np.zeros(1, np.int64))
        self._targets = Growing(np.uint32)
        self._actions = Growing(np.min_scalar_type(actions))
        self._ranks = Growing(np.min_scalar_type(permutations - 1)) if permutations > 1 else None

    @property
    def states(self) -> int:
        """From how many states steps are stored."""
        return self._offsets.count - 1

    @property
    def columns(self) -> dict[str, Growing]:
        """All that is stored, by name."""
        found = {"offsets": self._offsets, "targets": self._targets, "actions": self._actions}
        return found if self._ranks is None else found | {"ranks": self._ranks}

    def append(self, steps: Stretch, end: int) -> None:
        """Store the steps from all further states up to ``end``."""
        start = self.states
        many = np.bincount(steps.before - start, minlength=end - start)
        self._offsets.append(np.cumsum(many) + self._targets.count)
        self._targets.append(steps.targets)
        self._actions.append(steps.actions)
        if self._ranks is not None:
            self._ranks.append(steps.ranks)

    def between(self, start: int, end: int) -> Stretch:
        """The steps from the states from number ``start`` up to ``end``."""
        offsets = self._offsets.all[start : end + 1]
        before = np.repeat(np.arange(start, end), np.diff(offsets))
        return Stretch(before, *self._columns(slice(offsets[0], offsets[-1])))

    def of(self, states: Numbers) -> Rows:
        """The steps from ``states``."""
        starts = self._offsets.all[states]
        many = self._offsets.all[states + 1] - starts
        first = np.cumsum(many) - many
        steps = np.repeat(starts - first, many)
        steps += np.arange(len(steps))
        return Rows(*self._columns(steps), first, many)

    def _columns(self, steps: Numbers | slice) -> Columns:
        """Of some steps: actions, targets and ranks."""
        targets = self._targets.all[steps]
        ranks = np.zeros(len(targets), np.uint8) if self._ranks is None else self._ranks.all[steps]
        return self._actions.all[steps], targets, ranks


class Rows(NamedTuple):
    """The steps from some states: the i-th one has ``many[i]`` from number ``first[i]`` on."""

    actions: NDArray[Any]
    targets: NDArray[Any]
    ranks: NDArray[Any]
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
