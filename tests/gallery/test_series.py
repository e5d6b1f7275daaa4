"""The versions of the series as posted: what breaks in each, and what the reference predicted."""

from __future__ import annotations

import functools

import pytest

from model import check
from model.designs import suppress_auto_claim, viability_check
from model.designs.series import (
    bridge_exempt_by_header,
    claim_assigns_domain,
    claim_first,
    claim_last,
    release_after_devres,
    release_checks_owner,
)
from model.engines.result import Finding, Limits, Verdict
from model.engines.search import explore
from model.lang import Action, Expr, action, all_of, any_of, field, implies, invariant, reachable
from model.linux import late_group
from model.linux.design import Design, Size
from model.linux.late_group import LateDevice, joined
from model.linux.state import (
    Container,
    Domain,
    Driver,
    Group,
    Owner,
    Stage,
    owned_by_user,
    runs_kernel_dma,
)

SAFETY = "no_kernel_dma_in_user_owned_group"
DOMAIN = "no_member_on_kernel_domain_in_user_owned_group"
UNCOUNTED = "bound_kernel_dma_driver_holds_a_claim"
THEFT = "no_claim_taken_from_another"
WAITS = "unbind_always_finishes_once_the_device_is_closed"
WARNING = "owner_cnt_never_below_zero"
STUCK = "kernel_driver_refused_only_in_user_owned_group"
CLAIM_FIRST = [claim_first.design, release_checks_owner.design, release_after_devres.design]
EVERY = [claim_last.design, claim_assigns_domain.design, *CLAIM_FIRST]
LIMITS = Limits(max_states=1_500_000)

named = functools.partial(pytest.mark.parametrize, "design", ids=lambda design: design.name)


@functools.cache
def findings(design: Design) -> dict[str, Finding]:
    """What the search says of every property, at the default size."""
    return {result.asked.name: result.finding for result in check(design, limits=LIMITS).results}


def broken(design: Design) -> set[str]:
    """The properties that are violated."""
    found = findings(design)
    assert {f.verdict for f in found.values()} <= {Verdict.HOLDS, Verdict.VIOLATED}
    return {name for name, finding in found.items() if finding.verdict is Verdict.VIOLATED}


def steps(design: Design, name: str) -> list[str]:
    """The actions of the shortest trace that violates a property."""
    trace = findings(design)[name].trace
    assert trace is not None
    return [action.name for action in trace.actions]


class EarlyDevice(LateDevice):
    """A device that was found by its IOMMU driver before anything else happened."""

    in_group = field(bool, True, "dev->iommu_group is set")
    domain = field(Domain, Domain.DEFAULT, "the domain the device is attached to")


@functools.cache
def with_groups_at_boot(design: Design) -> Design:
    """The design where the IOMMU driver knows every device before it is probed, as on x86."""
    late = ["iommu_probe_device_enodev", "bus_iommu_probe", "of_dma_configure"]
    return design.variant(
        f"{design.name}_with_groups_at_boot",
        but="every device has its group before it is probed",
        without=late,
        device=EarlyDevice,
    )


def is_reached(design: Design, name: str) -> bool:
    """One of the states below can be reached, at the default size."""
    system = design.system(Size())
    wanted = {p.name: p for p in STATES}[name]
    found = explore(system, [wanted.ground(system)], LIMITS).findings[name]
    assert found.verdict in (Verdict.HOLDS, Verdict.VACUOUS, Verdict.VIOLATED)
    return found.verdict is Verdict.HOLDS


@reachable(broken="Userspace never loses its count.")
def user_lost_its_count(g: Group) -> Expr[bool]:
    """Userspace owns the group, and owner_cnt is 0."""
    return all_of([owned_by_user(g), g.owner == Owner.VFIO, g.owner_cnt == 0])


@reachable(broken="No counted driver is bound beside userspace.")
def counted_driver_beside_user(g: Group) -> Expr[bool]:
    """Userspace owns the group, and a kernel-DMA driver is bound that was counted."""
    bound = [
        all_of([d.driver == Driver.KERNEL, d.stage == Stage.BOUND, d.claim]) for d in g.devices
    ]
    return owned_by_user(g) & any_of(bound)


@reachable(broken="No kernel-DMA driver is bound to a member beside userspace.")
def member_beside_user(g: Group) -> Expr[bool]:
    """Userspace owns the group, and a kernel-DMA driver is bound to a device that has joined it."""
    bound = [(d.driver == Driver.KERNEL) & (d.stage == Stage.BOUND) & joined(d) for d in g.devices]
    return owned_by_user(g) & any_of(bound)


@reachable(broken="devres is gone before userspace owns the group.")
def devres_beside_user(g: Group) -> Expr[bool]:
    """Userspace owns the group after some .remove, and that driver's devres is still alive."""
    leaving = (Stage.CLEANUP, Stage.DEVRES)
    return owned_by_user(g) & any_of(
        (d.driver == Driver.KERNEL) & d.stage.is_in(*leaving) for d in g.devices
    )


