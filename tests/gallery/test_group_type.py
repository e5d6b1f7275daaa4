"""The group's type in sysfs: what B12 and B13 break, and what their fixes leave."""

from __future__ import annotations

import pytest

from model import check
from model.designs.bugs import (
    change_type_of_lone_device,
    change_type_while_unclaimed,
    set_dma_ops_with_domain,
)
from model.engines.result import Limits, Verdict
from model.engines.search import explore
from model.lang import (
    Action,
    Expr,
    Property,
    action,
    all_of,
    any_of,
    enabled,
    implies,
    invariant,
    reachable,
)
from model.linux.design import Design, Size
from model.linux.group_type import DomainType, TypedDevice, TypedGroup, has_members
from model.linux.state import Driver, File, Stage, owned_by_user, runs_kernel_dma

REFUSED = "type_change_refused_only_for_a_claim"
STALE = "kernel_dma_uses_its_groups_default_domain"
FIXED = "type_is_fixed_while_somebody_is_there"
LIMITS = Limits(max_states=400_000)

BROKEN = {
    change_type_of_lone_device.design: {REFUSED: 0},
    change_type_while_unclaimed.design: {STALE: 5},
    set_dma_ops_with_domain.design: {},
}


def answer(design: Design, question: Property, size: Size) -> Verdict:
    """What the search says to a question that is no property of the project's."""
    system = design.system(size)
    return explore(system, [question.ground(system)], LIMITS).findings[question.name].verdict


@pytest.mark.parametrize("design", BROKEN, ids=str)
def test_a_design_breaks_exactly_what_its_fix_is_for(design: Design) -> None:
    outcome = check(design)
    assert {FIXED, REFUSED, STALE} <= {result.asked.name for result in outcome.results}
    broken = {r.asked.name: r.finding.trace for r in outcome.results if r.finding.trace is not None}
    assert {name: len(trace) for name, trace in broken.items()} == BROKEN[design]
    held = [r.verdict for r in outcome.results if r.asked.name not in broken]
    assert set(held) == {Verdict.HOLDS}


# B12: the count under group->mutex takes the place of device_lock.


@invariant(broken="The type of a group with two devices could be changed.")
def two_devices_are_refused(g: TypedGroup) -> Expr[bool]:
    """With two members, a write to type answers -EINVAL."""
    both = all_of(d.stage != Stage.ABSENT for d in g.devices)
    return implies(both, enabled("iommu_group_store_type_einval", g))


def test_before_the_fix_a_group_of_two_devices_always_refuses() -> None:
    assert answer(change_type_of_lone_device.design, two_devices_are_refused, Size()) is (
        Verdict.HOLDS
    )


@reachable(broken="vfio's driver on an unopened group does not stand in the way.")
def unopened_vfio_driver_refuses(g: TypedGroup) -> Expr[bool]:
    """vfio's driver is bound, nobody has opened the group, and a write to type is refused."""
    bound = any_of((d.driver == Driver.VFIO) & (d.stage == Stage.BOUND) for d in g.devices)
    return all_of([bound, g.file == File.CLOSED, enabled("iommu_group_store_type_ebusy", g)])


@reachable(broken="vfio's driver on an unopened group stands in the way.")
def unopened_vfio_driver_does_not_refuse(g: TypedGroup) -> Expr[bool]:
    """vfio's driver is bound, nobody has opened the group, and the type can be changed."""
    bound = any_of((d.driver == Driver.VFIO) & (d.stage == Stage.BOUND) for d in g.devices)
    return all_of([bound, g.file == File.CLOSED, enabled("iommu_group_store_type", g)])


def test_a_vfio_driver_on_an_unopened_group_refuses_before_the_fix_only() -> None:
    """Row 18, third part: inferred, confirmed."""
    before, after = change_type_of_lone_device.design, change_type_while_unclaimed.design
    alone = Size(1, 0)
    assert answer(before, unopened_vfio_driver_refuses, alone) is Verdict.HOLDS
    assert answer(before, unopened_vfio_driver_does_not_refuse, alone) is not Verdict.HOLDS
    assert answer(after, unopened_vfio_driver_does_not_refuse, alone) is Verdict.HOLDS


@invariant(broken="A write to type is not refused.")
def claimed_group_is_refused(g: TypedGroup) -> Expr[bool]:
    """While userspace owns the group and it has a member, a write to type answers -EPERM."""
    return implies(owned_by_user(g) & has_members(g), enabled("iommu_group_store_type_eperm", g))


@pytest.mark.parametrize(
    "design", [change_type_while_unclaimed.design, set_dma_ops_with_domain.design], ids=str
)
def test_since_the_fix_an_owned_group_answers_eperm(design: Design) -> None:
    assert answer(design, claimed_group_is_refused, Size()) is Verdict.HOLDS


@reachable(broken="Userspace's driver leaves no group that it still owns.")
def owned_without_a_driver(g: TypedGroup) -> Expr[bool]:
    """Userspace owns a group whose only member has no driver: 5.19's, before B5 was fixed."""
    idle = all_of(d.stage == Stage.IDLE for d in g.devices)
    return owned_by_user(g) & idle


@action
def iommu_group_store_type(g: TypedGroup) -> Action:
    """The only member has no driver; on which domain the group is nobody asks."""
    plain = change_type_of_lone_device.iommu_group_store_type(g)
    return Action(plain.guard[:1], plain.update, plain.actor)


def test_an_owned_group_without_a_driver_is_refused_for_its_domain() -> None:
    """No driver is bound there, so that only the look at group->domain refuses."""
    alone = Size(1, 0)
    assert answer(change_type_of_lone_device.design, owned_without_a_driver, alone) is Verdict.HOLDS
    blind = change_type_of_lone_device.design.variant(
        "change_type_whatever_the_domain",
        but="the group's domain is not looked at",
        actions=[iommu_group_store_type],
    )
    assert check(blind, FIXED)[FIXED].verdict is Verdict.VIOLATED


# B13: DMA ops are made before the claim.


def test_the_type_changes_between_the_dma_ops_and_the_claim() -> None:
    trace = check(change_type_while_unclaimed.design, STALE)[STALE].finding.trace
    assert trace is not None
    assert [step.name for step in trace.actions] == [
        "bind_store",
        "arch_setup_dma_ops",
        "iommu_group_store_type",
        "dma_configure",
        "probe_start",
    ]


@reachable(broken="No driver is probed or bound with DMA ops of the other type.")
def bound_with_stale_dma_ops(d: TypedDevice) -> Expr[bool]:
    """A kernel driver is bound, and its DMA ops are made for a domain that is gone."""
    stale = (d.dma_ops == DomainType.DMA) & (d.group.type == DomainType.IDENTITY)
    return all_of([runs_kernel_dma(d), d.stage == Stage.BOUND, stale])


def test_device_lock_had_kept_the_change_out_of_that_window() -> None:
    """So that B12's fix opened the window that B13's fix closed."""
    before, after = change_type_of_lone_device.design, change_type_while_unclaimed.design
    assert answer(before, bound_with_stale_dma_ops, Size()) is not Verdict.HOLDS
    assert answer(after, bound_with_stale_dma_ops, Size()) is Verdict.HOLDS
    assert answer(set_dma_ops_with_domain.design, bound_with_stale_dma_ops, Size()) is not (
        Verdict.HOLDS
    )
