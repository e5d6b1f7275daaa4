"""Bugs found after the merge: each breaks what its report says, and its fix mends that."""

from __future__ import annotations

import pytest

from model import check
from model.checker import Outcome
from model.designs.bugs import (
    cdx_drops_result,
    claim_before_default_domain,
    defer_without_default_domain,
    detach_whole_group,
    join_private_domain,
    probe_after_ready,
    probe_before_group_join,
    second_call_never_claims,
    second_configure_call,
    test_remove_with_cleanup,
    test_remove_without_cleanup,
    user_before_default_domain,
)
from model.engines.result import Verdict
from model.engines.search import explore
from model.lang import (
    Action,
    Expr,
    Possible,
    Property,
    action,
    all_of,
    any_of,
    possible,
    reachable,
)
from model.linux import private_domain
from model.linux.default_domain import LateDevice
from model.linux.design import Design, Size
from model.linux.half_added import HalfAddedDevice, TwiceConfiguredDevice
from model.linux.private_domain import Private, PrivateDevice
from model.linux.state import (
    Driver,
    Group,
    Owner,
    Ret,
    Stage,
    is_member,
    owned_by_user,
    runs_kernel_dma,
)
from model.linux.test_remove import ReprobedDevice

SAFE = "no_kernel_dma_in_user_owned_group"
NO_CLAIM = "no_user_claim_beside_kernel_dma"
DOMAIN = "kernel_dma_runs_on_kernel_domain"
COUNT = "owner_cnt_equals_claims_held"
UNDERFLOW = "owner_cnt_never_below_zero"
THEFT = "no_claim_taken_from_another"
HOLDS_CLAIM = "bound_kernel_dma_driver_holds_a_claim"
NEEDLESS = "user_claim_refused_only_for_kernel_dma"
FOREVER = "group_can_be_claimed_again"
SIBLING = "kernel_driver_refused_only_in_user_owned_group"
ELSEWHERE = "member_is_on_its_groups_own_domain"
FREED = "own_domain_only_while_its_driver_holds_it"

EVERY_COUNT = {SAFE, NO_CLAIM, DOMAIN, COUNT, UNDERFLOW, THEFT, HOLDS_CLAIM}

BROKEN = {
    "cdx_unclaimed": {SAFE, NO_CLAIM, DOMAIN, HOLDS_CLAIM},
    "cdx_drops_result": EVERY_COUNT,
    "cdx_drops_deferral": EVERY_COUNT,
    "cdx_returns_result": set(),
    "test_remove_without_cleanup": {COUNT, NEEDLESS},
    "test_remove_with_cleanup": set(),
    "probe_before_group_join": EVERY_COUNT,
    "probe_after_ready": set(),
    "claim_before_default_domain": {DOMAIN},
    "defer_without_default_domain": set(),
    "user_before_default_domain": {
        "no_member_on_kernel_domain_in_user_owned_group",
        "no_kernel_memory_within_user_reach",
        "open_device_is_on_user_domain",
    },
    "second_configure_call": {COUNT, NEEDLESS},
    "second_call_never_claims": set(),
    "join_default_domain": {ELSEWHERE, FREED, NEEDLESS, SIBLING},
    "join_private_domain": {FREED, NEEDLESS, SIBLING},
    "detach_whole_group": {SIBLING},
}
VFIO_OWNS = ["bind_store", "dma_configure", "probe_start", "probe_succeed"]
VFIO_OWNS += ["vfio_group_fops_open", "set_container"]


def steps(design: str, name: str) -> list[str]:
    """The actions of the trace that breaks ``name``."""
    trace = check(design, name)[name].finding.trace
    assert trace is not None
    return [step.name for step in trace.actions]


def decide(design: Design, claim: Property) -> Verdict:
    """What the search answers to a claim that is made here only."""
    system = design.system(Size())
    return explore(system, [claim.ground(system)]).findings[claim.name].verdict


@pytest.mark.parametrize("name", BROKEN)
def test_a_bug_breaks_what_its_report_says_and_a_fixed_design_breaks_nothing(name: str) -> None:
    outcome: Outcome = check(name)
    assert {r.verdict for r in outcome.results} <= {Verdict.HOLDS, Verdict.VIOLATED}, outcome
    broken = {r.asked.name for r in outcome.results if r.verdict is Verdict.VIOLATED}
    assert broken == BROKEN[name]


# B10


def test_a_new_member_is_put_on_the_default_domain_beside_a_drivers_own() -> None:
    found = steps("join_default_domain", ELSEWHERE)
    assert found[-3:] == ["iommu_attach_device", "iommu_probe_device", "iommu_probe_device_end"]
    assert len(found) == 8


@pytest.mark.parametrize("design", ["join_default_domain", "join_private_domain"])
def test_a_driver_that_leaves_a_group_of_two_frees_a_domain_that_is_in_use(design: str) -> None:
    """Before the fix and after it: detaching insists on a group of one device."""
    found = steps(design, FREED)
    assert found[-4:] == [
        "iommu_attach_device",
        "device_release_driver",
        "iommu_probe_device",
        "iommu_detach_device_warn",
    ]


