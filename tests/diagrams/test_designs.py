"""What decision diagrams say of designs: what the search says, and more devices."""

from __future__ import annotations

import pytest

from model.catalogue import UsageError, find
from model.checker import Outcome, check, check_entry
from model.engines.memory import Budget
from model.engines.result import Limits, Verdict
from model.judging import Engine
from model.linux.design import Size
from model.traces.trace import replay

SIXTEEN = 98_264_731_832_649_347_626_606_657_536


@pytest.mark.parametrize(
    ("name", "devices"),
    [
        ("viability_check", 2),
        ("claim_in_probe", 2),
        ("driver_managed_dma", 1),
        ("driver_managed_dma", 3),
        ("detach_at_claim", 2),
        ("wait_for_group_fd", 2),
    ],
)
def test_numbers_and_verdicts_are_those_of_the_search(name: str, devices: int) -> None:
    mine = check(name, devices=devices, hotplug=0, engine="diagrams")
    searched = list(check_entry(find(name), [], Size(devices, 0)))
    report = mine.results[0].report
    if devices < 3:  # from three on the search folds, and counts fewer
        assert report.states == searched[0].report.states
        assert report.transitions == searched[0].report.transitions
    verdicts = {result.asked.name: result.verdict for result in searched}
    for result in mine.results:
        assert result.verdict is verdicts[result.asked.name], result.asked.name
        if result.finding.trace:
            replay(result.finding.trace)


def test_the_merged_design_holds_with_sixteen_devices() -> None:
    outcome = check("driver_managed_dma", devices=16, hotplug=0, engine="diagrams")
    assert outcome.passed, outcome
    assert {result.verdict for result in outcome.results} == {Verdict.HOLDS}
    assert outcome.results[0].report.states == SIXTEEN


def test_a_violation_in_a_crowd_has_the_trace_of_few() -> None:
    found = check("claim_in_probe", devices=9, engine="diagrams").results
    (one,) = [r for r in found if r.asked.name == "no_kernel_dma_in_user_owned_group"]
    assert one.verdict is Verdict.VIOLATED
    assert one.finding.reason == "shortest trace; one device is enough"
    assert one.trace_size == Size(0, 1)
    assert one.size == Size(9, 1)


def why(outcome: Outcome) -> str:
    """The reason why nothing is known."""
    assert {result.verdict for result in outcome.results} == {Verdict.UNDETERMINED}
    (reason,) = {result.finding.reason for result in outcome.results}
    return reason


def test_a_design_that_reads_its_members_in_an_order_is_refused() -> None:
    assert "singles out a member" in why(check("scan_at_claim", engine="diagrams"))


def test_runs_are_not_spoken_of() -> None:
    asked = check("driver_managed_dma", "group_can_be_claimed_again", engine="diagrams")
    assert why(asked) == "diagrams are for what holds in every state"


def test_time_and_memory_are_bounded() -> None:
    entry = find("unuse_in_probe")
    for limits, reason in (
        (Limits(timeout=0.5), "--timeout 0.5 s reached"),
        (Limits(memory=Budget(1, "--memory 1K")), "--memory 1K reached"),
    ):
        found = tuple(check_entry(entry, [], Size(8, 0), Engine.DIAGRAMS, limits))
        assert why(Outcome(found)) == reason


def test_there_is_one_group_at_a_time() -> None:
    with pytest.raises(UsageError, match="leave --groups out"):
        check("driver_managed_dma", groups=2, engine="diagrams")
