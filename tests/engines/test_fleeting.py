"""Local states are fleeting if leaving them at once makes no difference, and only then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from model.engines.explorer import Watch
from model.engines.fleeting import fleeting
from model.engines.local import LocalStates
from model.lang import (
    Action,
    ActionTemplate,
    Entity,
    LeadsTo,
    Property,
    System,
    action,
    any_of,
    counter,
    field,
    invariant,
    leads_to,
    weakly_fair,
)


class Room(Entity):
    """Where the walkers are."""

    lit = field(bool, False)

    walkers: list[Walker]


class Walker(Entity):
    """Goes from 0 to 3 and back to 0."""

    at = counter(0, 3, 0)

    room: Room


@action
def walk(w: Walker) -> Action:
    """One step on."""
    return Action([w.at < 3], [w.at.becomes(w.at + 1)])


@action
def go_home(w: Walker) -> Action:
    """Back, where it is lit."""
    return Action([w.at == 3, w.room.lit], [w.at.becomes(0)])


@action
def switch(r: Room) -> Action:
    """Light on, or off."""
    return Action([], [r.lit.becomes(~r.lit)])


@action
def switch_for_somebody(r: Room) -> Action:
    """Light on, or off, while a walker is on its way at 2."""
    return Action([any_of(w.at == 2 for w in r.walkers)], [r.lit.becomes(~r.lit)])


@action
def send_home(w: Walker) -> Action:
    """Back at once, whatever the light."""
    return Action([w.at == 3], [w.at.becomes(0)])


@action
def fetch(r: Room) -> Action:
    """Somebody fetches the first walker from 1 to 3."""
    first = r.walkers[0]
    return Action([first.at == 1], [first.at.becomes(3)])


@invariant(broken="Dark at 2.")
def lit_at_two(w: Walker) -> object:
    """At 2 there is light."""
    return (w.at != 2) | w.room.lit


@leads_to(broken="It stays on its way.")
def arrives(w: Walker) -> LeadsTo:
    """Who sets out arrives."""
    return LeadsTo(w.room.lit, w.room.lit, [weakly_fair("walkers walk", actor=w)])


@leads_to(broken="It stays on its way.")
def arrives_by_going_home(w: Walker) -> LeadsTo:
    """Who sets out arrives, if only going home can be relied on."""
    return LeadsTo(w.room.lit, w.room.lit, [weakly_fair("they go home", go_home)])


def left_at_once(actions: Sequence[ActionTemplate[Any]], *claims: Property) -> list[int]:
    """The places that the first of two walkers leaves at once."""
    room = Room("room")
    room.walkers = [Walker("one"), Walker("two")]
    for walker in room.walkers:
        walker.room = room
    system = System("walk", [room, *room.walkers], actions)
    grounded = [item.ground(system) for item in claims]
    watch = Watch(
        [[case.that for case in c.cases] for c in grounded if c.kind.name == "INVARIANT"],
        [],
        domains=True,
        deadlocks=True,
        fair=[c for c in grounded if c.kind.name == "LEADS_TO"],
    )
    local = LocalStates(system, room.walkers[0], watch)
    return sorted(local.states[k][0] for k in fleeting(local, range(len(local.states)), watch))


def test_steps_that_are_nobody_elses_business_are_taken_at_once() -> None:
    assert left_at_once([walk, go_home, switch]) == [0, 1, 2]


def test_what_a_claim_sees_is_not_taken_at_once() -> None:
    assert left_at_once([walk, go_home, switch], lit_at_two) == [0]


def test_what_another_looks_at_is_not_taken_at_once() -> None:
    assert left_at_once([walk, go_home, switch_for_somebody]) == [0]


def test_what_another_may_interfere_with_is_not_taken_at_once() -> None:
    assert left_at_once([walk, go_home, switch, fetch]) == [0, 2]


def test_a_walker_that_could_go_round_for_ever_stops_once_in_a_round() -> None:
    assert left_at_once([walk, send_home, switch]) == [1, 2, 3]


@pytest.mark.parametrize(
    ("claim", "found"), [(arrives, [0, 1, 2]), (arrives_by_going_home, [0, 1])]
)
def test_a_fair_set_has_all_of_the_steps_or_does_not_notice_them(
    claim: Property, found: list[int]
) -> None:
    assert left_at_once([walk, go_home, switch], claim) == found
