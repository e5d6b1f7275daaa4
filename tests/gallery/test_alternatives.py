"""What was proposed and rejected, and whether the model gives the same reasons."""

from __future__ import annotations

from model import check
from model.checker import Outcome
from model.designs import driver_managed_dma
from model.designs.alternatives import (
    DESIGNS,
    domain_as_owner,
    recompute_at_unbind,
    recompute_before_clear,
    scan_at_claim,
)
from model.engines.result import Verdict
from model.engines.search import explore
from model.lang import Action, Expr, Source, action, any_of, invariant, never_both
from model.linux import driver_core, iommu
from model.linux.design import Size
from model.linux.scanning import TokenDevice
from model.linux.state import Container, Domain, File, Group, runs_kernel_dma, user
from properties import locks

SAFE = "no_kernel_dma_in_user_owned_group"
NO_CLAIM = "no_user_claim_beside_kernel_dma"
DOMAIN = "kernel_dma_runs_on_kernel_domain"
STUB = "stub_never_refused_in_user_owned_group"
NEEDLESS = "user_claim_refused_only_for_kernel_dma"


def broken(outcome: Outcome) -> set[str]:
    """The names of the properties that are violated; none may be undecided."""
    assert {r.verdict for r in outcome.results} <= {Verdict.HOLDS, Verdict.VIOLATED}, outcome
    return {r.asked.name for r in outcome.results if r.verdict is Verdict.VIOLATED}


def steps(design: str, name: str) -> list[str]:
    """The actions of the trace that breaks ``name``."""
    trace = check(design, name)[name].finding.trace
    assert trace is not None
    return [step.name for step in trace.actions]


def in_order(expected: list[str], found: list[str]) -> bool:
    """Whether ``found`` has the ``expected`` actions, in this order, and perhaps others between."""
    rest = iter(found)
    return all(name in rest for name in expected)


def test_a_stub_without_the_flag_loses_the_stub_and_nothing_of_safety() -> None:
    assert broken(check("unflagged_stub")) == {STUB, NEEDLESS}
    assert STUB not in broken(check("driver_managed_dma", STUB))
    found = steps("unflagged_stub", STUB)
    assert len(found) == 7
    assert found[-2:] == ["set_container", "bind_store"]


def test_a_refused_claim_that_is_ignored_lets_userspace_in_beside_a_kernel_driver() -> None:
    found = steps("claim_failure_ignored", SAFE)
    assert len(found) == 9
    assert in_order(["dma_configure", "probe_start", "vfio_group_fops_open"], found)
    assert found[-1] == "set_container"
    assert steps("claim_failure_ignored", DOMAIN)[-2:] == ["set_container", "set_iommu"]


def test_inferred_a_release_that_asks_only_whether_somebody_claimed_warns_without_owner() -> None:
    # The prediction of 4.9-i: the count may be a kernel driver's, and then the release warns.
    outcome = check("claim_failure_ignored", "every_action_fires")
    assert outcome["every_action_fires"].verdict is Verdict.HOLDS
    names = {template.name for template in outcome.results[0].design.actions}
    assert {"release_dma_owner_unowned", "release_skipped"} <= names


def test_inferred_a_release_in_two_sections_lets_a_kernel_driver_probe_on_the_wrong_domain() -> (
    None
):
    found = steps("release_before_restore", DOMAIN)
    assert len(found) == 11
    assert in_order(["unset_container", "release_dma_owner", "dma_configure"], found)
    assert "release_restore_domain" not in found
    assert DOMAIN not in broken(check("driver_managed_dma", DOMAIN))


def test_a_member_that_was_read_without_its_lock_is_bound_before_the_claim() -> None:
    assert broken(check("scan_at_claim")) == {SAFE, NO_CLAIM, DOMAIN}
    found = steps("scan_at_claim", SAFE)
    assert len(found) == 10
    decisive = ["read_driver", "bind_store", "dma_configure", "probe_start", "set_container"]
    assert found[-5:] == decisive


def test_members_read_within_one_hold_of_the_mutex_are_no_race() -> None:
    """The race is between the reads and the claim; the missing device_lock alone is none."""
    at_once = scan_at_claim.design.variant(
        "scan_at_once", but="all is read under group->mutex", without=["read_driver"]
    )
    assert broken(check(at_once)) == set()


def test_members_read_with_their_locks_deadlock_with_a_probe() -> None:
    outcome = check("scan_at_claim_locked")
    assert not broken(outcome) & {SAFE, NO_CLAIM, DOMAIN}
    found = steps("scan_at_claim_locked", "no_lock_cycle")
    assert len(found) == 8
    assert found[-3:] == ["set_container_lock", "bind_store", "dma_configure_lock"]
    assert "group->mutex" in locks.no_lock_cycle.broken
    assert "device_lock" in locks.no_lock_cycle.broken


def test_the_deadlock_needs_one_device_and_is_for_ever() -> None:
    name = "device_lock_is_always_dropped"
    assert name in broken(check("scan_at_claim_locked", name))
    outcome = check("scan_at_claim_locked", "no_deadlock", devices=1, hotplug=0)
    assert outcome["no_deadlock"].verdict is Verdict.VIOLATED


