"""What is known of each design, exactly: verdicts, lengths of traces, numbers of states."""

from __future__ import annotations

import pytest

from model import check
from model.catalogue import find
from model.checker import check_entry
from model.designs import DESIGNS, driver_managed_dma
from model.engines.choice import UNREDUCED
from model.engines.result import Verdict
from model.engines.search import explore
from model.judging import Effort
from model.lang import Source
from model.linux.design import Design, Size
from model.linux.state import Driver
from properties import PROPERTIES
from tests import readme

SAFETY = "no_kernel_dma_in_user_owned_group"
CAPABILITY = {
    "vfio_never_refused_in_user_owned_group",
    "stub_never_refused_in_user_owned_group",
    "hotplugged_member_can_join_its_user",
    "user_claim_refused_only_for_kernel_dma",
}

every_design = pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.name)


@pytest.mark.parametrize("name", readme.TABLES)
def test_the_documents_show_the_verdicts_and_exact_counts_of_today(name: str) -> None:
    assert readme.written(name) == readme.table(name)


def test_the_merged_design_holds_on_every_property_at_two_devices_and_one_hot_plugged() -> None:
    outcome = check("driver_managed_dma", devices=2, hotplug=1)
    assert outcome.passed, outcome
    system = driver_managed_dma.design.system(Size(2, 1))
    concerning = {item.name for item in PROPERTIES if item.concerns(system)}
    assert {result.asked.name for result in outcome.results} == concerning
    assert len(concerning) >= 29
    effort = Effort(reductions=UNREDUCED)
    whole = list(check_entry(find("driver_managed_dma"), [], Size(2, 1), effort=effort))
    assert all(result.as_expected for result in whole)
    assert {result.asked.name for result in whole} == concerning
    report = whole[0].report
    assert (report.states, report.transitions, report.depth) == (1_405_296, 8_308_308, 40)


def test_unuse_in_probe_loses_safety_in_thirteen_steps() -> None:
    trace = check("unuse_in_probe", SAFETY)[SAFETY].finding.trace
    assert trace is not None
    assert len(trace) == 13


def test_the_balanced_twin_loses_nothing_but_capability() -> None:
    outcome = check("unuse_in_probe_balanced")
    broken = {r.asked.name for r in outcome.results if r.verdict is Verdict.VIOLATED}
    assert broken == CAPABILITY


def test_the_dropped_errno_of_v4_is_caught_and_the_design_is_safe() -> None:
    outcome = check("suppress_auto_claim")
    assert outcome[SAFETY].verdict is Verdict.HOLDS
    assert outcome["bind_result_is_truthful"].verdict is Verdict.VIOLATED


def test_the_bug_on_of_the_viability_check_is_reached_after_the_whole_probe() -> None:
    trace = check("viability_check", "no_bug_on")["no_bug_on"].finding.trace
    assert trace is not None
    names = [action.name for action in trace.actions]
    # Userspace has the group; then the kernel driver is bound, probes to the end, and only then
    # somebody looks.
    assert names[-6:] == [
        "set_container",
        "bind_store",
        "dma_configure",
        "probe_start",
        "probe_succeed",
        "vfio_iommu_group_notifier_bug_on",
    ]


@every_design
def test_every_action_of_a_design_cites_what_it_models(design: Design) -> None:
    uncited = [a.name for a in design.actions if not isinstance(a.source, Source) or not a.doc]
    assert not uncited


@every_design
def test_a_design_says_where_it_comes_from_and_how_it_differs(design: Design) -> None:
    assert design.summary
    assert design.source
    assert design.fate
    assert (design.like is None) == (not design.but)


@every_design
def test_no_action_of_a_difference_is_the_same_as_before(design: Design) -> None:
    """A replaced action that says what the old one said would be a rule written twice."""
    if design.like is None:
        return
    mine, other = (d.system(Size(2, 0)).actions for d in (design, design.like))
    old = {action.title: action for action in other}
    functions = {template.name: template.function for template in design.like.actions}
    changed, _, _ = design.differences()
    recited = {t.name for t in design.actions if functions.get(t.name) is t.function}
    for name in set(changed) - recited:
        pairs = [(a, old.get(a.title)) for a in mine if a.name == name]
        same = all(
            b is not None
            and set(map(str, a.guard)) == set(map(str, b.guard))
            and set(map(str, a.updates)) == set(map(str, b.updates))
            and len(pairs) == sum(b.name == name for b in other)
            for a, b in pairs
        )
        assert not same, f"{design.name}: {name} changes nothing but its citation"


def test_a_hot_plugged_device_may_be_there_at_boot_or_not() -> None:
    system = driver_managed_dma.design.system(Size(1, 1))
    assert len(list(system.initial_states())) == 2


def test_the_last_member_may_leave_and_a_new_group_begins() -> None:
    outcome = check("driver_managed_dma", devices=0, hotplug=2)
    assert outcome.passed, outcome


def test_two_groups_do_not_disturb_each_other() -> None:
    """The states of two independent groups are the pairs of the states of one."""
    system = driver_managed_dma.design
    one = explore(system.system(Size(1, 0)), [])
    two = explore(system.system(Size(1, 0, groups=2)), [])
    assert one.states is not None
    assert two.states == one.states**2


def test_only_claim_in_probe_knows_converted_drivers() -> None:
    with_converted = [d.name for d in DESIGNS if Driver.CONVERTED in d.drivers]
    assert with_converted == ["claim_in_probe"]
