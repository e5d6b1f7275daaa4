"""The closure of pairs against the search, the linear invariant and the bounds it rests on."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest

from model.catalogue import find
from model.engines.result import Limits, Verdict
from model.engines.search import explore
from model.engines.solving import Clock
from model.lang import Property, System
from model.linux.design import Design, Size
from model.proof.bounds import Room, beside, most, narrowed, summed
from model.proof.by_pairs import ByPairs
from model.proof.counting import CounterSystem
from model.proof.family import Family
from model.proof.groups import Groups
from model.proof.linear import CONST, COUNTED, Form, worth
from model.proof.prove import COVERED, Proof
from model.proof.seeds import SEARCHED, seeds
from model.proving import family
from properties import PROPERTIES
from properties.lifetime import only_a_bound_vfio_driver_keeps_a_group_owned
from tests.proof.families import random_family
from tests.proof.test_random_families import SEEDS, counted, reachable


def by_pairs(design: Design) -> ByPairs:
    """The closure for every property of states that concerns ``design``."""
    system = design.system(Size())
    asked = [p for p in PROPERTIES if p.kind in COVERED and p.concerns(system)]
    counting = CounterSystem(Family(family(design)))
    groups = Groups(counting.family.of_size(2).system, design.system(Size(0, 2, 2)))
    return ByPairs(counting, groups, asked, seeds(counting, SEARCHED), Clock(Limits(timeout=120)))


@pytest.mark.parametrize("seed", SEEDS)
def test_each_pair_of_members_of_every_reachable_state_is_in_the_closure(seed: int) -> None:
    systems, claims = random_family(seed)
    counting = CounterSystem(Family(systems))
    groups = Groups(counting.family.of_size(2).system, systems(2, 2))
    pairs = ByPairs(counting, groups, claims, seeds(counting, [1]), Clock(Limits(timeout=60))).pairs
    for size in (1, 2, 3):
        system = systems(size)
        for state in reachable(system):
            place, counts = counted(counting, system, state)
            adjacent = pairs.at[place]
            states = {n: number for n, number in counts if n < COUNTED}
            assert states.keys() <= adjacent.keys()
            for one, other in itertools.product(states, repeat=2):
                assert adjacent[one] >> other & 1 or (one == other and states[one] == 1)


def test_nothing_is_cleared_that_the_search_finds_violated() -> None:
    cleared = violated = 0
    for seed in SEEDS:
        systems, claims = random_family(seed)
        counting = CounterSystem(Family(systems))
        groups = Groups(counting.family.of_size(2).system, systems(2, 2))
        found = ByPairs(counting, groups, claims, seeds(counting, [1]), Clock(Limits(timeout=60)))
        clear = {claim.name for claim in claims if not found.objection(claim)}
        cleared += len(clear)
        for size in (1, 2, 3):
            wrong = broken(systems(size), claims)
            violated += len(wrong)
            assert not clear & wrong
    assert cleared > len(SEEDS)
    assert violated > len(SEEDS)


def broken(system: System, claims: Sequence[Property]) -> set[str]:
    """The names of the claims that are violated in ``system``."""
    findings = explore(system, [claim.ground(system) for claim in claims]).findings
    return {name for name, finding in findings.items() if finding.verdict is Verdict.VIOLATED}


@pytest.mark.parametrize("name", ["suppress_auto_claim", "disassociate_at_unregister"])
def test_runs_of_three_and_four_devices_are_covered(name: str) -> None:
    """The closure is made from states of at most two devices; here are some of more."""
    found = by_pairs(find(name).design)
    pairs, counting = found.pairs, found.counting
    looked = 0
    for place, vector in seeds(counting, (3, 4)):
        adjacent = pairs.at[place]
        states = [n for n in vector if 0 <= n < COUNTED]
        for one, other in itertools.product(states, repeat=2):
            assert adjacent[one] >> other & 1 or (one == other and vector[one] == 1)
        for number, tally in enumerate(pairs.tallies):
            total = tally.of_place(place) or 0
            total += sum(int(vector[n]) * (tally.weight(n, counting) or 0) for n in states)
            if tally.column is not None:
                assert total == vector.get(tally.column, 0)
            assert number not in pairs.some[place] or total > 0
        looked += 1
    assert looked > 1000


@pytest.mark.parametrize("name", ["viability_check", "suppress_auto_claim", "wait_for_group_fd"])
def test_of_a_design_just_what_is_violated_is_not_cleared(name: str) -> None:
    entry = find(name)
    asked = [p for p in PROPERTIES if p.kind in COVERED and p.concerns(entry.design.system(Size()))]
    found = by_pairs(entry.design)
    violated = {p.name for p in asked if entry.expected(p.name, Size()) is Verdict.VIOLATED}
    assert {p.name for p in asked if found.objection(p)} == violated


def test_either_way_by_itself_proves_the_design_that_was_merged() -> None:
    design = find("driver_managed_dma").design
    asked = [p for p in PROPERTIES if p.kind in COVERED and p.concerns(design.system(Size()))]
    pairs = by_pairs(design)
    counts = Proof(family(design), design.system(Size(0, 2, 2)), Clock(Limits(timeout=120)))
    assert len(asked) > 20
    for item in asked:
        assert pairs.objection(item) == ""
        assert counts.objection(item) == ""


def test_that_somebody_is_there_needs_a_tally() -> None:
    """Pairs alone say nothing of how many there are; that of the property's own question does."""
    design = find("wait_for_group_fd").design
    item = only_a_bound_vfio_driver_keeps_a_group_owned
    found = by_pairs(design)
    assert found.objection(item) == ""
    for place in found.pairs.some:
        found.pairs.some[place] = set()
    assert "pairs of members allow group.owner = vfio" in found.objection(item)


def test_an_integer_that_is_no_tally_is_not_spoken_of() -> None:
    found = by_pairs(find("unuse_in_probe").design)
    assert all(tally.column is None for tally in found.pairs.tallies)


@pytest.mark.parametrize("seed", range(200))
def test_bounds_are_never_below_what_counts_come_to(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # nobody is to be kept from guessing it
    states = range(4)
    forms: list[Form] = [
        {CONST: rng.randint(-2, 2), **{n: rng.randint(-2, 2) for n in states}} for _ in range(2)
    ]
    several = rng.getrandbits(4)
    named = tuple(rng.choices(states, k=rng.randint(0, 2)))
    room = Room(named, rng.getrandbits(4), several)
    sums = [summed({c: n for c, n in form.items() if n}) for form in forms]
    left = narrowed(sums, room)
    for others in itertools.product(range(4), repeat=4):
        if any(n and not room.rest >> k & 1 for k, n in enumerate(others)):
            continue
        counts = {k: n + named.count(k) for k, n in enumerate(others)}
        if any(n > 1 and not several >> k & 1 for k, n in counts.items() if others[k]):
            continue
        vector: Form = {CONST: 1, **counts}
        for form, item in zip(forms, sums, strict=True):
            assert worth(form, vector) <= most(item, room)
        if all(worth(form, vector) >= 0 for form in forms):
            assert left is not None
            for one, other in itertools.product(states, repeat=2):
                if others[one] > (one == other) and others[other]:
                    assert left[0].rest >> one & 1
                    assert not beside(one, left[1]) >> other & 1