@reachable(broken="A claim is never repeated.")
def claim_repeated_by_its_owner(g: Group) -> Expr[bool]:
    """SET_CONTAINER finds a count held, and the owner that is asking."""
    return all_of([g.container == Container.NONE, g.owner == Owner.VFIO, g.owner_cnt > 0])


STATES = (
    user_lost_its_count,
    counted_driver_beside_user,
    member_beside_user,
    devres_beside_user,
    claim_repeated_by_its_owner,
)


def test_v8_is_safe_with_late_groups_and_breaks_nothing_but_the_domain_of_b1() -> None:
    assert broken(claim_last.design) == {DOMAIN, WAITS}
    assert steps(claim_last.design, DOMAIN) == [
        "bind_store",
        "dma_configure",
        "probe_start",
        "probe_succeed",
        "vfio_group_fops_open",
        "set_container_without_detach_dev",
    ]


def test_a_claim_that_assigns_a_domain_mends_v8() -> None:
    assert broken(claim_assigns_domain.design) == {WAITS}


def test_no_version_of_the_series_unbinds_before_the_container_has_gone() -> None:
    for design in EVERY:
        trace = findings(design)[WAITS].trace
        assert trace is not None
        assert trace.loop == len(trace)
        assert steps(design, WAITS)[-2:] == ["vfio_group_fops_open", "set_container"]


def test_v8_keeps_the_errno_that_v4_loses() -> None:
    assert "bind_result_is_truthful" in broken(suppress_auto_claim.design)
    assert "bind_result_is_truthful" not in broken(claim_last.design)


@named(CLAIM_FIRST)
def test_who_claims_first_lets_a_kernel_driver_probe_in_a_user_owned_group(design: Design) -> None:
    path = steps(design, SAFETY)
    assert len(path) == 11
    # Userspace has the group; then the claim finds no group, and only then the device joins.
    assert path[-5:] == [
        "set_container",
        "bind_store",
        "dma_configure",
        "of_dma_configure",
        "probe_start",
    ]


@named(CLAIM_FIRST)
def test_who_claims_first_lets_userspace_claim_beside_an_uncounted_driver(design: Design) -> None:
    path = steps(design, "no_user_claim_beside_kernel_dma")
    assert len(path) == 10
    assert path[-4:] == ["bind_store", "dma_configure", "of_dma_configure", "probe_start"]


@named(CLAIM_FIRST)
def test_who_claims_first_leaves_a_bound_driver_uncounted(design: Design) -> None:
    assert steps(design, UNCOUNTED) == [
        "bind_store",
        "dma_configure",
        "of_dma_configure",
        "probe_start",
        "probe_succeed",
        "driver_bound",
    ]


def test_the_release_of_an_uncounted_driver_warns_as_eric_auger_reported() -> None:
    assert steps(claim_first.design, WARNING) == [
        "bind_store",
        "dma_configure",
        "of_dma_configure",
        "driver_sysfs_add_fail",
        "dma_cleanup",
    ]
    assert steps(release_after_devres.design, WARNING)[-1] == "device_unbind_cleanup_unwind"


@named(CLAIM_FIRST)
def test_an_uncounted_driver_takes_back_the_count_of_its_sibling(design: Design) -> None:
    path = steps(design, THEFT)
    assert len(path) == (9 if design is release_after_devres.design else 8)
    assert path.count("dma_configure") == 2
    assert path.count("of_dma_configure") == 1


@named(CLAIM_FIRST)
def test_userspace_can_own_a_group_whose_counted_driver_was_robbed(design: Design) -> None:
    assert is_reached(design, "counted_driver_beside_user")


@named([claim_last.design, claim_assigns_domain.design])
def test_claiming_last_leaves_no_counted_driver_beside_userspace(design: Design) -> None:
    assert not is_reached(design, "counted_driver_beside_user")


def test_an_untyped_release_takes_the_users_count_as_well() -> None:
    assert is_reached(claim_first.design, "user_lost_its_count")
    assert not is_reached(release_checks_owner.design, "user_lost_its_count")


def test_a_user_who_was_robbed_cannot_release_so_the_group_stays_nobodys() -> None:
    path = steps(claim_first.design, STUCK)
    assert len(path) == 24
    assert path.index("dma_cleanup") < path.index("release_dma_owner")
    assert STUCK not in broken(release_checks_owner.design)


@action(source=claim_last.dma_configure.source, label="pci_dma_configure() no IOMMU yet")
def dma_configure_without_group(d: LateDevice) -> Action:
    """Firmware's part finds no IOMMU at all: the claim counts nothing."""
    return Action(
        [d.stage == Stage.CONFIGURE, d.driver == Driver.KERNEL, ~d.in_group],
        [d.stage.becomes(Stage.CONFIGURED)],
    )