@reachable(broken="No kernel driver is let in on the freed domain.")
def kernel_driver_on_a_freed_domain(d: PrivateDevice) -> Expr[bool]:
    """A kernel driver runs on a device of which the domain was freed: nothing was counted."""
    return all_of([runs_kernel_dma(d), d.private, d.group.private == Private.FREED])


def test_the_next_kernel_driver_is_let_in_on_the_freed_domain() -> None:
    """With owner_cnt at 0 a claim does not look at the domain."""
    fixed, mended = join_private_domain.design, detach_whole_group.design
    assert decide(fixed, kernel_driver_on_a_freed_domain) is Verdict.HOLDS
    assert decide(mended, kernel_driver_on_a_freed_domain) is Verdict.VACUOUS


@action(source=private_domain.iommu_attach_device.source)
def iommu_attach_device(d: PrivateDevice) -> Action:
    """A driver that says driver_managed_dma takes its group to a domain of its own, uncounted."""
    bound = (d.driver == Driver.STUB) & (d.stage == Stage.BOUND) & ~d.dead
    plain = private_domain.iommu_attach_device(d)
    return Action([bound, *plain.guard[1:]], plain.update)


@reachable(broken="No kernel driver runs on another driver's own domain.")
def kernel_driver_on_anothers_domain(d: PrivateDevice) -> Expr[bool]:
    """A kernel driver runs on a device that is on another driver's own domain."""
    return all_of([runs_kernel_dma(d), d.private, d.group.private == Private.YES, ~d.attached])


def test_an_uncounted_drivers_own_domain_refuses_no_sibling() -> None:
    """Inferred, confirmed: with owner_cnt at 0 nobody asks which domain the group is on."""
    uncounted = join_private_domain.design.variant(
        "attach_uncounted",
        but="the driver that attaches a domain of its own says driver_managed_dma",
        actions=[iommu_attach_device],
    )
    assert decide(uncounted, kernel_driver_on_anothers_domain) is Verdict.HOLDS
    counted = decide(join_private_domain.design, kernel_driver_on_anothers_domain)
    assert counted is Verdict.VACUOUS


# B14


def test_a_bus_that_never_claims_lets_userspace_in_beside_a_kernel_driver() -> None:
    found = steps("cdx_unclaimed", SAFE)
    assert found[:3] == ["bind_store", "dma_configure", "probe_start"]
    assert found[3:] == VFIO_OWNS
    assert len(found) == 9


def test_a_kernel_driver_is_probed_in_a_user_owned_group_although_its_claim_was_refused() -> None:
    """Row 21 of the scenarios: inferred there, confirmed here."""
    found = steps("cdx_drops_result", SAFE)
    assert found == [*VFIO_OWNS, "bind_store", "dma_configure_busy", "probe_start"]


def test_a_refused_driver_takes_the_count_of_userspace_when_it_leaves() -> None:
    found = steps("cdx_drops_result", THEFT)
    assert found[:-4] == VFIO_OWNS
    assert found[-4:] == [
        "bind_store",
        "dma_configure_busy",
        "driver_sysfs_add_fail",
        "dma_cleanup",
    ]


def test_a_refused_driver_that_outlives_the_owner_makes_unuse_warn() -> None:
    found = steps("cdx_drops_result", UNDERFLOW)
    assert len(found) == 12
    assert found[-1] == "dma_cleanup"
    assert found.index("dma_configure_busy") < found.index("release_dma_owner")


@reachable(broken="Userspace owns the group and its count is always there.")
def owner_without_a_count(g: Group) -> Expr[bool]:
    """Userspace owns the group and nothing is counted: the next kernel driver would be let in."""
    return (g.owner == Owner.VFIO) & (g.owner_cnt == 0)


def test_after_the_theft_userspace_owns_a_group_that_nothing_guards() -> None:
    assert decide(cdx_drops_result.design, owner_without_a_count) is Verdict.HOLDS


def test_returning_the_refusal_alone_would_not_mend_it() -> None:
    assert steps("cdx_drops_deferral", THEFT) == [
        "bind_store",
        "dma_configure",
        "bind_store",
        "dma_configure_defer",
        "driver_sysfs_add_fail",
        "dma_cleanup",
    ]


# B15


def test_the_second_probe_claims_again_before_the_first_claim_is_given_back() -> None:
    assert steps("test_remove_without_cleanup", COUNT) == [
        "bind_store",
        "dma_configure",
        "probe_start",
        "probe_succeed",
        "test_remove_once",
        "remove",
        "re_probe",
        "dma_configure",
    ]


@possible(broken="Userspace cannot claim this group any more as long as it lives.")
def group_can_be_claimed_while_it_lives(g: Group) -> Possible:
    """Userspace can come to own the group before its last member leaves."""
    lives = any_of(is_member(d) for d in g.devices)
    stays = any_of(is_member(d) & ~d.dead for d in g.devices)
    return Possible(when=stays, during=lives, goal=owned_by_user(g))


