"""Peterson's lock for two processes (Myths About the Mutual Exclusion Problem, 1981).

A process raises its flag, gives the turn away, and waits until the other has no flag up or has
given the turn back.
"""

from __future__ import annotations

import enum

from model.lang import (
    Action,
    Entity,
    Expr,
    Possible,
    System,
    action,
    field,
    invariant,
    possible,
)


class At(enum.Enum):
    """Where a process stands."""

    OUTSIDE = "outside"
    HALFWAY = "halfway"
    """It has made the first of its two announcements."""
    WAITING = "waiting"
    CRITICAL = "critical"


class Turn(enum.Enum):
    """Whose turn it is if both want to enter."""

    ZERO = "0"
    ONE = "1"


class Lock(Entity):
    """What the processes share besides their flags."""

    turn = field(Turn, Turn.ZERO)


class Process(Entity):
    """One of the two. ``me`` and ``other`` are fixed when the system is made."""

    at = field(At, At.OUTSIDE)
    flag = field(bool, False)

    lock: Lock
    me: Turn
    other: Process


@action
def raise_flag(p: Process) -> Action:
    """Announce that it wants to enter."""
    return Action(
        guard=[p.at == At.OUTSIDE], update=[p.at.becomes(At.HALFWAY), p.flag.becomes(True)]
    )


@action
def give_turn(p: Process) -> Action:
    """Let the other go first."""
    return Action(
        guard=[p.at == At.HALFWAY],
        update=[p.at.becomes(At.WAITING), p.lock.turn.becomes(p.other.me)],
    )


@action
def give_turn_first(p: Process) -> Action:
    """Let the other go first, before its own flag is up: the classic mistake."""
    return Action(
        guard=[p.at == At.OUTSIDE],
        update=[p.at.becomes(At.HALFWAY), p.lock.turn.becomes(p.other.me)],
    )


@action
def raise_flag_second(p: Process) -> Action:
    """Announce that it wants to enter, too late."""
    return Action(
        guard=[p.at == At.HALFWAY], update=[p.at.becomes(At.WAITING), p.flag.becomes(True)]
    )


@action
def enter(p: Process) -> Action:
    """The other does not want to enter, or it is this one's turn."""
    return Action(
        guard=[p.at == At.WAITING, ~p.other.flag | (p.lock.turn == p.me)],
        update=[p.at.becomes(At.CRITICAL)],
    )


@action
def leave(p: Process) -> Action:
    """Lower the flag."""
    return Action(
        guard=[p.at == At.CRITICAL], update=[p.at.becomes(At.OUTSIDE), p.flag.becomes(False)]
    )


@invariant(broken="Both processes are in the critical section.", about=[Process.at])
def mutual_exclusion(p: Process, q: Process) -> Expr[bool]:
    """At most one process is in the critical section."""
    return ~((p.at == At.CRITICAL) & (q.at == At.CRITICAL))


@possible(broken="A process that waits can never enter.", about=[Process.at])
def can_enter(p: Process) -> Possible:
    """A process that waits can still enter."""
    return Possible(goal=p.at == At.CRITICAL, when=p.at == At.WAITING)


def _entities() -> list[Entity]:
    lock, p0, p1 = Lock("lock"), Process("p0"), Process("p1")
    for process, other, me in ((p0, p1, Turn.ZERO), (p1, p0, Turn.ONE)):
        process.lock, process.other, process.me = lock, other, me
    return [lock, p0, p1]


def good() -> System:
    """The lock as published."""
    return System("peterson", _entities(), [raise_flag, give_turn, enter, leave])


def broken() -> System:
    """Like good(), but the turn is given away before the flag is up."""
    return System(
        "peterson-swapped", _entities(), [give_turn_first, raise_flag_second, enter, leave]
    )
