"""Of all shortest traces to a violation, the one that is easiest to read: with the fewest switches.

Whoever reads an interleaving follows one actor until another takes over, and every such switch
costs attention. The length is that of a shortest trace all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from model.lang import System


class Step(NamedTuple):
    """A step of an explored graph: an action's number, and the number of the state after it.

    Where states stand for others, ``to[k]`` says which part the k-th interchangeable part of the
    state before is in the one after; else it is empty.
    """

    action: int
    state: int
    to: Sequence[int] = ()


@dataclass(frozen=True)
class Actors:
    """Who takes which action, as numbers: entities in their order, and 0 for whoever is none.

    ``who`` is by action. ``part`` says which interchangeable part of a state an actor is (-1:
    none) and ``actor`` the reverse. ``nobody`` comes behind all: it acts where a trace ends.
    """

    who: Sequence[int]
    part: Sequence[int]
    actor: Sequence[int]

    @property
    def nobody(self) -> int:
        """The number that stands for no further step."""
        return len(self.part) - 1

    def before(self, later: int, to: Sequence[int]) -> int:
        """Who the actor ``later`` of a step's second state is in its first one."""
        part = self.part[later]
        return later if part < 0 or not to else self.actor[list(to).index(part)]


def actors_of(system: System, parts: Sequence[str] = ()) -> Actors:
    """The actors of ``system``; ``parts`` names the entities whose parts are interchangeable."""
    order = {entity.name: k for k, entity in enumerate(system.entities, 1)}
    part = [-1, *(list(parts).index(name) if name in parts else -1 for name in order), -1]
    who = [order.get(action.actor, 0) for action in system.actions]
    return Actors(who, part, [order[name] for name in parts])


Costs = Callable[[int], Sequence[int]]
"""Of a state on a shortest trace, by who acts next: switches to the end, plus one; 0: not so."""


def follow(
    costs: Costs,
    steps: Callable[[int], Iterable[Step]],
    key: Callable[[int], int],
    initial: Sequence[int],
    actors: Actors,
) -> tuple[int, list[Step]]:
    """The initial state and the steps of a trace with the fewest switches.

    ``steps`` gives those of a state's steps that are on shortest traces. Where the switches are
    equally many, lower actors act earlier; all other ties go to the initial state with the lower
    number, to the lower action and to the state with the lower ``key``, so that the answer does
    not depend on how states are numbered behind the initial ones.
    """
    _, actor, state = min(
        (cost, actor, i) for i in initial for actor, cost in enumerate(costs(i)) if cost
    )
    start, taken = state, []
    while actor != actors.nobody:
        wanted = costs(state)[actor]
        _, _, _, actor, step = min(
            (then, step.action, key(step.state), later, step)
            for step in steps(state)
            if actors.who[step.action] == actor
            for later, cost in enumerate(costs(step.state))
            if cost
            for then in [actors.before(later, step.to)]
            if wanted == cost + (later != actors.nobody and then != actor)
        )
        taken.append(step)
        state = step.state
    return start, taken


def cheapest(
    steps: Iterable[Step], costs: Mapping[int, Sequence[int]], who: Sequence[int], nobody: int
) -> list[int]:
    """A state's row of ``Costs``, from those of the states after it."""
    row = [0] * (nobody + 1)
    for step in steps:
        me = who[step.action]
        for later, cost in enumerate(costs[step.state]):
            if cost:
                mine = cost + (later not in (me, nobody))
                row[me] = min(row[me], mine) if row[me] else mine
    return row
