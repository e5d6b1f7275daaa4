"""Whatever is dropped from the design that was merged is caught, or it is explained why not."""

from __future__ import annotations

import pytest

from model.lang import Action, Property, System, action
from model.linux.design import Size
from tests.mutants.judge import Judge, Outcome
from tests.mutants.mutate import Mutation, Mutator, Part
from tests.mutants.table import BY_HAND, DATA, DESIGN, PAGE, judge, page, record, recorded
from tests.toys.counter import Counter, down, returns_to_zero, stays_below_three, up

SAFETY = "no_kernel_dma_in_user_owned_group"
CAUGHT = {
    "set_container/guard/~(group.owner_cnt > 0)": SAFETY,
    "set_container/update/group.owner_cnt": SAFETY,
    "dma_configure/guard/"
    "~((group.owner_cnt > 0) & ((group.owner != NULL) | (group.domain != default)))": SAFETY,
    "dma_configure/update/group.owner_cnt": SAFETY,
    "probe_start/guard/device.stage == configured": SAFETY,
    "set_container/update/group.owner": "no_member_on_kernel_domain_in_user_owned_group",
    "iommu_probe_device_end/when/device.domain/group.owner == NULL": (
        "no_member_on_kernel_domain_in_user_owned_group"
    ),
    "dma_cleanup/update/group.owner_cnt": "user_claim_refused_only_for_kernel_dma",
    "vfio_unregister_group_dev/guard/~device.fd": "device_fd_only_on_vfio_device",
    "device_unbind_cleanup/update/device.stage": "device_lock_is_always_dropped",
}
"""What must be caught, whatever is recorded, and by which property at least."""


@pytest.mark.parametrize("mutation", judge().mutator.mutations(), ids=str)
def test_dropping_it_does_what_is_recorded(mutation: Mutation) -> None:
    expected = recorded()[mutation.key]
    assert record(judge().outcome(mutation), expected) == expected


def test_every_mutation_is_recorded_and_nothing_else() -> None:
    assert list(recorded()) == [mutation.key for mutation in judge().mutator.mutations()]


@pytest.mark.parametrize(("key", "name"), CAUGHT.items(), ids=CAUGHT)
def test_what_the_design_rests_on_cannot_be_recorded_as_harmless(key: str, name: str) -> None:
    assert name in recorded()[key]["broken"]


def test_a_person_says_why_no_property_breaks() -> None:
    for key, found in recorded().items():
        for kind in BY_HAND:
            assert str(found.get(kind, "A reason.")).endswith("."), f"{key} in {DATA.name}"


def test_the_page_shows_what_is_recorded() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(recorded())


# -- the mutations themselves ------------------------------------------------------------------


@pytest.mark.parametrize("size", [Size(2, 1), Size(1, 1, groups=2)], ids=str)
def test_mutations_are_called_the_same_at_every_size(size: Size) -> None:
    assert Mutator(DESIGN.system(size)).mutations() == judge().mutator.mutations()


def test_every_condition_and_every_update_is_dropped_by_some_mutation() -> None:
    mutator = judge().mutator
    for action_ in judge().system.actions:
        own = [m for m in mutator.mutations() if m.action == action_.name]
        kept = [set(mutator.guard(action_, m)) for m in own if m.part is Part.GUARD]
        assert not set(action_.guard).intersection(*kept)
        left = [set(mutator.updates(action_, m)) for m in own if m.part is Part.UPDATE]
        assert not set(action_.updates).intersection(*left)


def test_a_mutation_leaves_other_actions_alone() -> None:
    for mutation in judge().mutator.mutations():
        mutant = judge().mutator.mutant(mutation)
        for old, new in zip(judge().system.actions, mutant.actions, strict=True):
            assert (old is new) == (old.name != mutation.action)


# -- the judge, on a counter -------------------------------------------------------------------


@action
def up_carefully(c: Counter) -> Action:
    """Like up(), but it looks twice."""
    return Action(guard=[c.value < 3, c.value != 3], update=[c.value.becomes(c.value + 1)])


@action
def reset(c: Counter) -> Action:
    """At zero, start again from zero."""
    return Action(guard=[c.value == 0], update=[c.value.becomes(0)])


def judged(key: str, *properties: Property) -> Outcome:
    """What dropping ``key`` from a counter does."""
    system = System("counter", [Counter("counter")], [up, up_carefully, down, reset])
    mine = Judge(system, properties)
    return next(mine.outcome(m) for m in mine.mutator.mutations() if m.key == key)


def test_a_guard_that_another_implies_is_the_same_without_it() -> None:
    key = "up_carefully/guard/counter.value != 3"
    assert judged(key, returns_to_zero) == Outcome(same="it holds anyway where `counter.value < 3`")


def test_an_update_without_effect_is_the_same_without_it() -> None:
    same = "the field has that value already where `counter.value == 0`"
    assert judged("reset/update/counter.value", returns_to_zero) == Outcome(same=same)


def test_a_property_that_breaks_is_named() -> None:
    key = "down/update/counter.value"
    assert judged(key, returns_to_zero) == Outcome(broken=("returns_to_zero",))


def test_another_behaviour_that_breaks_nothing_is_told_from_the_same_one() -> None:
    assert judged("reset/guard/counter.value == 0", returns_to_zero) == Outcome()


def test_a_lemma_that_the_system_never_met_is_not_blamed_on_a_mutation() -> None:
    system = System("counter", [Counter("counter")], [up, down, reset])
    mine = Judge(system, [returns_to_zero], lemmas=[stays_below_three])
    [mutation] = [m for m in mine.mutator.mutations() if m.key == "reset/guard/counter.value == 0"]
    assert mine.outcome(mutation) == Outcome()
