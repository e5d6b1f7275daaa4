"""Dijkstra's dining philosophers: each takes the left fork, then the right one, then eats."""

from __future__ import annotations

import enum

from model.lang import (
    Action,
    Entity,
    Expr,
    System,
    action,
    counter,
    field,
    invariant,
)


class Hand(enum.Enum):
    """What a philosopher holds."""

    NOTHING = "nothing"
    FIRST = "first"
    BOTH = "both"


class Fork(Entity):
    """The fork between two philosophers."""

    users = counter(0, 2, 0, "how many hold it; more than one would be a mistake of the model")


class Philosopher(Entity):
    """``first`` and ``second`` are the forks in the order in which this one takes them."""

    hand = field(Hand, Hand.NOTHING)

    first: Fork
    second: Fork


@action
def take_first(p: Philosopher) -> Action:
    """Take the first fork once it is free."""
    return Action(
        guard=[p.hand == Hand.NOTHING, p.first.users == 0],
        update=[p.hand.becomes(Hand.FIRST), p.first.users.becomes(p.first.users + 1)],
    )


@action
def take_second(p: Philosopher) -> Action:
    """Take the second fork once it is free, and eat."""
    return Action(
        guard=[p.hand == Hand.FIRST, p.second.users == 0],
        update=[p.hand.becomes(Hand.BOTH), p.second.users.becomes(p.second.users + 1)],
    )


@action
def put_down(p: Philosopher) -> Action:
    """Put both forks down."""
    return Action(
        guard=[p.hand == Hand.BOTH],
        update=[
            p.hand.becomes(Hand.NOTHING),
            p.first.users.becomes(p.first.users - 1),
            p.second.users.becomes(p.second.users - 1),
        ],
    )


@invariant(broken="Two philosophers hold one fork.", about=[Fork.users])
def no_fork_is_shared(f: Fork) -> Expr[bool]:
    """No fork is in two hands."""
    return f.users < 2


def table(seats: int, left_handed: int = 0) -> System:
    """``seats`` philosophers, of whom the first ``left_handed`` take the other fork first."""
    forks = [Fork(f"fork{i}") for i in range(seats)]
    philosophers = [Philosopher(f"phil{i}") for i in range(seats)]
    for i, philosopher in enumerate(philosophers):
        pair = forks[i], forks[(i + 1) % seats]
        philosopher.first, philosopher.second = reversed(pair) if i < left_handed else pair
    return System("philosophers", [*philosophers, *forks], [take_first, take_second, put_down])
