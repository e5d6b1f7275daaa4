"""Autoprobe: what a refused claim does to the loop, to the deferred list and to who is told."""

from __future__ import annotations

import pytest

from model import check
from model.checker import Outcome
from model.designs.bugs import (
    autoprobe_goes_on_after_refusal,
    autoprobe_off_ignored,
    autoprobe_off_respected,
    autoprobe_stops_at_refusal,
    override_before_autoprobe,
    retry_after_release,
    retry_noted_too_late,
)
from model.engines.result import Limits, Verdict
from model.engines.search import explore
from model.lang import (
    Expr,
    Possible,
    Property,
    all_of,
    invariant,
    never_both,
    possible,
    reachable,
)
from model.linux import autoprobe
from model.linux.autoprobe import (
    AutoprobedDevice,
    Loop,
    OverriddenDevice,
    SwitchedDevice,
    asked_by_hand,
)
from model.linux.design import Design, Size
from model.linux.state import Driver, Stage, owned_by_user

REACHES_VFIO = "refused_member_reaches_vfio_by_autoprobe"
RETRIED = "refused_or_deferred_probe_is_retried_or_reported"
QUEUED = "refused_device_is_queued_at_release"
OVERRIDDEN = "overridden_device_is_never_refused"
IN_THE_END = "refused_or_deferred_probe_is_retried_once_the_user_lets_go"
HELD = "added_member_can_be_held_unbound"

BROKEN = {
    autoprobe_stops_at_refusal.design: {REACHES_VFIO, RETRIED, IN_THE_END, QUEUED},
    autoprobe_goes_on_after_refusal.design: {RETRIED, IN_THE_END, QUEUED},
    override_before_autoprobe.design: {REACHES_VFIO, RETRIED, IN_THE_END, QUEUED},
    retry_after_release.design: {REACHES_VFIO},
    retry_noted_too_late.design: {REACHES_VFIO, IN_THE_END, QUEUED},
    autoprobe_off_ignored.design: {HELD},
    autoprobe_off_respected.design: set(),
}
VFIO_OWNS = ["bind_store", "dma_configure", "probe_start", "probe_succeed"]
VFIO_OWNS += ["vfio_group_fops_open", "set_container"]
ADDED = ["iommu_probe_device", "iommu_probe_device_end"]
REFUSED = ["device_initial_probe", "dma_configure_busy"]
UNWOUND = ["device_unbind_cleanup_unwind", "really_probe_return"]
LET_GO = "release_dma_owner"


def steps(design: Design, name: str) -> list[str]:
    """The actions of the trace that breaks ``name``."""
    trace = check(design, name)[name].finding.trace
    assert trace is not None
    return [step.name for step in trace.actions]


def decide(design: Design, claim: Property) -> Verdict:
    """What the search answers to a claim that is made here only."""
    system = design.system(Size())
    return explore(system, [claim.ground(system)]).findings[claim.name].verdict


@pytest.mark.parametrize("design", BROKEN, ids=str)
def test_each_design_breaks_what_its_page_says_within_400000_states(design: Design) -> None:
    outcome: Outcome = check(design, limits=Limits(max_states=400_000))
    assert {r.verdict for r in outcome.results} <= {Verdict.HOLDS, Verdict.VIOLATED}, outcome
    broken = {r.asked.name for r in outcome.results if r.verdict is Verdict.VIOLATED}
    assert broken == BROKEN[design]


# The loop


def test_the_refusal_of_the_first_match_keeps_vfio_from_being_tried() -> None:
    """Row 4 of the scenarios: inferred there, confirmed here."""
    found = steps(autoprobe_stops_at_refusal.design, REACHES_VFIO)
    assert found == [*VFIO_OWNS, *ADDED, *REFUSED]


@possible(broken="From here autoprobe alone no longer binds this member to vfio.")
def added_member_reaches_vfio_by_autoprobe(d: AutoprobedDevice) -> Possible:
    """A member that was added to a user-owned group can reach vfio without anybody's help."""
    alone = all_of([owned_by_user(d.group), ~asked_by_hand(d), ~d.dead])
    return Possible(
        when=alone & (d.stage == Stage.ADDED),
        during=alone,
        goal=all_of([alone, d.stage == Stage.BOUND, d.driver == Driver.VFIO]),
    )


@possible(broken="From here autoprobe alone no longer binds this member to vfio.")
def overridden_member_reaches_vfio_by_autoprobe(d: OverriddenDevice) -> Possible:
    """With driver_override set before the first match, autoprobe alone leads to vfio."""
    alone = all_of([owned_by_user(d.group), ~asked_by_hand(d), ~d.dead])
    return Possible(
        when=all_of([alone, d.stage == Stage.ADDED, d.override]),
        during=alone & d.override,
        goal=all_of([alone, d.stage == Stage.BOUND, d.driver == Driver.VFIO]),
    )


@pytest.mark.parametrize(
    ("design", "expected"),
    [
        (autoprobe_stops_at_refusal.design, Verdict.VIOLATED),
        (autoprobe_goes_on_after_refusal.design, Verdict.HOLDS),
    ],
    ids=str,
)
def test_a_hot_added_member_reaches_vfio_by_autoprobe_alone_only_if_the_loop_goes_on(
    design: Design, expected: Verdict
) -> None:
    assert decide(design, added_member_reaches_vfio_by_autoprobe) is expected


def test_driver_override_leads_a_hot_added_member_to_vfio_without_a_refusal() -> None:
    """Row 5 of the scenarios."""
    design = override_before_autoprobe.design
    assert decide(design, overridden_member_reaches_vfio_by_autoprobe) is Verdict.HOLDS
    assert check(design, OVERRIDDEN)[OVERRIDDEN].verdict is Verdict.HOLDS


