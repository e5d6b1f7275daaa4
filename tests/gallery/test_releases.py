"""The releases after the merge: what the model says about each fix, before and after it."""

from __future__ import annotations

import pytest

from model import check
from model.designs import driver_managed_dma
from model.designs.releases import (
    defer_until_default_domain,
    detach_at_claim,
    disassociate_at_unregister,
    join_in_one_section,
    no_wait_at_unregister,
    release_parks_member,
    release_stops_at_failure,
    reset_fences_claims,
    switch_without_unwind,
    unwind_failed_attach,
    unwind_failed_switch,
    wait_for_group_fd,
)
from model.designs.releases.defer_until_default_domain import ReadyDevice, ReadyGroup
from model.designs.releases.reset_fences_claims import FencedDevice, FencedGroup
from model.engines.result import Limits, Verdict
from model.engines.search import explore
from model.lang import Expr, Property, all_of, any_of, enabled, implies, invariant, reachable
from model.linux.design import Design, Size
from model.linux.group_type import DomainType
from model.linux.iommufd import Context
from model.linux.lifetime import DisassociatedGroup
from model.linux.reset import in_reset
from model.linux.state import (
    Container,
    Device,
    Domain,
    Driver,
    File,
    Group,
    Owner,
    Ret,
    Stage,
    is_member,
    owned_by_user,
    runs_kernel_dma,
)

ISOLATION = "no_member_on_kernel_domain_in_user_owned_group"
STALE = "user_domain_only_within_container"
KERNEL_DOMAIN = "kernel_dma_runs_on_kernel_domain"
OWNED = "only_a_bound_vfio_driver_keeps_a_group_owned"
USER_REFUSED = "user_claim_refused_only_for_kernel_dma"
KERNEL_REFUSED = "kernel_driver_refused_only_in_user_owned_group"
HANG = "unbind_needs_no_closing_of_the_group_fd"
WAITS = "unbind_always_finishes_once_the_device_is_closed"
LEFT_BEHIND = "failed_switch_leaves_no_member_behind"
TYPE_REFUSED = "type_change_refused_only_for_a_claim"

LIMITS = Limits(max_states=400_000)
ONE_AND_ONE = Size()

BROKEN = {
    detach_at_claim.design: {ISOLATION: 6, STALE: 8, WAITS: 8},
    no_wait_at_unregister.design: {OWNED: 8},
    wait_for_group_fd.design: {HANG: 7, WAITS: 8},
    disassociate_at_unregister.design: {},
    switch_without_unwind.design: {KERNEL_DOMAIN: 9, STALE: 7, LEFT_BEHIND: 6},
    unwind_failed_attach.design: {KERNEL_DOMAIN: 9, LEFT_BEHIND: 6},
    unwind_failed_switch.design: {},
    release_stops_at_failure.design: {KERNEL_DOMAIN: 11, USER_REFUSED: 8, KERNEL_REFUSED: 16},
    release_parks_member.design: {KERNEL_DOMAIN: 11},
    join_in_one_section.design: {},
    defer_until_default_domain.design: {},
    reset_fences_claims.design: {USER_REFUSED: 7, TYPE_REFUSED: 2},
}


def story(design: Design, name: str) -> list[str]:
    """The actions of the counterexample to the property ``name``, in order."""
    trace = check(design, name)[name].finding.trace
    assert trace is not None
    return [step.name for step in trace.actions]


def answer(design: Design, question: Property, size: Size = ONE_AND_ONE) -> Verdict:
    """What the search says to a question that is no property of the project's."""
    system = design.system(size)
    return explore(system, [question.ground(system)], LIMITS).findings[question.name].verdict


@pytest.mark.parametrize("design", BROKEN, ids=str)
def test_a_release_breaks_exactly_what_was_fixed_after_it(design: Design) -> None:
    outcome = check(design)
    found = {
        result.asked.name: len(result.finding.trace)
        for result in outcome.results
        if result.verdict is not Verdict.HOLDS and result.finding.trace is not None
    }
    assert found == BROKEN[design]
    assert sum(result.verdict is not Verdict.HOLDS for result in outcome.results) == len(found)


