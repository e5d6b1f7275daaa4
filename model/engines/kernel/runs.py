"""Readable shortest runs to stored states, and the real runs that they stand for."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from model.engines.explorer import MOST_TARGETS, Run, depth_of
from model.engines.kernel.along import BITS
from model.engines.kernel.native import pointer
from model.engines.kernel.store import Store
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
    packed, place = _real(store, start)
    states, taken, standing = [packed], [], start
    for step in steps:
        actor = actors.who[step.action]
        if store.parts:
            if actors.part[actor] >= 0:
                actor = actors.actor[place.index(actors.part[actor])]
            place = [step.to[there] for there in place]
        after = _placed(store, store.state(step.state), place)
        action, real = min(
            (raw.action, raw.after)
            for raw in store.steps(states[-1])
            if raw.action >= 0 and actors.who[raw.action] == actor
            if store.kept(standing, raw.after) == after
        )
        taken.append(action)
        states.append(real)
        standing = step.state
    return Run([store.layout.unpack(state) for state in states], taken)


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
    found = ((state, *store.find(state)) for state in packed)
    return next((state, place) for state, standing, place in found if standing == start)


def _backward(levels: Sequence[int], depth: int) -> Iterator[tuple[int, int, int]]:
    """(first, end, end of the next level) of each level above ``depth``, deepest first."""
    for d in range(depth - 1, -1, -1):
        yield levels[d], levels[d + 1], levels[d + 2]
