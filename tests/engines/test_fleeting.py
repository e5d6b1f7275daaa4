"""Local states are fleeting if leaving them at once makes no difference, and only then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from model.engines.explorer import Watch
from model.engines.fleeting import fleeting
from model.engines.local import LocalStates
from model.engines.ways import ways
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


@action
def turn_left(w: Walker) -> Action:
    """Back at once, from where there is a choice."""
    return Action([w.at == 1], [w.at.becomes(0)])


@action
def turn_right(w: Walker) -> Action:
    """On at once, from where there is a choice."""
    return Action([w.at == 1], [w.at.becomes(3)])


@action
def set_out(w: Walker) -> Action:
    """To where there is a choice, where it is lit."""
    return Action([w.at == 0, w.room.lit], [w.at.becomes(1)])


@leads_to(broken="It stays where there is a choice.")
def turns(w: Walker) -> LeadsTo:
    """Who has a choice takes it, if only that can be relied on."""
    return LeadsTo(
        w.room.lit, w.room.lit, [weakly_fair("they turn", turn_left, turn_right, actor=w)]
    )


@leads_to(broken="It stays where there is a choice.")
def turns_or_sets_out(w: Walker) -> LeadsTo:
    """Who has a choice takes it, if setting out can be relied on, too."""
    fair = weakly_fair("they turn or set out", turn_left, turn_right, set_out, actor=w)
    return LeadsTo(w.room.lit, w.room.lit, [fair])


def first_walker(
    actions: Sequence[ActionTemplate[Any]], *claims: Property
) -> tuple[LocalStates, Watch]:
    """The local states of the first of two walkers, and what is watched."""
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
    return LocalStates(system, room.walkers[0], watch), watch


def left_at_once(actions: Sequence[ActionTemplate[Any]], *claims: Property) -> list[int]:
    """The places that the first of two walkers leaves at once."""
    local, watch = first_walker(actions, *claims)
    return sorted(local.states[k][0] for k in fleeting(local, range(len(local.states)), watch))


def ends_of(
    actions: Sequence[ActionTemplate[Any]], *claims: Property, most: int = 2
) -> dict[int, list[int]]:
    """By place that need not be stored, where the first of two walkers comes to from there."""
    local, watch = first_walker(actions, *claims)
    block = range(len(local.states))
    found = ways(local, block, fleeting(local, block, watch), watch, [], most)
    return {
        local.states[k][0]: sorted(local.states[end][0] for end in way.ends)
        for k, way in found.items()
    }


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


def test_of_a_way_without_a_choice_only_the_end_is_stored() -> None:
    assert ends_of([walk, go_home, switch]) == {0: [3], 1: [3], 2: [3]}


def test_what_is_on_the_way_is_known() -> None:
    local, watch = first_walker([walk, go_home, switch])
    block = range(len(local.states))
    found = ways(local, block, fleeting(local, block, watch), watch, [], 1)
    (start,) = (k for k in found if local.states[k][0] == 0)
    assert sorted(local.states[k][0] for k in found[start].through) == [1, 2, 3]
    assert [local.rules[k].action.title for k in found[start].taken] == ["walk(one)"]


def test_a_choice_has_several_ends_unless_those_are_too_many() -> None:
    choice = [set_out, turn_left, turn_right, go_home, switch]
    assert left_at_once(choice) == [1]
    assert ends_of(choice) == {1: [0, 3]}
    assert ends_of(choice, most=1) == {}


@pytest.mark.parametrize(("claim", "found"), [(turns, {}), (turns_or_sets_out, {1: [0, 3]})])
def test_no_step_of_a_fair_set_hides_behind_one_that_is_none(
    claim: Property, found: dict[int, list[int]]
) -> None:
    choice = [set_out, turn_left, turn_right, go_home, switch]
    assert left_at_once(choice, claim) == [1]
    assert ends_of(choice, claim) == found


def test_what_may_be_forgotten_is_not_written_on_a_way() -> None:
    local, watch = first_walker([walk, go_home, switch])
    block = range(len(local.states))
    some = fleeting(local, block, watch)
    assert ways(local, block, some, watch, local.entity.variables(), 1) == {}
