"""One device at a time: claims for iommufd contexts, and a PCI reset of one member."""

from __future__ import annotations

from model import check
from model.designs.releases import (
    claim_per_device,
    claim_per_device_untyped,
    reset_lets_release_pass,
    reset_refuses_release,
)
from model.engines.result import Limits, Verdict
from model.engines.search import explore
from model.lang import Expr, Property, all_of, any_of, enabled, implies, invariant, reachable
from model.linux.design import Design, Size
from model.linux.iommufd import Context, ContextDevice, ContextGroup, asks
from model.linux.reset import ResetDevice, in_reset
from model.linux.state import (
    Container,
    Domain,
    Driver,
    File,
    Group,
    Owner,
    Stage,
    is_member,
    is_vfio_registered,
    no_device_fd,
    owned_by_user,
)

ONE_CONTEXT = "one_context_per_group"
OWN_MEMORY = "claimed_device_reaches_only_its_own_context"
LIMITS = Limits(max_states=200_000)


def broken(design: Design) -> dict[str, int]:
    """What ``design`` breaks, with the lengths of the traces; anything else must hold."""
    outcome = check(design)
    found = {r.asked.name: r.finding.trace for r in outcome.results if r.finding.trace is not None}
    assert all(r.verdict is Verdict.HOLDS for r in outcome.results if r.asked.name not in found)
    return {name: len(trace) for name, trace in found.items()}


def story(design: Design, name: str) -> list[str]:
    """The actions of the counterexample to the property ``name``, in order."""
    trace = check(design, name)[name].finding.trace
    assert trace is not None
    return [step.name for step in trace.actions]


def answer(design: Design, question: Property) -> Verdict:
    """What the search says to a question that is no property of the project's."""
    system = design.system(Size())
    return explore(system, [question.ground(system)], LIMITS).findings[question.name].verdict


def devices(g: Group) -> list[ContextDevice]:
    """The members that a context may claim."""
    return [d for d in g.devices if isinstance(d, ContextDevice)]


# Claims are per device, and the context is compared.


def test_claiming_per_device_breaks_nothing() -> None:
    assert broken(claim_per_device.design) == {}


@reachable(broken="No context ever holds two devices.")
def one_context_holds_two_devices(g: ContextGroup) -> Expr[bool]:
    """One context has claimed two devices of a group, which counts two."""
    return all_of([*(d.ctx == Context.A for d in devices(g)), g.owner_cnt == 2])


def test_two_devices_of_one_context_count_two() -> None:
    assert answer(claim_per_device.design, one_context_holds_two_devices) is Verdict.HOLDS


@invariant(broken="The count and the claimed devices differ.")
def count_is_the_claimed_devices(g: ContextGroup) -> Expr[bool]:
    """While a context owns the group, every device that it has claimed counts one."""
    pair = [d.ctx != Context.NONE for d in devices(g)]
    return implies(
        g.owner_ctx != Context.NONE,
        ((g.owner_cnt == 2) & all_of(pair)) | ((g.owner_cnt == 1) & any_of(pair)),
    )


def test_a_contexts_count_is_the_number_of_its_devices() -> None:
    assert answer(claim_per_device.design, count_is_the_claimed_devices) is Verdict.HOLDS


@invariant(broken="The group is off the kernel's domain without a claim, or on it with one.")
def last_release_restores_the_kernels_domain(g: ContextGroup) -> Expr[bool]:
    """Without a container's claim the group is the kernel's exactly when no device is claimed."""
    unclaimed = all_of(d.ctx == Context.NONE for d in devices(g))
    home = (g.domain == Domain.DEFAULT) & (g.container == Container.NONE)
    return implies(g.owner == Owner.NULL, home == unclaimed)


def test_the_first_release_keeps_the_group_and_the_last_gives_it_back() -> None:
    question = last_release_restores_the_kernels_domain
    assert answer(claim_per_device.design, question) is Verdict.HOLDS


# Row 16: a second context on the same group.


@invariant(broken="Another context is not refused.")
def second_context_gets_eperm(d: ContextDevice) -> Expr[bool]:
    """Where one context owns the group, the other gets -EPERM for any further device of it."""
    group = d.group
    assert isinstance(group, ContextGroup)
    asked = all_of([*asks(d), group.owner_ctx == Context.A])
    return implies(asked, enabled("bind_iommufd_eperm", d, Context.B))


def test_a_second_context_gets_eperm() -> None:
    assert answer(claim_per_device.design, second_context_gets_eperm) is Verdict.HOLDS
    assert answer(claim_per_device_untyped.design, second_context_gets_eperm) is Verdict.VIOLATED


def test_without_the_comparison_two_contexts_share_a_group() -> None:
    assert broken(claim_per_device_untyped.design) == {ONE_CONTEXT: 10, OWN_MEMORY: 11}
    assert story(claim_per_device_untyped.design, ONE_CONTEXT)[-2:] == ["bind_iommufd"] * 2


def test_a_device_of_the_second_context_then_reaches_the_firsts_memory() -> None:
    assert story(claim_per_device_untyped.design, OWN_MEMORY)[-3:] == [
        "bind_iommufd",
        "bind_iommufd",
        "attach_iommufd_pt",
    ]


def test_nothing_that_asks_only_for_userspace_or_the_kernel_sees_the_missing_comparison() -> None:
    names = ("owner_cnt_equals_claims_held", "no_kernel_dma_in_user_owned_group")
    outcome = check(claim_per_device_untyped.design, *names)
    assert {result.verdict for result in outcome.results} == {Verdict.HOLDS}


# Row 6: a sibling is bound to a kernel-DMA driver.


