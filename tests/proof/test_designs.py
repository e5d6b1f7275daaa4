"""What is proved of the designs, and which designs are refused."""

from __future__ import annotations

import pytest

from model.catalogue import Entry, entries, find
from model.checker import check_entry
from model.designs import driver_managed_dma
from model.engines.result import Limits, Verdict
from model.judging import Engine
from model.lang import Action, ActionTemplate, Kind, action, count
from model.linux import driver_core
from model.linux.design import Design, Size
from model.linux.state import Device, Driver, Stage
from model.proof.family import Family
from model.proof.prove import COVERED, prove
from model.proof.quantified import NotUniform
from model.proving import family
from properties import PROPERTIES
from properties.safety import (
    no_bug_on,
    no_kernel_dma_in_user_owned_group,
    no_kernel_memory_within_user_reach,
)
from tests.proof import record

THREAD = [entry.design.name for entry in entries(["thread"])]
# The range of owner_cnt is an inequality there, and no equality implies it.
OPEN = {"unuse_in_probe": {"type_invariant"}}


# The last vfio driver that leaves is waited for by others here: counts alone take minutes for it.
RELEASES = ["wait_for_group_fd", "disassociate_at_unregister", "claim_per_device"]


@pytest.mark.parametrize("name", [*THREAD, *RELEASES])
def test_what_holds_in_every_state_is_proved_and_what_is_violated_is_not(name: str) -> None:
    entry = find(name)
    results = list(check_entry(entry, [], Size(), Engine.PROOF))
    for result in results:
        assert result.as_expected, f"{result.asked.name}: {result.finding.reason}"
        if result.verdict is Verdict.VIOLATED:
            assert result.finding.trace is not None
    unproved = {
        r.asked.name for r in results if r.verdict is Verdict.HOLDS and r.asked.kind in COVERED
    }
    assert unproved == OPEN.get(name, set())
    if name in THREAD:
        assert record.row(results)[:-1] == record.written("thread")[name][:-1]


def test_the_reason_says_how_few_devices_break_a_property() -> None:
    asked = [no_bug_on, no_kernel_memory_within_user_reach]
    results = list(check_entry(find("viability_check"), asked, Size(), Engine.PROOF))
    told = {r.asked.name: r.finding.reason for r in results}
    assert told["no_bug_on"].endswith("one device is enough")
    # While one device is open another one joins.
    assert told["no_kernel_memory_within_user_reach"].endswith("it takes 2 devices")
    fewest = {r.asked.name: r.finding.fewest for r in results}
    assert fewest == {"no_bug_on": 1, "no_kernel_memory_within_user_reach": 2}


@pytest.mark.parametrize("name", ["claim_first", "recompute_unlocked", "switch_without_unwind"])
def test_the_document_says_what_takes_two_devices(name: str) -> None:
    assert record.fewest(find(name)) == record.written(record.FEWEST)[name]


@action(source=driver_core.probe_start.source)
def probe_in_a_crowd(d: Device) -> Action:
    """Where two others are bound to vfio, a kernel driver is not asked for a claim."""
    others = [e for e in d.group.devices if e is not d]
    crowd = count((e.driver == Driver.VFIO) & (e.stage == Stage.BOUND) for e in others)
    return Action(
        guard=[d.stage == Stage.CONFIGURE, d.driver == Driver.KERNEL, ~(crowd < 2)],
        update=[d.stage.becomes(Stage.PROBE_ENTRY)],
    )


def test_what_is_not_proved_is_looked_for_with_more_devices() -> None:
    asked = [no_kernel_dma_in_user_owned_group, no_bug_on]
    design = variant(probe_in_a_crowd)
    found = {r.asked.name: r for r in check_entry(Entry(design, None), asked, Size(), Engine.PROOF)}
    wrong = found["no_kernel_dma_in_user_owned_group"]
    assert wrong.verdict is Verdict.VIOLATED
    assert wrong.finding.reason.endswith("it takes 3 devices")
    assert (wrong.finding.fewest, wrong.size) == (3, Size(0, 3))
    assert wrong.finding.trace is not None
    assert found["no_bug_on"].verdict is Verdict.PROVED
    # With fewer devices there is none.
    (fewer,) = check_entry(Entry(design, None), asked[:1], Size())
    assert fewer.verdict is Verdict.HOLDS


def variant(*actions: ActionTemplate[Action | None]) -> Design:
    return driver_managed_dma.design.variant("odd", but="it is odd", actions=actions)


def why(design: Design) -> str:
    """Why ``design`` is refused."""
    report = prove(family(design), design.system(Size(0, 2, 2)), [no_bug_on], Limits(timeout=60))
    assert report.findings["no_bug_on"].verdict is Verdict.UNDETERMINED
    return report.findings["no_bug_on"].reason


@action(source=driver_core.probe_start.source)
def probe_start(d: Device) -> Action | None:
    """The first device is never probed."""
    return None if d.name == "dev0" else driver_core.probe_start(d)


@action(source=driver_core.driver_bound.source)
def driver_bound(d: Device) -> Action:
    """A probe ends only once the last device is idle."""
    plain = driver_core.driver_bound(d)
    return Action([*plain.guard, d.group.devices[-1].stage == Stage.IDLE], plain.update)


@action(source=driver_core.device_release_driver.source)
def device_release_driver(d: Device) -> Action:
    """An unbind gives the first device back as well."""
    plain = driver_core.device_release_driver(d)
    first = d.group.devices[0]
    more = [] if d is first else [first.dead.becomes(False)]
    return Action(plain.guard, [*plain.update, *more])


@action(source=driver_core.really_probe_return.source)
def really_probe_return(d: Device) -> Action:
    """With five devices and more a result stays pending."""
    plain = driver_core.really_probe_return(d)
    return Action(plain.guard, plain.update[: 2 if len(d.group.devices) < 5 else 1])


@pytest.mark.parametrize(
    "template", [probe_start, driver_bound, device_release_driver, really_probe_return]
)
def test_a_design_that_singles_out_a_device_is_refused_by_its_action(
    template: ActionTemplate[Action | None],
) -> None:
    reason = why(variant(template))
    assert reason.startswith(f"the action {template.name}(dev")
    assert "singles out a member" in reason


def test_a_design_that_reads_its_members_in_an_order_is_refused() -> None:
    with pytest.raises(NotUniform, match=r"set_container\(group\) singles out a member"):
        Family(family(find("scan_at_claim").design))


def test_properties_along_runs_hold_for_the_size_searched_and_say_so() -> None:
    asked = [item for item in PROPERTIES if item.kind is Kind.POSSIBLE][:2]
    for result in check_entry(find("driver_managed_dma"), asked, Size(), Engine.PROOF):
        assert result.verdict is Verdict.HOLDS
        assert "at this size only" in result.finding.reason
