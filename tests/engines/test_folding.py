"""Local states are folded if nothing tells them apart, and only then."""

from __future__ import annotations

import pytest

from model.engines.explorer import Watch
from model.engines.folding import blocks
from model.engines.local import LocalStates, TooMany
from model.lang import (
    Action,
    Claim,
    Entity,
    System,
    action,
    counter,
    field,
    invariant,
    leads_to,
    weakly_fair,
)
from model.lang.properties import LeadsTo


class Lamp(Entity):
    """What is seen of it is whether it is lit; how it came to be dark is not."""

    lit = field(bool, False)
    burnt = field(bool, False)
    times = counter(0, 3, 0)


@action
def light(x: Lamp) -> Action:
    """A dark lamp is lit."""
    return Action([~x.lit], [x.lit.becomes(True)])


@action
def put_out(x: Lamp) -> Action:
    """It is put out."""
    return Action([x.lit], [x.lit.becomes(False)])


@action
def burn_out(x: Lamp) -> Action:
    """It goes out by itself, which can be seen no longer once it is dark."""
    return Action([x.lit], [x.lit.becomes(False), x.burnt.becomes(True)])


@action
def count_on(x: Lamp) -> Action:
    """It counts."""
    return Action([x.times < 3], [x.times.becomes(x.times + 1)])


@invariant(broken="Lit at the last count.")
def dark_at_the_last_count(x: Lamp) -> object:
    """At the last count no lamp is lit."""
    return ~(x.lit & (x.times == 3))


@leads_to(broken="It stays dark.")
def gets_burnt(x: Lamp) -> LeadsTo:
    """A lit lamp is burnt in the end."""
    return LeadsTo(x.lit, x.burnt, [weakly_fair("it burns", burn_out)])


def folded(system: System, *claims: Claim) -> list[int]:
    """How many local states the first entity has, and how many stand for all of them."""
    invariants = [[case.that for case in c.cases] for c in claims if c.kind.name == "INVARIANT"]
    fair = [claim for claim in claims if claim.kind.name == "LEADS_TO"]
    watch = Watch(invariants, [], domains=True, deadlocks=True, fair=fair)
    local = LocalStates(system, system.entities[0], watch)
    return [len(local.states), len(set(blocks(local)))]


def test_what_nothing_reads_makes_no_difference() -> None:
    lamps = System("lamps", [Lamp("a"), Lamp("b")], [light, put_out, burn_out, count_on])
    assert folded(lamps) == [16, 8]


def test_what_a_claim_reads_makes_one_and_only_as_far_as_it_does() -> None:
    lamps = System("lamps", [Lamp("a"), Lamp("b")], [light, put_out, burn_out])
    assert folded(lamps) == [4, 2]
    assert folded(lamps, gets_burnt.ground(lamps)) == [4, 4]
    counting = System("lamps", [Lamp("a"), Lamp("b")], [light, put_out, count_on])
    assert folded(counting, dark_at_the_last_count.ground(counting)) == [8, 8]


def test_a_step_that_may_change_nothing_is_told_from_one_that_does_if_runs_are_fair_to_it() -> None:
    """A burnt lamp may burn out again and again, and a fair run need not take that."""

    @action
    def burn(x: Lamp) -> Action:
        """It burns, or is burnt already."""
        return Action([x.lit], [x.burnt.becomes(True)])

    @leads_to(broken="It goes on counting.")
    def counts(x: Lamp) -> LeadsTo:
        """A lit lamp that burns comes to its last count."""
        return LeadsTo(x.lit, x.times == 3, [weakly_fair("it burns", burn)])

    lamps = System("lamps", [Lamp("a"), Lamp("b")], [light, burn, count_on])
    assert folded(lamps) == [12, 8]
    assert folded(lamps, counts.ground(lamps)) == [12, 12]


class Meter(Entity):
    """Counts far."""

    high = counter(0, 300, 0)
    low = counter(0, 300, 0)


@action
def up(x: Meter) -> Action:
    """High."""
    return Action([x.high < 300], [x.high.becomes(x.high + 1)])


@action
def down(x: Meter) -> Action:
    """Low."""
    return Action([x.low < 300], [x.low.becomes(x.low + 1)])


def test_an_entity_with_too_many_states_is_said_to_have_them() -> None:
    with pytest.raises(TooMany, match="a has more than 20000 local states"):
        folded(System("meters", [Meter("a"), Meter("b")], [up, down]))