@invariant(broken="BIND_IOMMUFD is not refused beside a kernel-DMA driver.")
def bind_gets_eperm_beside_kernel_driver(d: ContextDevice) -> Expr[bool]:
    """While a sibling is bound to a kernel-DMA driver, BIND_IOMMUFD answers -EPERM."""
    siblings = [e for e in d.group.devices if e is not d]
    bound = any_of((e.driver == Driver.KERNEL) & (e.stage == Stage.BOUND) for e in siblings)
    return implies(all_of([*asks(d), bound]), enabled("bind_iommufd_eperm", d, Context.A))


def test_a_device_claim_beside_a_kernel_driver_gets_eperm() -> None:
    for design in (claim_per_device.design, claim_per_device_untyped.design):
        assert answer(design, bind_gets_eperm_beside_kernel_driver) is Verdict.HOLDS


# What per-device claims do to B5 and B6.


@reachable(broken="The last vfio driver never has a claim of userspace's to end.")
def last_driver_ends_a_context(d: ContextDevice) -> Expr[bool]:
    """The last vfio driver is through with .remove while a context owns the group."""
    group = d.group
    assert isinstance(group, ContextGroup)
    through = (d.driver == Driver.VFIO) & (d.stage == Stage.CLEANUP)
    alone = ~any_of(is_vfio_registered(e) for e in group.devices)
    return all_of([through, alone, group.owner_ctx != Context.NONE])


def test_the_last_unregister_finds_no_context() -> None:
    """The driver of a claimed device waits for that device's file, so no claim outlives it."""
    assert answer(claim_per_device.design, last_driver_ends_a_context) is not Verdict.HOLDS


@reachable(broken="No device is claimed without being attached.")
def claimed_and_not_attached(g: ContextGroup) -> Expr[bool]:
    """A context has claimed a device, none is attached, and every member is blocked."""
    blocked = all_of(implies(is_member(d), d.domain == Domain.BLOCKING) for d in g.devices)
    return all_of([g.owner_ctx != Context.NONE, owned_by_user(g), no_device_fd(g), blocked])


def test_between_bind_and_attach_the_whole_group_is_blocked() -> None:
    assert answer(claim_per_device.design, claimed_and_not_attached) is Verdict.HOLDS


# B25: a PCI reset of one member while the group's domain is to be switched.

USER_REFUSED = "user_claim_refused_only_for_kernel_dma"
KERNEL_REFUSED = "kernel_driver_refused_only_in_user_owned_group"
KERNEL_DOMAIN = "kernel_dma_runs_on_kernel_domain"
STALE = "user_domain_only_within_container"


def test_a_release_that_a_reset_refuses_leaves_the_group_on_a_domain_that_is_freed() -> None:
    assert broken(reset_refuses_release.design) == {
        STALE: 9,
        KERNEL_DOMAIN: 13,
        KERNEL_REFUSED: 17,
        USER_REFUSED: 6,
    }
    assert story(reset_refuses_release.design, STALE)[-4:] == [
        "set_container",
        "set_iommu",
        "pci_dev_reset_iommu_prepare",
        "unset_container",
    ]


def test_a_kernel_driver_then_probes_on_a_domain_that_is_not_the_kernels() -> None:
    names = story(reset_refuses_release.design, KERNEL_DOMAIN)
    assert names[-5:] == [
        "pci_dev_reset_iommu_prepare",
        "release_dma_owner",
        "bind_store",
        "dma_configure",
        "probe_start",
    ]


def test_with_releases_passing_only_the_claim_is_refused() -> None:
    assert broken(reset_lets_release_pass.design) == {USER_REFUSED: 6}


@reachable(broken="No reset ends on a freed domain.")
def reset_ends_on_freed_domain(d: ResetDevice) -> Expr[bool]:
    """A device is being reset whose group is still said to be on a domain that was freed."""
    return all_of([d.blocked, d.group.domain == Domain.USER, d.group.container == Container.NONE])


def test_the_reset_then_attaches_the_device_to_the_freed_domain() -> None:
    assert answer(reset_refuses_release.design, reset_ends_on_freed_domain) is Verdict.HOLDS
    assert answer(reset_lets_release_pass.design, reset_ends_on_freed_domain) is not Verdict.HOLDS


# Row 20: a claim while a member is being reset.


@invariant(broken="A claim during a reset is not refused.")
def claim_during_reset_gets_ebusy(g: Group) -> Expr[bool]:
    """While a member is being reset, a claim of a free group answers -EBUSY."""
    asked = all_of([g.file == File.OPEN, g.container == Container.NONE, g.owner_cnt == 0])
    return implies(asked & in_reset(g), enabled("set_container_ebusy", g))


def test_a_claim_during_a_reset_gets_ebusy() -> None:
    for design in (reset_refuses_release.design, reset_lets_release_pass.design):
        assert answer(design, claim_during_reset_gets_ebusy) is Verdict.HOLDS


@invariant(broken="A claim is refused without a reset and without a kernel-DMA driver.")
def only_a_reset_refuses(g: Group) -> Expr[bool]:
    """Without a reset and without a kernel-DMA driver, SET_CONTAINER succeeds."""
    asked = all_of([g.file == File.OPEN, g.container == Container.NONE, ~in_reset(g)])
    return implies(
        asked & ~any_of(d.driver == Driver.KERNEL for d in g.devices), enabled("set_container", g)
    )


def test_the_refusal_lasts_as_long_as_the_reset_and_before_the_fix_longer() -> None:
    assert answer(reset_lets_release_pass.design, only_a_reset_refuses) is Verdict.HOLDS
    assert answer(reset_refuses_release.design, only_a_reset_refuses) is Verdict.VIOLATED