# B1, 0286300e6045: a claim always assigns a domain.


def test_a_claim_without_detach_dev_leaves_the_members_on_the_kernels_domain() -> None:
    assert story(detach_at_claim.design, ISOLATION)[-2:] == [
        "vfio_group_fops_open",
        "set_container",
    ]


def test_without_detach_dev_the_members_stay_on_the_users_domain_when_it_is_freed() -> None:
    assert story(detach_at_claim.design, STALE)[-3:] == [
        "set_container",
        "set_iommu",
        "unset_container",
    ]


def test_the_blocking_domain_mends_both() -> None:
    outcome = check(driver_managed_dma.design, ISOLATION, STALE)
    assert {result.verdict for result in outcome.results} == {Verdict.HOLDS}


def test_the_device_fd_alone_reaches_no_kernel_memory_even_without_detach_dev() -> None:
    """The device fd needs SET_IOMMU, which attaches every member to the user's domain."""
    name = "no_kernel_memory_within_user_reach"
    assert check(detach_at_claim.design, name)[name].verdict is Verdict.HOLDS


# B5 and B6: what the last unregister does to the user.


def test_in_5_19_the_last_vfio_driver_leaves_a_group_that_stays_owned() -> None:
    assert story(no_wait_at_unregister.design, OWNED)[-3:] == [
        "set_container",
        "device_add_groups_fail",
        "vfio_unregister_group_dev",
    ]


@invariant(broken="An unbind through sysfs has left the group owned without a vfio driver.")
def unbound_group_is_free(g: Group) -> Expr[bool]:
    """Without a vfio driver or a probe under way the group is not owned."""
    idle = all_of(d.stage == Stage.IDLE for d in g.devices)
    return implies(idle, ~owned_by_user(g))


def test_in_5_19_a_plain_unbind_leaves_it_owned_as_well() -> None:
    system = no_wait_at_unregister.design.system(Size(1, 0))
    found = explore(system, [unbound_group_is_free.ground(system)], LIMITS)
    assert found.findings[unbound_group_is_free.name].verdict is Verdict.VIOLATED
    assert answer(disassociate_at_unregister.design, unbound_group_is_free) is Verdict.HOLDS


@reachable(broken="No device is removed while userspace owns the group.")
def unbound_device_vanishes_from_owned_group(g: Group) -> Expr[bool]:
    """A device without a driver is being removed while userspace owns its group."""
    return owned_by_user(g) & any_of(d.dead & (d.stage == Stage.IDLE) for d in g.devices)


def test_in_5_19_the_last_device_vanishes_from_a_group_whose_release_is_still_to_come() -> None:
    """The release then switches the domain of a device that the IOMMU driver has forgotten."""
    alone = Size(1, 0)
    question = unbound_device_vanishes_from_owned_group
    assert answer(no_wait_at_unregister.design, question, alone) is Verdict.HOLDS
    for fixed in (wait_for_group_fd, disassociate_at_unregister):
        assert answer(fixed.design, question, alone) is not Verdict.HOLDS


def test_beside_a_sibling_it_still_does_in_6_1() -> None:
    """The strict lifetime guards the last device only; the rest is B11's."""
    question = unbound_device_vanishes_from_owned_group
    assert answer(disassociate_at_unregister.design, question) is Verdict.HOLDS


def test_waiting_for_the_group_fd_mends_the_ownership_and_hangs_the_unbind() -> None:
    assert check(wait_for_group_fd.design, OWNED)[OWNED].verdict is Verdict.HOLDS
    assert story(wait_for_group_fd.design, HANG)[-3:] == [
        "vfio_group_fops_open",
        "device_add_groups_fail",
        "vfio_device_remove_group",
    ]


def test_the_hang_ends_when_userspace_lets_go() -> None:
    name = "device_lock_is_always_dropped"
    assert check(wait_for_group_fd.design, name)[name].verdict is Verdict.HOLDS


def test_disassociating_at_the_last_unregister_mends_the_ownership_and_the_hang() -> None:
    outcome = check(disassociate_at_unregister.design, OWNED, HANG)
    assert {result.verdict for result in outcome.results} == {Verdict.HOLDS}


