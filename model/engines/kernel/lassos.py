"""Fair runs of real states, found from what is known of the states that stand for them."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from model.engines.explorer import Run
from model.engines.fairness import Edge, Lasso
from model.engines.kernel.stored import Stored
from model.engines.symmetry import Asked, Symmetry
from model.lang import Case, Claim
from model.lang.reference import evaluate

_NEARBY = 3000  # states among which one is looked for where nothing need happen


class Known(NamedTuple):
    """What is known of a LEADS_TO claim: ``bits`` of what was asked are its own.

    For stored states, ``stays`` has a bit where some fair run avoids the case's goal, and
    ``starts`` where that breaks it.
    """

    claim: Claim
    asked: Sequence[Asked]
    bits: Sequence[int]
    stays: array[int]
    starts: array[int]


def lasso_from(
    store: Stored, symmetry: Symmetry, known: Known, run: Run
) -> tuple[Lasso, list[int]]:
    """A fair run from the end of ``run`` that breaks the claim, and the states it numbers.

    It is short, but need not be the shortest: it goes from each fair set to the next, by the
    nearest way, until it comes to where it has been.
    """
    bits_of = _reader(store, symmetry, known.asked)
    packed = store.layout.pack(run.states[-1])
    broken = bits_of(packed, known.starts)
    bit = next(k for k in known.bits if broken >> k & 1)
    case = known.asked[bit].case
    walk = _Walk(store, case, packed, lambda raw: bool(bits_of(raw, known.stays) >> bit & 1))
    stem, loop = walk.take()
    states = [raw for _, raw in [*stem, *loop]]
    edges = [(action, k) for k, (action, _) in enumerate([*stem, *loop])]
    there, back = tuple(edges[: len(stem)]), tuple(edges[len(stem) :])
    return Lasso(0, there, back, len(run.actions) + len(edges)), states


def _reader(
    store: Stored, symmetry: Symmetry, asked: Sequence[Asked]
) -> Callable[[int, Sequence[int]], int]:
    """Reads, for a real state, the bits of what is asked off a list about stored states."""
    images: dict[tuple[int, ...], list[int]] = {}

    def read(packed: int, bits: Sequence[int]) -> int:
        found = 0
        for number, to in store.find(packed):
            key = tuple(to)
            if key not in images:
                images[key] = symmetry.images(asked, to)
            row = bits[number]
            found |= sum((row >> there & 1) << k for k, there in enumerate(images[key]))
        return found

    return read


class _Walk:
    """A fair run of real states from ``start`` within ``stays``, which is known to hold one."""

    def __init__(self, store: Stored, case: Case, start: int, stays: Callable[[int], bool]) -> None:
        self._store = store
        self._stays = stays
        self._at = start
        self._where = [fair.where for fair in case.fair]
        number = {action: k for k, action in enumerate(store.system.actions)}
        self._sets = [0] * len(number)
        for k, fair in enumerate(case.fair):
            for action in fair.actions:
                self._sets[number[action]] |= 1 << k
        self._enabled: dict[int, int] = {}

    def take(self) -> tuple[list[Edge], list[Edge]]:
        """The steps until it repeats itself, and those it repeats."""
        nothing = self._nearest(lambda _, raw: not self._able(raw), _NEARBY)
        if nothing is not None:
            return nothing, []
        taken: list[Edge] = []
        seen: dict[int, int] = {}
        while self._at not in seen:
            seen[self._at] = len(taken)
            for k in range(len(self._where)):
                way = self._nearest(self._serves(k))
                if way is None:
                    raise AssertionError("the fixpoint has a fair run that is not there")
                taken += way
                self._at = way[-1][1] if way else self._at
        return taken[: seen[self._at]], taken[seen[self._at] :]

    def _serves(self, k: int) -> Callable[[int, int], bool]:
        """Whether a step is one of set ``k``, or leads to where none of it can be taken."""

        def serves(action: int, raw: int) -> bool:
            taken = action >= 0 and self._sets[action] >> k & 1
            return bool(taken or not self._able(raw) >> k & 1)

        return serves

    def _able(self, raw: int) -> int:
        """Of which fair sets a step can be taken in a state."""
        if raw not in self._enabled:
            able = 0
            for step in self._store.steps(raw):
                if step.action >= 0 and step.after != raw:
                    able |= self._sets[step.action]
            state = self._store.layout.unpack(raw)
            for k, where in enumerate(self._where):
                if able >> k & 1 and not evaluate(where, self._store.system, state):
                    able &= ~(1 << k)
            self._enabled[raw] = able
        return self._enabled[raw]

    def _nearest(
        self, found: Callable[[int, int], object], most: int | None = None
    ) -> list[Edge] | None:
        """The shortest way to a step (action, state after it) that is looked for.

        Action -1 stands for staying where one is. None if it is not among the ``most`` nearest.
        """
        if found(-1, self._at):
            return []
        came: dict[int, tuple[int, int]] = {self._at: (-1, -1)}
        queue = deque([self._at])
        while queue and (most is None or len(came) < most):
            raw = queue.popleft()
            for step in self._store.steps(raw, hurried=True):
                after = step.after
                if step.action < 0 or after == raw or not self._stays(after):
                    continue
                if found(step.action, after):
                    way = [(step.action, after)]
                    while raw != self._at:
                        before, action = came[raw]
                        way.append((action, raw))
                        raw = before
                    return way[::-1]
                if after not in came:
                    came[after] = (raw, step.action)
                    queue.append(after)
        return None