def test_the_order_of_locks_concerns_only_a_design_that_keeps_the_mutex() -> None:
    concerned = [d.name for d in DESIGNS if locks.no_lock_cycle.concerns(d.system(Size()))]
    assert concerned == ["scan_at_claim_locked"]
    assert not locks.no_lock_cycle.concerns(driver_managed_dma.design.system(Size()))


def test_a_domain_is_no_owner_before_it_is_attached() -> None:
    found = steps("domain_as_owner", SAFE)
    assert len(found) == 9
    assert found[-4:] == ["set_container", "bind_store", "dma_configure", "probe_start"]


def test_the_window_without_a_domain_remains_if_the_drivers_could_be_read_at_once() -> None:
    ideal = domain_as_owner.design.variant(
        "domain_as_owner_ideal", but="all drivers are read at once", without=["read_driver"]
    )
    found = broken(check(ideal))
    assert SAFE in found
    assert not found & {NO_CLAIM, DOMAIN}


@invariant(broken="A kernel-DMA driver runs while userspace can drive a member.")
def no_kernel_dma_beside_device_fd(g: Group) -> Expr[bool]:
    """While userspace holds a device fd, no kernel-DMA driver is in .probe or bound."""
    return never_both(any_of(d.fd for d in g.devices), any_of(map(runs_kernel_dma, g.devices)))


def _detached(g: Group, core: Domain) -> Action:
    return Action(
        actor=user(g),
        guard=[g.file == File.OPEN, g.container == Container.IOMMU],
        update=[g.container.becomes(Container.SET), *iommu.switch(g, core)],
    )


@action(source=Source("iommu_detach_group", "drivers/iommu/iommu.c", "2021-11-15"))
def detach_to_default(g: Group) -> Action:
    """Userspace leaves its domain with device fds open; without an owner, for the default one."""
    return _detached(g, Domain.DEFAULT)


@action(source=Source("iommu_detach_group", "drivers/iommu/iommu.c", "6.1.192"))
def detach_to_blocking(g: Group) -> Action:
    """The same where the group has an owner: it is blocked."""
    return _detached(g, Domain.BLOCKING)


def test_between_two_domains_a_kernel_driver_can_bind_under_an_open_device_fd() -> None:
    """The detach window proper, which an ioctl as iommufd's would open; an owner closes it."""
    ideal = domain_as_owner.design.variant(
        "domain_as_owner_detached",
        but="all drivers are read at once, and userspace may detach with its devices open",
        actions=[detach_to_default],
        without=["read_driver"],
    )
    owned = driver_managed_dma.design.variant(
        "driver_managed_dma_detached",
        but="userspace may detach with its devices open",
        actions=[detach_to_blocking],
    )
    verdicts = []
    for design in (ideal, owned):
        system = design.system(Size())
        claim = no_kernel_dma_beside_device_fd.ground(system)
        verdicts.append(explore(system, [claim]).findings[claim.name].verdict)
    assert verdicts[0] is Verdict.VIOLATED
    # Nothing is forbidden where it never happens: both sides must have been seen.
    assert verdicts[1] is Verdict.HOLDS


def test_inferred_recomputing_after_the_driver_is_cleared_is_benign() -> None:
    # Refused is only a claim between the clearing of dev->driver and the hook.
    assert broken(check("recompute_at_unbind")) == {NEEDLESS}
    assert "device_unbind_cleanup" in steps("recompute_at_unbind", NEEDLESS)


def test_inferred_recomputing_before_the_driver_is_cleared_leaks_and_is_not_unsafe() -> None:
    assert broken(check("recompute_before_clear")) == {NEEDLESS}
    found = steps("recompute_before_clear", NEEDLESS)
    assert len(found) == 14
    # dev1 gives up while dev0, whose claim is never tried, still has a driver.
    assert in_order(["dma_configure_defer", "dma_cleanup", "device_unbind_cleanup_unwind"], found)
    assert check("recompute_before_clear", "group_can_be_claimed_again").passed


def test_two_drivers_that_leave_together_each_leave_the_token_to_the_other() -> None:
    never_deferred = recompute_before_clear.design.variant(
        "recompute_before_clear_no_defer",
        but="the firmware never defers",
        without=["dma_configure_defer"],
    )
    trace = check(never_deferred, NEEDLESS)[NEEDLESS].finding.trace
    assert trace is not None
    assert [step.name for step in trace.actions].count("dma_cleanup") == 2


@action(source=driver_core.device_release_driver.source)
def device_release_driver(d: TokenDevice) -> Action:
    """Unbind works the owner out again before it calls .remove."""
    plain = driver_core.device_release_driver(d)
    return Action(plain.guard, [*plain.update, *recompute_at_unbind.recompute(d)])


def test_recomputing_before_remove_is_unsafe() -> None:
    early = recompute_before_clear.design.variant(
        "recompute_before_remove",
        but="the hook also runs at BUS_NOTIFY_UNBIND_DRIVER",
        actions=[device_release_driver],
    )
    assert {SAFE, NO_CLAIM} <= broken(check(early))


def test_recomputing_from_reads_outside_the_mutex_is_unsafe() -> None:
    assert broken(check("recompute_unlocked")) == {SAFE, NO_CLAIM, DOMAIN, NEEDLESS}
    found = steps("recompute_unlocked", SAFE)
    assert len(found) == 15
    assert in_order(["read_others", "dma_configure", "recompute_owner_unwind"], found)