@action(source=late_group.bus_iommu_probe.source)
def bus_iommu_probe(d: LateDevice) -> Action:
    """The IOMMU driver is registered although a driver is bound already."""
    return Action([d.stage.is_in(Stage.IDLE, Stage.BOUND), ~d.in_group], late_group.join(d))


@named([claim_last.design, claim_assigns_domain.design])
def test_an_iommu_driver_that_comes_after_the_bind_defeats_claiming_last_too(
    design: Design,
) -> None:
    really_late = design.variant(
        f"{design.name}_really_late",
        but="the IOMMU driver may be registered after a driver is bound",
        actions=[dma_configure_without_group, bus_iommu_probe],
    )
    assert is_reached(really_late, "member_beside_user")
    assert not is_reached(design, "member_beside_user")


@named(CLAIM_FIRST)
def test_who_claims_first_is_safe_if_every_group_is_there_at_boot(design: Design) -> None:
    found = check(with_groups_at_boot(design), SAFETY, UNCOUNTED, THEFT, WARNING, limits=LIMITS)
    assert {result.verdict for result in found.results} == {Verdict.HOLDS}


def test_v5_and_v6_differ_from_v7_only_after_a_stolen_count() -> None:
    """A repeated claim by the same owner: v5 and v6 count it, v7 refuses it; vfio asks once."""
    assert is_reached(claim_first.design, "claim_repeated_by_its_owner")
    assert not is_reached(with_groups_at_boot(claim_first.design), "claim_repeated_by_its_owner")
    assert not is_reached(claim_last.design, "claim_repeated_by_its_owner")


def test_v1_keeps_its_claim_until_devres_is_freed_and_no_later_version_does() -> None:
    v1, v7 = map(with_groups_at_boot, (release_after_devres.design, claim_first.design))
    assert not is_reached(v1, "devres_beside_user")
    assert is_reached(v7, "devres_beside_user")
    assert is_reached(with_groups_at_boot(release_checks_owner.design), "devres_beside_user")


@named([d for d in EVERY if d is not claim_assigns_domain.design])
def test_every_posted_version_leaves_a_member_on_the_kernels_domain(design: Design) -> None:
    assert steps(design, DOMAIN)[-1] == "set_container_without_detach_dev"


@named(EVERY)
def test_vfio_can_bind_to_a_hot_plugged_member_in_every_version(design: Design) -> None:
    capability = {
        "vfio_never_refused_in_user_owned_group",
        "stub_never_refused_in_user_owned_group",
        "hotplugged_member_can_join_its_user",
    }
    assert not capability & broken(design)


@invariant(broken="A device without a group is on some domain.")
def no_group_no_domain(d: LateDevice) -> Expr[bool]:
    """A device that has not joined is on no domain."""
    return implies(~d.in_group, d.domain == Domain.NONE)


@invariant(broken="A kernel-DMA driver runs on a device without a group.")
def no_group_no_kernel_dma(d: LateDevice) -> Expr[bool]:
    """Whatever runs a kernel-DMA driver has joined, so that the safety property may speak of it."""
    return implies(runs_kernel_dma(d), d.in_group)


@named(EVERY)
def test_no_domain_and_no_probe_reaches_a_device_that_has_not_joined(design: Design) -> None:
    system = design.system(Size())
    asked = [p.ground(system) for p in (no_group_no_domain, no_group_no_kernel_dma)]
    verdicts = [finding.verdict for finding in explore(system, asked, LIMITS).findings.values()]
    assert verdicts == [Verdict.HOLDS, Verdict.HOLDS]


# Before v1: the exemption by header type.


@reachable(broken="No kernel driver stays bound beside a device fd.")
def kernel_driver_bound_beside_device_fd(g: Group) -> Expr[bool]:
    """Userspace holds a device fd while a kernel-DMA driver is bound, and nothing has crashed."""
    bound = any_of((d.driver == Driver.KERNEL) & (d.stage == Stage.BOUND) for d in g.devices)
    alive = all_of(d.stage != Stage.OOPS for d in g.devices)
    return all_of([bound, alive, any_of(d.fd for d in g.devices)])


def test_only_a_bridges_driver_stays_beside_a_device_fd_up_to_5_18() -> None:
    question = kernel_driver_bound_beside_device_fd
    for design, stays in ((bridge_exempt_by_header.design, True), (viability_check.design, False)):
        system = design.system(Size())
        found = explore(system, [question.ground(system)], LIMITS).findings[question.name]
        assert found.verdict is not Verdict.UNDETERMINED
        assert (found.verdict is Verdict.HOLDS) == stays


def test_the_exemption_breaks_what_the_look_at_drivers_breaks() -> None:
    exempted, looked_at = broken(bridge_exempt_by_header.design), broken(viability_check.design)
    assert exempted == looked_at