def test_an_override_that_does_not_restrict_what_matches_would_be_noticed() -> None:
    careless = override_before_autoprobe.design.variant(
        "override_ignored_by_bind",
        but="sysfs binds any driver whatever driver_override says",
        actions=[autoprobe.bind_store],
    )
    assert check(careless, OVERRIDDEN)[OVERRIDDEN].verdict is Verdict.VIOLATED


@reachable(broken="No loop comes to its second match.")
def second_match_is_tried(d: AutoprobedDevice) -> Expr[bool]:
    """vfio's driver is in .probe because the kernel-DMA driver's .probe has failed."""
    return (d.loop == Loop.LAST) & (d.stage == Stage.PROBE)


def test_a_failed_probe_lets_the_loop_go_on_where_a_refusal_does_not() -> None:
    assert decide(autoprobe_stops_at_refusal.design, second_match_is_tried) is Verdict.HOLDS


# The deferred list, and who is told


def test_of_a_refused_autoprobe_nobody_is_told_and_nothing_is_left_to_retry_it() -> None:
    found = steps(autoprobe_stops_at_refusal.design, RETRIED)
    assert found == [*VFIO_OWNS, *ADDED, *REFUSED, *UNWOUND]


def test_the_release_of_ownership_does_not_bring_a_refused_driver_back() -> None:
    """Row 14 of the scenarios: inferred there, confirmed here."""
    found = steps(autoprobe_stops_at_refusal.design, QUEUED)
    assert found[-5:] == [*REFUSED, *UNWOUND, LET_GO]
    assert len(found) == 14


def test_a_loop_that_goes_on_still_loses_the_refusal_when_vfio_fails() -> None:
    found = steps(autoprobe_goes_on_after_refusal.design, RETRIED)
    assert found[8:12] == [*REFUSED, "device_unbind_cleanup_unwind", "next_match"]
    assert len(found) == 17


@possible(broken="From here the kernel never takes this device off the deferred list.")
def deferred_probe_is_retried(d: AutoprobedDevice) -> Possible:
    """A device on the deferred list can be probed again without anybody's help."""
    alone = all_of([~asked_by_hand(d), ~d.dead])
    return Possible(
        when=all_of([alone, d.stage == Stage.IDLE, d.deferred]),
        during=alone,
        goal=(d.stage == Stage.CONFIGURE) & (d.loop != Loop.OFF),
    )


@invariant(broken="A refused device is on the deferred list.")
def refused_device_is_not_on_the_list(d: AutoprobedDevice) -> Expr[bool]:
    """A device whose autoprobe was refused is not on the deferred list."""
    return never_both(d.refused, d.deferred)


@reachable(broken="No deferred device is retried in a user-owned group.")
def retry_in_user_owned_group(d: AutoprobedDevice) -> Expr[bool]:
    """Userspace has claimed the group while the device was on the deferred list."""
    return all_of([d.deferred, d.stage == Stage.IDLE, owned_by_user(d.group)])


def test_a_deferred_probe_is_retried_and_once_refused_it_is_not_queued_again() -> None:
    """Row 9 of the scenarios: inferred there, confirmed here."""
    design = autoprobe_stops_at_refusal.design
    assert decide(design, deferred_probe_is_retried) is Verdict.HOLDS
    assert decide(design, retry_in_user_owned_group) is Verdict.HOLDS
    assert decide(design, refused_device_is_not_on_the_list) is Verdict.HOLDS


def test_a_release_that_queues_the_refused_brings_them_back() -> None:
    outcome = check(retry_after_release.design, RETRIED, QUEUED)
    assert outcome[RETRIED].verdict is Verdict.HOLDS
    assert outcome[QUEUED].verdict is Verdict.HOLDS


def test_a_refusal_that_is_noted_after_the_mutex_was_dropped_misses_the_release() -> None:
    found = steps(retry_noted_too_late.design, QUEUED)
    assert found[-5:] == [*REFUSED, LET_GO, *UNWOUND]
    assert len(found) == 14


def test_a_loop_that_goes_on_and_a_release_that_retries_together_break_nothing() -> None:
    both = retry_after_release.design.variant(
        "goes_on_and_retries",
        but="a refused claim lets the loop go on",
        actions=[autoprobe_goes_on_after_refusal.dma_configure_busy],
    )
    assert {r.verdict for r in check(both).results} == {Verdict.HOLDS}


# B24


def test_a_hot_added_device_is_probed_although_the_admin_has_switched_autoprobe_off() -> None:
    assert steps(autoprobe_off_ignored.design, HELD) == ["drivers_autoprobe_store", *ADDED]


@possible(broken="Only a switch back to 1 lets this device have a driver.")
def held_member_can_be_bound_by_hand(d: SwitchedDevice) -> Possible:
    """With drivers_autoprobe left at 0, the admin can still bind vfio to a user's new member."""
    off = all_of([~d.group.drivers_autoprobe, owned_by_user(d.group), ~d.dead])
    return Possible(
        when=off & (d.stage == Stage.IDLE),
        during=off,
        goal=all_of([off, d.stage == Stage.BOUND, d.driver == Driver.VFIO]),
    )


def test_a_member_that_is_held_unbound_can_be_bound_by_hand() -> None:
    design = autoprobe_off_respected.design
    assert check(design, HELD)[HELD].verdict is Verdict.HOLDS
    assert decide(design, held_member_can_be_bound_by_hand) is Verdict.HOLDS