@reachable(broken="Nobody opens a new vfio group beside the old one's fd.")
def old_fd_beside_new_owner(g: DisassociatedGroup) -> Expr[bool]:
    """Userspace owns the group through a new fd while the old one is still open."""

    return g.orphan & (g.container == Container.IOMMU)


def test_the_old_fd_does_not_keep_the_next_user_out() -> None:
    assert answer(disassociate_at_unregister.design, old_fd_beside_new_owner) is Verdict.HOLDS


# B8 and B9: attaching fails half-way.


def test_a_set_iommu_that_fails_leaves_a_member_on_a_domain_that_is_freed() -> None:
    assert story(switch_without_unwind.design, STALE)[-2:] == ["set_container", "set_iommu_fails"]


def test_with_the_failed_attach_unwound_no_member_keeps_the_freed_domain() -> None:
    assert check(unwind_failed_attach.design, STALE)[STALE].verdict is Verdict.HOLDS


@pytest.mark.parametrize("before", [switch_without_unwind.design, unwind_failed_attach.design])
def test_a_claim_that_fails_leaves_a_kernel_driver_with_a_blocked_device(before: Design) -> None:
    assert story(before, LEFT_BEHIND)[-1] == "set_container_fails"
    assert story(before, KERNEL_DOMAIN)[-4:] == [
        "set_container_fails",
        "bind_store",
        "dma_configure",
        "probe_start",
    ]


def test_with_every_switch_unwound_a_failed_switch_changes_nothing() -> None:
    outcome = check(unwind_failed_switch.design, KERNEL_DOMAIN, STALE, LEFT_BEHIND)
    assert {result.verdict for result in outcome.results} == {Verdict.HOLDS}


@pytest.mark.parametrize("name", [USER_REFUSED, KERNEL_REFUSED])
def test_a_release_that_fails_refuses_a_group_that_nobody_owns(name: str) -> None:
    assert "release_dma_owner_fails" in story(release_stops_at_failure.design, name)
    assert check(release_parks_member.design, name)[name].verdict is Verdict.HOLDS


def test_the_claim_is_refused_right_after_the_release_has_failed() -> None:
    assert story(release_stops_at_failure.design, USER_REFUSED)[-3:] == [
        "set_container",
        "unset_container",
        "release_dma_owner_fails",
    ]


def test_a_parked_member_stays_blocked_for_the_kernels_driver() -> None:
    """What must not fail and does costs one device its DMA, before the fix and after it."""
    for module in (release_stops_at_failure, release_parks_member):
        assert story(module.design, KERNEL_DOMAIN)[-4:] == [
            "release_dma_owner_fails",
            "bind_store",
            "dma_configure",
            "probe_start",
        ]


@pytest.mark.parametrize("design", [driver_managed_dma.design, *BROKEN], ids=str)
def test_no_release_lets_a_kernel_driver_run_beside_userspace(design: Design) -> None:
    safety = ("no_kernel_dma_in_user_owned_group", "no_user_claim_beside_kernel_dma")
    outcome = check(design, *safety)
    assert {result.verdict for result in outcome.results} == {Verdict.HOLDS}


# B10: one critical section of joining.


@invariant(broken="The second section moves a member.")
def second_section_moves_nothing(d: Device) -> Expr[bool]:
    """A joining member of a group without an owner is on the kernel's domain already."""
    joining = (d.stage == Stage.ADDING) & (d.group.owner == Owner.NULL)
    return implies(joining, d.domain == Domain.DEFAULT)


def test_without_private_domains_the_second_section_of_joining_moves_nothing() -> None:
    for design in (driver_managed_dma.design, unwind_failed_switch.design):
        assert answer(design, second_section_moves_nothing) is Verdict.HOLDS


def test_the_second_section_moves_a_member_only_where_a_release_has_failed() -> None:
    design = release_stops_at_failure.design
    assert answer(design, second_section_moves_nothing) is Verdict.VIOLATED


