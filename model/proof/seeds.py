"""Reachable vectors of counts, from small systems: a search, and runs at random.

They only save the induction work: whatever they lack it adds by itself.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import cast

from model.engines.lowering import Lowered
from model.lang import State, System
from model.proof.counting import CounterSystem, Place
from model.proof.linear import CONST, Form

SEARCHED = (1, 2)
MOST_STATES = 40_000
RUN_AT_RANDOM = (3, 4)
RUNS = 200
STEPS = 80


def seeds(
    counting: CounterSystem, sizes: Iterable[int] = (*SEARCHED, *RUN_AT_RANDOM)
) -> Iterator[tuple[Place, Form]]:
    """Different places and vectors that runs of small systems reach, the same each time."""
    family = counting.family
    for size in sizes:
        members = family.of_size(size)
        position = members.system.index
        # A rule is written with the variables of another system: the same ones, by their order.
        shared = dict(zip(family.every_shared, members.shared, strict=True))
        places = [position[shared[v]] for v in family.shared]
        grown = {column: position[shared[v]] for v, column in counting.grown.items()}
        locals_ = [[position[v] for v in members.variables(k)] for k in range(size)]
        seen: set[object] = set()
        reached = _searched if size in SEARCHED else _run
        for state in reached(members.system):
            place = tuple(state[k] for k in places)
            vector: Form = {CONST: 1}
            for column, k in grown.items():
                vector[column] = int(cast("int", state[k]))
            for number in (counting.number(tuple(state[k] for k in own)) for own in locals_):
                vector[number] = vector.get(number, 0) + 1
            key = place, frozenset(vector.items())
            if key not in seen:
                seen.add(key)
                yield place, vector


def _searched(system: System) -> Iterator[State]:
    lowered = Lowered(system)
    queue = [lowered.pack(state) for state in system.initial_states()]
    seen = set(queue)
    for packed in queue:
        yield lowered.unpack(packed)
        for action, after in lowered.successors(packed):
            if action >= 0 and after not in seen and len(seen) < MOST_STATES:
                seen.add(after)
                queue.append(after)


def _run(system: System) -> Iterator[State]:
    lowered = Lowered(system)
    rng = random.Random(system.name)  # noqa: S311  # nobody is to be kept from guessing it
    starts = [lowered.pack(state) for state in system.initial_states()]
    for _ in range(RUNS):
        packed = rng.choice(starts)
        for _ in range(STEPS):
            after = [new for action, new in lowered.successors(packed) if action >= 0]
            if not after:
                break
            packed = rng.choice(after)
            yield lowered.unpack(packed)
