"""Reachable vectors of counts, from small systems: a search, and runs at random.

They only save the induction work: whatever they lack it adds by itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from model.engines.lowering import Lowered
from model.lang import Var
from model.proof.counting import CounterSystem
from model.proof.linear import CONST, Form
from model.proof.steps import Place

SEARCHED = (1, 2)
MOST_STATES = 20_000
RUN_AT_RANDOM = (3, 4)
RUNS = 200
STEPS = 80


def seeds(
    counting: CounterSystem, sizes: Iterable[int] = (*SEARCHED, *RUN_AT_RANDOM)
) -> Iterator[tuple[Place, Form]]:
    """Different places and vectors that runs of small systems reach, the same each time."""
    for size in sizes:
        system = counting.family.of_size(size).system
        lowered = Lowered(system)
        reader = _Reader(counting, lowered, size)
        reached = _searched if size in SEARCHED else _run
        for packed in reached(lowered, reader.key):
            yield reader.place(packed), reader.vector(packed)


class _Reader:
    """Reads states of the system with ``size`` members, each an integer, as counts."""

    def __init__(self, counting: CounterSystem, lowered: Lowered, size: int) -> None:
        family, layout = counting.family, lowered.layout
        members = family.of_size(size)
        # A rule is written with the variables of another system: the same ones, by their order.
        shared = dict(zip(family.every_shared, members.shared, strict=True))
        self._counting = counting
        self._unpack = layout.unpack
        position = members.system.index
        self._places = [position[shared[v]] for v in family.shared]
        self._grown = {column: position[shared[v]] for v, column in counting.grown.items()}
        own = [members.variables(k) for k in range(size)]
        self._locals = [[position[v] for v in variables] for variables in own]

        def mask(variables: Iterable[Var[Any]]) -> int:
            return sum(layout.mask(v) << layout.shift[v] for v in variables)

        self._shared = mask(shared[v] for v in family.shared)
        self._every = mask(members.shared)
        self._own = [mask(variables) for variables in own]
        # What a member's bits, or those of what is shared, say is read once.
        self._number: list[dict[int, int]] = [{} for _ in own]
        self._place: dict[int, Place] = {}
        self._base: dict[int, Form] = {}

    def key(self, packed: int) -> object:
        """The same for two states that are the same counts at the same place."""
        return packed & self._every, tuple(sorted(self._numbers(packed)))

    def place(self, packed: int) -> Place:
        """The place of a state."""
        bits = packed & self._shared
        if bits not in self._place:
            state = self._unpack(packed)
            self._place[bits] = self._counting.place(tuple(state[k] for k in self._places))
        return self._place[bits]

    def vector(self, packed: int) -> Form:
        """The counts of a state, and its growing integers."""
        bits = packed & self._every
        if bits not in self._base:
            state = self._unpack(packed)
            grown = {column: int(cast("int", state[k])) for column, k in self._grown.items()}
            self._base[bits] = {CONST: 1, **grown}
        vector = dict(self._base[bits])
        for number in self._numbers(packed):
            vector[number] = vector.get(number, 0) + 1
        return vector

    def _numbers(self, packed: int) -> list[int]:
        found = []
        for own, known, positions in zip(self._own, self._number, self._locals, strict=True):
            bits = packed & own
            if bits not in known:
                state = self._unpack(packed)
                known[bits] = self._counting.number(tuple(state[k] for k in positions))
            found.append(known[bits])
        return found


def _searched(lowered: Lowered, key: Callable[[int], object]) -> Iterator[int]:
    """Reachable states of different keys. From two of one key come states of the same keys."""
    first = {key(packed): packed for packed in _starts(lowered)}
    queue = list(first.values())
    keys, seen = set(first), set(queue)
    for packed in queue:
        yield packed
        for action, after in lowered.successors(packed):
            if action >= 0 and len(keys) < MOST_STATES and after not in seen:
                seen.add(after)
                known = key(after)
                if known not in keys:
                    keys.add(known)
                    queue.append(after)


def _run(lowered: Lowered, key: Callable[[int], object]) -> Iterator[int]:
    """States of different keys that runs at random come to."""
    rng = random.Random(lowered.system.name)  # noqa: S311  # nobody is to be kept from guessing it
    starts = list(_starts(lowered))
    seen: set[object] = set()
    for _ in range(RUNS):
        packed = rng.choice(starts)
        for _ in range(STEPS):
            after = [new for action, new in lowered.successors(packed) if action >= 0]
            if not after:
                break
            packed = rng.choice(after)
            if key(packed) not in seen:
                seen.add(key(packed))
                yield packed


def _starts(lowered: Lowered) -> Iterator[int]:
    return map(lowered.pack, lowered.system.initial_states())