@pytest.mark.parametrize(
    ("design", "expected"),
    [
        (test_remove_without_cleanup.design, Verdict.VIOLATED),
        (test_remove_with_cleanup.design, Verdict.HOLDS),
        (second_configure_call.design, Verdict.VIOLATED),
        (second_call_never_claims.design, Verdict.HOLDS),
    ],
    ids=str,
)
def test_a_leaked_count_bars_userspace_as_long_as_the_group_lives(
    design: Design, expected: Verdict
) -> None:
    """Not longer: once every member is unplugged, a new group begins with a count of 0."""
    assert decide(design, group_can_be_claimed_while_it_lives) is expected
    assert check(design, FOREVER)[FOREVER].verdict is Verdict.HOLDS


@reachable(broken="The second pass is never refused.")
def second_pass_refused(d: ReprobedDevice) -> Expr[bool]:
    """Userspace has claimed between the two passes, and the second one is refused."""
    return d.second_pass & (d.ret == Ret.EBUSY)


def test_with_the_fix_userspace_may_come_between_the_two_passes() -> None:
    assert decide(test_remove_with_cleanup.design, second_pass_refused) is Verdict.HOLDS


# B23


def test_a_driver_that_comes_before_the_group_join_is_in_probe_in_a_user_owned_group() -> None:
    found = steps("probe_before_group_join", SAFE)
    assert found == [*VFIO_OWNS, "bus_add_device", "bind_store", "dma_configure", "probe_start"]


@reachable(broken="No kernel driver without a claim is bound to a member of a user-owned group.")
def uncounted_driver_on_a_member(d: HalfAddedDevice) -> Expr[bool]:
    """A kernel driver that was never counted is bound to a member of a user-owned group."""
    bound = (d.stage == Stage.BOUND) & (d.driver == Driver.KERNEL) & ~d.claim
    return all_of([bound, ~d.half_added, owned_by_user(d.group)])


def test_the_late_join_completes_the_mixed_group_and_waiting_until_ready_prevents_it() -> None:
    before, after = probe_before_group_join.design, probe_after_ready.design
    assert decide(before, uncounted_driver_on_a_member) is Verdict.HOLDS
    assert decide(after, uncounted_driver_on_a_member) is Verdict.VACUOUS


def test_a_driver_without_a_claim_takes_its_siblings_count_once_the_device_has_joined() -> None:
    assert steps("probe_before_group_join", THEFT)[-4:] == [
        "dma_configure",
        "iommu_probe_device",
        "driver_sysfs_add_fail",
        "dma_cleanup",
    ]


# B18


def test_a_claim_before_the_default_domain_lets_a_driver_start_on_no_domain() -> None:
    assert steps("claim_before_default_domain", DOMAIN) == [
        "bind_store",
        "dma_configure",
        "probe_start",
    ]


@reachable(broken="No kernel driver is bound before the default domain is set up.")
def bound_before_default_domain(d: LateDevice) -> Expr[bool]:
    """A kernel driver is bound, and the switch to the default domain is still to come."""
    bound = (d.stage == Stage.BOUND) & (d.driver == Driver.KERNEL)
    return bound & ~d.group.default_domain


def test_the_domain_is_set_under_a_bound_driver_unless_its_claim_was_deferred() -> None:
    before, after = claim_before_default_domain.design, defer_without_default_domain.design
    assert decide(before, bound_before_default_domain) is Verdict.HOLDS
    assert decide(after, bound_before_default_domain) is Verdict.VACUOUS


def test_a_user_claim_before_the_default_domain_ends_on_the_kernels_domain() -> None:
    found = steps("user_before_default_domain", "no_kernel_memory_within_user_reach")
    assert found == [*VFIO_OWNS, "set_iommu", "iommu_setup_default_domain", "get_device_fd"]
    assert user_before_default_domain.design.like is defer_without_default_domain.design


# B19


def test_one_bind_is_counted_twice_although_the_callers_test_dev_driver_first() -> None:
    """Question 4 of those not settled: yes, between the test and the second look."""
    assert steps("second_configure_call", COUNT) == [
        "bus_add_device",
        "iommu_init_device",
        "bind_store",
        "dma_configure",
        "second_call_claims",
    ]


def test_while_a_device_is_added_the_fix_of_b23_closes_the_window_too() -> None:
    """Then the IOMMU's own registration, later, is the only one to come upon drivers."""
    fix = {action.name: action for action in probe_after_ready.design.actions}
    both = second_configure_call.design.variant(
        "second_configure_call_after_ready",
        but="no probe begins before ready",
        actions=[fix["bind_store"], fix["bind_store_defer"]],
    )
    assert check(both, COUNT)[COUNT].verdict is Verdict.HOLDS


@reachable(broken="No driver is bound when the IOMMU probe looks again.")
def second_look_finds_a_driver(d: TwiceConfiguredDevice) -> Expr[bool]:
    """A driver is set on a joined device when the IOMMU probe's call comes to look."""
    return all_of([d.entered, d.driver == Driver.KERNEL, ~d.half_added])


def test_the_second_call_that_never_claims_meets_the_same_race() -> None:
    assert decide(second_call_never_claims.design, second_look_finds_a_driver) is Verdict.HOLDS
