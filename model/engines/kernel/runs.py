"""Readable shortest runs to stored states, and the real runs that they stand for."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from model.engines.explorer import MOST_TARGETS, Run, depth_of
from model.engines.kernel.along import BITS
from model.engines.kernel.native import pointer
from model.engines.kernel.store import RawStep, Store
from model.engines.kernel.stored import Stored
from model.engines.readable import Actors, Step, follow


def runs(
    store: Store, actors: Actors, targets: Sequence[Sequence[int]], levels: Sequence[int]
) -> Iterator[Run]:
    """For each list of states of one depth, a readable shortest run to one of them."""
    for first in range(0, len(targets), BITS):
        some = [
            sorted(few, key=store.state)[:MOST_TARGETS] for few in targets[first : first + BITS]
        ]
        marks = _mark(store, some, levels)
        for k, few in enumerate(some):
            yield _run(store, actors, few, 1 << k, marks, levels)


def _mark(store: Store, targets: Sequence[Sequence[int]], levels: Sequence[int]) -> array[int]:
    """For each state, which targets a shortest run through it leads to."""
    depth = max(depth_of(few[0], levels) for few in targets)
    marks = array("Q", bytes(8 * levels[depth + 1]))
    for k, few in enumerate(targets):
        for j in few:
            marks[j] |= 1 << k
    for first, end, last in _backward(levels, depth):
        store.c.search_mark(store.handle, first, end, last, pointer(marks))
    return marks


def _run(  # one call's share of what runs() has computed for all
    store: Store,
    actors: Actors,
    targets: Sequence[int],
    bit: int,
    marks: array[int],
    levels: Sequence[int],
) -> Run:
    width = actors.nobody + 1
    depth = depth_of(targets[0], levels)
    costs = bytearray(levels[depth + 1] * width)
    for j in targets:
        costs[j * width + actors.nobody] = 1
    lists = [array("i", some) for some in (actors.who, actors.part, actors.actor or [0])]
    for first, end, last in _backward(levels, depth):
        store.c.search_switches(
            *(store.handle, first, end, last, pointer(marks), bit),
            *(*map(pointer, lists), width, pointer(costs)),
        )

    def row(i: int) -> Sequence[int]:
        return costs[i * width : (i + 1) * width]

    def steps(i: int) -> Iterator[Step]:
        depth = depth_of(i, levels)
        for step in store.steps(store.state(i), i):
            below = levels[depth + 1] <= step.state < levels[depth + 2]
            if step.action >= 0 and below and any(row(step.state)):
                yield Step(step.action, step.state, step.to)

    initial = store.collect(marks, 0, levels[1], bit)
    start, taken = follow(row, steps, store.state, initial, actors)
    return unfold(store, actors, start, taken)


def unfold(store: Stored, actors: Actors, start: int, steps: Sequence[Step]) -> Run:
    """The run of real states that begins at an initial one which ``start`` stands for."""
    real = _Unfolding(store, actors, start)
    for step in steps:
        real.follow(step)
    real.end()
    return Run([store.layout.unpack(state) for state in real.states], real.taken)


class _Unfolding:
    """A run of real ``states`` beside one of stored states, as far as it has come.

    What stands for a fleeting state may be one that it leads to. The steps between are taken when
    something else depends on it, and no earlier.
    """

    def __init__(self, store: Stored, actors: Actors, start: int) -> None:
        self._store = store
        self._actors = actors
        self._standing = start
        packed, self._place = _real(store, start)
        self._here = _placed(store, store.state(start), self._place)
        self.states = [packed]
        self.taken: list[int] = []

    def follow(self, step: Step) -> None:
        """Take the real step that ``step`` stands for."""
        store, actors = self._store, self._actors
        actor = actors.who[step.action]
        if store.parts:
            if actors.part[actor] >= 0:
                actor = actors.actor[self._place.index(actors.part[actor])]
            self._place = [step.to[there] for there in self._place]
        after = _placed(store, store.state(step.state), self._place)

        def real(steps: Iterable[RawStep]) -> list[tuple[int, int]]:
            mine = (raw for raw in steps if raw.action >= 0 and actors.who[raw.action] == actor)
            return sorted((raw.action, raw.after) for raw in mine if after in self._kept(raw.after))

        self._take(*real(self._until(lambda _, steps: real(steps)))[0])
        self._standing, self._here = step.state, after

    def end(self) -> None:
        """Come to where the stored run has come to, and may not come to any other place instead.

        If nothing more can happen there, or a domain be left, so it is here.
        """
        (here,) = self._kept(self._here)
        last = list(self._store.steps(self._store.state(self._standing)))

        def there(packed: int, steps: Sequence[RawStep]) -> bool:
            alike = bool(steps) == bool(last) and _leaves(steps) >= _leaves(last)
            return alike and self._kept(packed) == [here]

        self._until(there)

    def _until(self, wanted: Callable[[int, Sequence[RawStep]], object]) -> Sequence[RawStep]:
        """Go on, where that changes nothing stored, to a state that is ``wanted``; its steps."""
        (here,) = self._kept(self._here)
        ways: dict[int, list[tuple[int, int]]] = {self.states[-1]: []}
        left = deque(ways)
        while left:
            packed = left.popleft()
            steps = list(self._store.steps(packed))
            if wanted(packed, steps):
                for action, after in ways[packed]:
                    self._take(action, after)
                return steps
            for raw in steps:
                if raw.action >= 0 and raw.after not in ways and here in self._kept(raw.after):
                    ways[raw.after] = [*ways[packed], (raw.action, raw.after)]
                    left.append(raw.after)
        raise AssertionError("a step was stored that nobody can take")

    def _take(self, action: int, after: int) -> None:
        self.taken.append(action)
        self.states.append(after)

    def _kept(self, packed: int) -> list[int]:
        return self._store.kept(self._standing, packed)


def _leaves(steps: Iterable[RawStep]) -> bool:
    """Whether one of the steps leaves a domain."""
    return any(raw.action < 0 for raw in steps)


def _placed(store: Stored, packed: int, place: Sequence[int]) -> int:
    """The real state in which part k is what ``packed`` has at place[k]."""
    real = packed
    for part, there in zip(store.parts, place, strict=True):
        bits = (1 << part.width) - 1
        value = packed >> store.parts[there].shift & bits
        real = real & ~(bits << part.shift) | value << part.shift
    return real


def _real(store: Stored, start: int) -> tuple[int, list[int]]:
    """An initial state that ``start`` stands for, and where each of its parts is there."""
    packed = (store.layout.pack(state) for state in store.system.initial_states())
    return next(
        (state, place)
        for state in packed
        for standing, place in store.find(state)
        if standing == start
    )


def _backward(levels: Sequence[int], depth: int) -> Iterator[tuple[int, int, int]]:
    """(first, end, end of the next level) of each level above ``depth``, deepest first."""
    for d in range(depth - 1, -1, -1):
        yield levels[d], levels[d + 1], levels[d + 2]
