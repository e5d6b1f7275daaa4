"""The statements of docs/findings.md that no committed counterexample shows."""

from __future__ import annotations

from model import check
from model.designs import claim_in_probe, driver_managed_dma, suppress_auto_claim, unuse_in_probe
from model.engines.result import Verdict
from model.engines.search import explore
from model.lang import Action, Expr, action, all_of, any_of, reachable
from model.linux import ownership
from model.linux.design import Size
from model.linux.state import Device, Driver, Group, Stage, owned_by_user


@action(source=driver_managed_dma.dma_cleanup.source)
def dma_cleanup(d: Device, drv: Driver) -> Action | None:
    """Skip vfio and pci-stub by their kind, whether or not .probe has been called."""
    return ownership.cleanup(d, drv, skipped=unuse_in_probe.GIVES_BACK)


def test_a_cleanup_that_skips_by_kind_leaks_the_claim_of_a_probe_that_was_never_called() -> None:
    by_kind = unuse_in_probe.design.variant(
        "unuse_in_probe_by_kind", but="dma_cleanup skips vfio and pci-stub", actions=[dma_cleanup]
    )
    # Every leak adds to owner_cnt, which therefore outgrows any number of claims.
    leaks = ("type_invariant", "owner_cnt_equals_claims_held")
    for result in check(by_kind, *leaks, devices=1, hotplug=0).results:
        assert result.verdict is Verdict.VIOLATED
        assert result.finding.trace is not None
        assert "driver_sysfs_add_fail" in [step.name for step in result.finding.trace.actions]


@reachable(broken="The window between dma_cleanup and devres is closed.")
def claimed_while_devres_lives(g: Group) -> Expr[bool]:
    """Userspace owns the group while a kernel-DMA driver's devres is still to be freed."""
    leaving = any_of(
        all_of([d.driver == Driver.KERNEL, d.stage == Stage.DEVRES]) for d in g.devices
    )
    return owned_by_user(g) & leaving


def test_userspace_can_claim_between_dma_cleanup_and_the_end_of_devres() -> None:
    system = driver_managed_dma.design.system(Size())
    found = explore(system, [claimed_while_devres_lives.ground(system)])
    assert found.findings["claimed_while_devres_lives"].verdict is Verdict.HOLDS


def test_a_converted_driver_is_in_probe_before_it_asks() -> None:
    converted = claim_in_probe.design.variant(
        "claim_in_probe_converted",
        but="every driver is converted",
        drivers=(Driver.CONVERTED, Driver.VFIO, Driver.STUB),
    )
    outcome = check(converted, "no_kernel_dma_in_user_owned_group")
    assert outcome.results[0].verdict is Verdict.VIOLATED


def test_v4_loses_the_refusal_as_well_as_the_deferral() -> None:
    refusal_only = suppress_auto_claim.design.variant(
        "suppress_auto_claim_no_defer",
        but="the firmware never defers",
        without=["dma_configure_defer"],
    )
    trace = check(refusal_only, "bind_result_is_truthful").results[0].finding.trace
    assert trace is not None
    assert "dma_configure_busy" in [step.name for step in trace.actions]