def test_no_property_tells_one_section_of_joining_from_two() -> None:
    one, two = (check(module.design) for module in (join_in_one_section, unwind_failed_switch))
    verdicts = [{r.asked.name: r.verdict for r in outcome.results} for outcome in (one, two)]
    assert verdicts[0] == verdicts[1]


# 6.15 and 7.3, each as a whole.


@invariant(broken="A kernel driver is let in before the default domain is there.")
def nobody_runs_without_a_default_domain(d: ReadyDevice) -> Expr[bool]:
    """While a kernel-DMA driver runs, its group has the default domain that its DMA ops are for."""
    ready = d.group.default_domain & (d.dma_ops == d.group.type)
    return implies(runs_kernel_dma(d), ready)


@reachable(broken="No kernel driver is deferred.")
def driver_is_deferred(d: ReadyDevice) -> Expr[bool]:
    """A kernel driver's probe answers -EPROBE_DEFER, because there is no default domain yet."""
    deferred = (d.stage == Stage.DEVRES) & (d.ret == Ret.EPROBE_DEFER)
    return all_of([deferred, d.driver == Driver.KERNEL, ~d.group.default_domain])


@reachable(broken="No context owns two devices of a group whose type was changed.")
def context_owns_a_group_of_the_other_type(g: ReadyGroup) -> Expr[bool]:
    """What 6.2, 6.4 and 6.15 brought, together: an iommufd context in a group of type identity."""
    devices = [d for d in g.devices if isinstance(d, ReadyDevice)]
    return all_of([g.type == DomainType.IDENTITY, *(d.ctx == Context.A for d in devices)])


WHOLE = [defer_until_default_domain.design, reset_fences_claims.design]


@pytest.mark.parametrize("design", WHOLE, ids=str)
def test_a_whole_release_has_what_was_added_one_by_one(design: Design) -> None:
    for question in (
        nobody_runs_without_a_default_domain,
        driver_is_deferred,
        context_owns_a_group_of_the_other_type,
    ):
        assert answer(design, question) is Verdict.HOLDS, question.name


@invariant(broken="Something is refused although nobody is being reset.")
def only_a_reset_refuses(g: FencedGroup) -> Expr[bool]:
    """With nobody being reset, an unclaimed group can be claimed and its type be changed."""
    free = all_of([g.owner_cnt == 0, g.default_domain, ~in_reset(g)])
    asked = all_of([g.file == File.OPEN, g.container == Container.NONE])
    claimed = implies(free & asked, enabled("set_container", g))
    there = any_of(is_member(d) for d in g.devices)
    return claimed & implies(free & there, enabled("iommu_group_store_type", g))


def test_what_a_reset_holds_up_in_7_3_is_over_with_the_reset() -> None:
    assert answer(reset_fences_claims.design, only_a_reset_refuses) is Verdict.HOLDS


@reachable(broken="No group is given back during a reset.")
def given_back_during_a_reset(g: FencedGroup) -> Expr[bool]:
    """The user has let go of a group with a member in a reset, and the group is the kernel's."""
    leaving = g.container == Container.UNSETTING
    return all_of([leaving, in_reset(g), enabled("release_dma_owner", g)])


def test_a_release_passes_by_the_reset_in_7_3() -> None:
    assert answer(reset_fences_claims.design, given_back_during_a_reset) is Verdict.HOLDS
    name = STALE
    assert check(reset_fences_claims.design, name)[name].verdict is Verdict.HOLDS


@reachable(broken="A context's second device waits for no reset.")
def second_device_claimed_during_a_reset(g: FencedGroup) -> Expr[bool]:
    """A context that owns the group claims a further device of it although one is being reset."""
    devices = [d for d in g.devices if isinstance(d, FencedDevice)]
    return any_of(
        all_of([in_reset(g), g.owner_cnt == 1, enabled("bind_iommufd", d, Context.A)])
        for d in devices
    )


def test_a_further_device_of_a_context_waits_for_no_reset() -> None:
    """It switches no domain, so nothing fences it."""
    question = second_device_claimed_during_a_reset
    assert answer(reset_fences_claims.design, question) is Verdict.HOLDS
