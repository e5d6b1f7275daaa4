"""A waiter who wants a door that somebody else opens and shuts: runs with and without an end."""

from __future__ import annotations

import enum

from model.lang import (
    Action,
    Case,
    Claim,
    Entity,
    LeadsTo,
    System,
    WeaklyFair,
    action,
    field,
    leads_to,
    weakly_fair,
)


class At(enum.Enum):
    """Where the waiter is."""

    OUTSIDE = "outside"
    WAITING = "waiting"
    INSIDE = "inside"


class Waiter(Entity):
    """Somebody who wants to go in."""

    at = field(At, At.OUTSIDE)


class Door(Entity):
    """What the waiter goes through."""

    open = field(bool, False)
    bolted = field(bool, False)


@action
def arrive(w: Waiter) -> Action:
    """The waiter comes."""
    return Action([w.at == At.OUTSIDE], [w.at.becomes(At.WAITING)])


@action
def enter(w: Waiter, door: Door) -> Action:
    """The waiter goes in, while the door is open."""
    return Action([w.at == At.WAITING, door.open], [w.at.becomes(At.INSIDE)])


@action
def leave(w: Waiter) -> Action:
    """The waiter goes home, through a door that is shut as well."""
    return Action([w.at == At.INSIDE], [w.at.becomes(At.OUTSIDE)])


@action
def knock(w: Waiter) -> Action:
    """The waiter knocks, which changes nothing."""
    return Action([w.at == At.WAITING], [])


@action
def push(door: Door) -> Action:
    """The door is opened."""
    return Action([~door.open, ~door.bolted], [door.open.becomes(True)])


@action
def pull(door: Door) -> Action:
    """The door is shut."""
    return Action([door.open], [door.open.becomes(False)])


@action
def bolt(door: Door) -> Action:
    """The shut door is bolted, for good."""
    return Action([~door.open, ~door.bolted], [door.bolted.becomes(True)])


def system(*actions: str, door: Door | None = None) -> System:
    """Waiter and door with those of the actions above that are named."""
    known = {a.name: a for a in (arrive, enter, leave, knock, push, pull, bolt)}
    entities = [Waiter("w"), door or Door("door")]
    return System("waiter", entities, [known[name] for name in actions])


def goes_in(made: System, *fair: WeaklyFair) -> Claim:
    """Whoever waits goes in, in the end, if ``fair`` is."""

    @leads_to(broken="The waiter never goes in.")
    def comes_in(w: Waiter) -> LeadsTo:
        """Whoever waits goes in, in the end."""
        return LeadsTo(when=w.at == At.WAITING, goal=w.at == At.INSIDE, fair=fair)

    return comes_in.ground(made)


WAITER = weakly_fair("Whoever can go in does.", actor="w")
PUSHED = weakly_fair("A shut door is opened.", push)
PULLED = weakly_fair("An open door is shut.", pull)
MOVED = weakly_fair("The door moves.", push, pull)


def case(made: System, *fair: WeaklyFair) -> Case:
    """The one case of ``goes_in``."""
    (only,) = goes_in(made, *fair).cases
    return only
