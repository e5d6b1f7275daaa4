"""Whatever is dropped from a design that was merged is caught, or it is explained why not."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import TypeVar

import pytest

from model.lang import Action, Property, System, action
from model.linux.design import Size
from tests.mutants.judge import Judge, Outcome
from tests.mutants.mutate import Mutation, Mutator, Part
from tests.mutants.page import page
from tests.mutants.table import BY_HAND, TABLES, Table, record
from tests.mutants.together import Broken, LeftOut, Twins, related, together, twins
from tests.toys.counter import Counter, down, returns_to_zero, stays_below_three, up

MERGED, NEWEST = TABLES["driver_managed_dma"], TABLES["reset_fences_claims"]
SAMPLE = 5
"""So many mutations of the newest design are tried again: all of them take minutes."""
T = TypeVar("T")
SAFETY = "no_kernel_dma_in_user_owned_group"
CAUGHT = {
    "set_container/guard/~(group.owner_cnt > 0)": SAFETY,
    "set_container/update/group.owner_cnt": SAFETY,
    "dma_configure/update/group.owner_cnt": SAFETY,
    "probe_start/guard/device.stage == configured": SAFETY,
    "vfio_unregister_group_dev/guard/~device.fd": "device_fd_only_on_vfio_device",
    "device_unbind_cleanup/update/device.stage": "device_lock_is_always_dropped",
}
"""What must be caught in every design, whatever is recorded, and by which property at least."""
CAUGHT_IN_MERGED = {
    "dma_configure/guard/"
    "~((group.owner_cnt > 0) & ((group.owner != NULL) | (group.domain != default)))": SAFETY,
    "set_container/update/group.owner": "no_member_on_kernel_domain_in_user_owned_group",
    "iommu_probe_device_end/when/device.domain/group.owner == NULL": (
        "no_member_on_kernel_domain_in_user_owned_group"
    ),
    "dma_cleanup/update/group.owner_cnt": "user_claim_refused_only_for_kernel_dma",
}
CAUGHT_IN_NEWEST = {
    "dma_configure/guard/~((group.owner_cnt > 0) & ((group.owner != NULL)"
    " | (group.domain != ite(group.default_domain, default, none))))": SAFETY,
    "bind_iommufd/guard/~((group.owner_cnt > 0) & (group.owner_ctx != <context>))": (
        "one_context_per_group"
    ),
    "vfio_group_fops_open/guard/device.ctx == none": SAFETY,
    "vfio_df_iommufd_unbind/update/group.owner_cnt": "owner_cnt_equals_claims_held",
    "iommu_probe_device/update/device.dma_ops": "kernel_dma_uses_its_groups_default_domain",
}
MUST_CATCH = [
    *((table, *item) for table in TABLES.values() for item in CAUGHT.items()),
    *((MERGED, *item) for item in CAUGHT_IN_MERGED.items()),
    *((NEWEST, *item) for item in CAUGHT_IN_NEWEST.items()),
]
each_table = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)


def chosen(items: Sequence[T], most: int) -> list[T]:
    """Some of ``items``, the same ones every time."""
    rng = random.Random(73)  # noqa: S311  # nobody is to be kept from guessing it
    return rng.sample(items, min(most, len(items)))


def check_again(table: Table, mutation: Mutation) -> None:
    """Fail unless ``mutation`` does what is recorded."""
    expected = table.read().mutations[mutation.key]
    assert record(table.judge.outcome(mutation), expected) == expected, mutation.key


@pytest.mark.parametrize("mutation", MERGED.mutations, ids=str)
def test_dropping_it_does_what_is_recorded(mutation: Mutation) -> None:
    check_again(MERGED, mutation)


def test_dropping_a_line_of_the_newest_design_does_what_is_recorded() -> None:
    for mutation in chosen(NEWEST.mutations, SAMPLE):
        check_again(NEWEST, mutation)


@each_table
def test_all_that_is_recorded_as_idle_together_breaks_nothing(table: Table) -> None:
    assert table.judge.broken(table.of(table.read().together())) == ()


@each_table
def test_twins_break_together_what_is_recorded_and_nothing_alone(table: Table) -> None:
    recorded = table.read()
    for each in recorded.twins:
        assert each.broken
        assert set(each.mutations) <= set(recorded.alone())
    for each in chosen(recorded.twins, 2):
        assert list(table.judge.broken(table.of(each.mutations))) == each.broken
    for each in recorded.twins:
        for few in range(2, len(each.mutations)):
            for fewer in itertools.combinations(each.mutations, few):
                assert table.judge.broken(table.of(fewer)) == ()


@each_table
def test_every_mutation_is_recorded_and_nothing_else(table: Table) -> None:
    assert list(table.read().mutations) == [mutation.key for mutation in table.mutations]


@pytest.mark.parametrize(("table", "key", "name"), MUST_CATCH, ids=str)
def test_what_a_design_rests_on_cannot_be_recorded_as_harmless(
    table: Table, key: str, name: str
) -> None:
    assert name in table.read().mutations[key]["broken"]


@each_table
def test_a_person_says_why_no_property_breaks(table: Table) -> None:
    recorded = table.read()
    for key, found in recorded.mutations.items():
        assert recorded.kind(key), f"say why {key} is harmless in {table.data.name}"
        for kind in BY_HAND:
            assert str(found.get(kind) or "A reason.").endswith("."), f"{key} in {table.data.name}"


@each_table
def test_the_page_shows_what_is_recorded(table: Table) -> None:
    assert table.page.read_text(encoding="utf-8") == page(table, table.read())


# -- the mutations themselves ------------------------------------------------------------------


@pytest.mark.parametrize("size", [Size(2, 1), Size(1, 1, groups=2)], ids=str)
@each_table
def test_mutations_are_called_the_same_at_every_size(table: Table, size: Size) -> None:
    assert Mutator(table.design.system(size)).mutations() == table.mutations


@each_table
def test_every_condition_and_every_update_is_dropped_by_some_mutation(table: Table) -> None:
    mutator = table.judge.mutator
    for action_ in table.judge.system.actions:
        own = [m for m in table.mutations if m.action == action_.name]
        kept = [set(mutator.guard(action_, m)) for m in own if m.part is Part.GUARD]
        assert not set(action_.guard).intersection(*kept)
        left = [set(mutator.updates(action_, m)) for m in own if m.part is Part.UPDATE]
        assert not set(action_.updates).intersection(*left)


def test_a_mutation_leaves_other_actions_alone() -> None:
    for mutation in MERGED.mutations:
        mutant = MERGED.judge.mutator.mutant(mutation)
        for old, new in zip(MERGED.judge.system.actions, mutant.actions, strict=True):
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


@action
def rest(c: Counter) -> Action:
    """At zero, nothing happens."""
    return Action(guard=[c.value == 0], update=[])


def judged(key: str, *properties: Property) -> Outcome:
    """What dropping ``key`` from a counter does."""
    system = System("counter", [Counter("counter")], [up, up_carefully, down, reset, rest])
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


def test_a_guard_whose_loss_only_lets_nothing_happen_is_idle_without_it() -> None:
    assert judged("rest/guard/counter.value == 0", returns_to_zero) == Outcome(idle=True)


def test_no_mutation_is_blamed_for_what_the_system_itself_breaks() -> None:
    system = System("counter", [Counter("counter")], [up, down])
    mine = Judge(system, [returns_to_zero, stays_below_three])
    assert mine.violated == ("stays_below_three",)
    assert mine.properties == [returns_to_zero]


# -- twins ---------------------------------------------------------------------------------------


def named(name: str) -> Mutation:
    """Some mutation called so."""
    return Mutation("f", Part.GUARD, name)


A, B, C, D, E = map(named, "abcde")


def breaks_with(*sets: tuple[Mutation, ...]) -> Broken:
    """Something is broken by all of any one of ``sets``."""

    def broken(mutations: Sequence[Mutation]) -> tuple[str, ...]:
        return ("it",) if any(set(each) <= set(mutations) for each in sets) else ()

    return broken


def test_what_can_be_dropped_at_once_is_told_from_the_rest() -> None:
    broken = breaks_with((A, C), (B, D))
    assert together([A, B, C, D, E], broken) == (
        [A, B, E],
        [LeftOut(C, (A, B)), LeftOut(D, (A, B))],
    )


def test_related_are_those_of_one_action_and_those_about_one_thing() -> None:
    same_field = Mutation("g", Part.WHEN, "x", of="a")
    unrelated = Mutation("g", Part.UPDATE, "b")
    assert related([A, B, same_field]) == [(A, B), (A, same_field)]
    assert related([A, unrelated]) == []


def test_twins_are_as_few_as_it_takes() -> None:
    assert twins(LeftOut(D, (A, B, C)), breaks_with((B, D))) == Twins((D, B), ("it",))


def test_three_can_be_twins() -> None:
    assert twins(LeftOut(E, (A, B, C, D)), breaks_with((B, D, E))) == Twins((E, D, B), ("it",))


def test_a_lemma_that_the_system_never_met_is_not_blamed_on_a_mutation() -> None:
    system = System("counter", [Counter("counter")], [up, down, reset])
    mine = Judge(system, [returns_to_zero], lemmas=[stays_below_three])
    [mutation] = [m for m in mine.mutator.mutations() if m.key == "reset/guard/counter.value == 0"]
    assert mine.outcome(mutation) == Outcome()
