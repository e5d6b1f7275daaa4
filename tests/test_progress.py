"""What happens in the end: what each claim relies on is needed, and what is broken is found."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from model import check
from model.designs import driver_managed_dma
from model.designs.bugs import retry_after_release
from model.designs.releases import wait_for_group_fd
from model.engines.result import Verdict
from model.engines.search import explore
from model.lang import Kind, Property
from model.linux.design import Design, Size
from properties import PROPERTIES, progress

LETS_GO = progress.unbind_always_finishes_once_the_user_lets_go
CLOSED = progress.unbind_always_finishes_once_the_device_is_closed
RETRIED = progress.refused_or_deferred_probe_is_retried_once_the_user_lets_go


def without(design: Design, asked: Property, words: str, actor: str) -> Verdict:
    """What is found of dev0 if what ``words`` say of ``actor`` is not assumed."""
    system = design.system(Size())
    claim = asked.ground(system)
    case = claim.cases[0]
    fair = tuple(f for f in case.fair if f.words != words or f.actions[0].actor != actor)
    assert len(fair) == len(case.fair) - 1
    claim = dataclasses.replace(claim, cases=(dataclasses.replace(case, fair=fair),))
    return explore(system, [claim]).findings[claim.name].verdict


@pytest.mark.parametrize(
    ("design", "asked", "words", "actor"),
    [
        (driver_managed_dma, LETS_GO, "a thread with device_lock goes on where it can", "dev0"),
        (wait_for_group_fd, LETS_GO, "closing the group ends once it has begun", "user"),
        (driver_managed_dma, CLOSED, "a thread with device_lock goes on where it can", "dev0"),
        (retry_after_release, RETRIED, "the worker of the deferred list runs", "dev0"),
    ],
)
def test_no_claim_holds_without_what_it_assumes(
    design: object, asked: Property, words: str, actor: str
) -> None:
    whole = design.design  # type: ignore[attr-defined]  # a design's module
    assert check(whole, asked.name)[asked.name].verdict is Verdict.HOLDS
    assert without(whole, asked, words, actor) is Verdict.VIOLATED


def test_the_page_on_the_model_says_what_each_claim_relies_on() -> None:
    page = " ".join((Path(__file__).parent.parent / "docs" / "model.md").read_text().split())
    asked = [item for item in PROPERTIES if item.kind is Kind.LEADS_TO]
    assert {LETS_GO, CLOSED, RETRIED} <= set(asked)
    system = retry_after_release.design.system(Size())
    for item in asked:
        assert f"`{item.name}`" in page
        for case in item.ground(system).cases:
            assert all(f"| {fair.words} |" in page for fair in case.fair), item.name


def test_a_file_that_is_never_released_keeps_an_unbind_waiting_for_ever() -> None:
    never = wait_for_group_fd.design.variant(
        "never_released", but="the group's file is never gone", without=["group_release_end"]
    )
    found = check(never, LETS_GO.name)[LETS_GO.name]
    trace = found.finding.trace
    assert found.verdict is Verdict.VIOLATED
    assert trace is not None
    assert trace.loop == len(trace)
    assert {"close_group_fd", "vfio_device_remove_group"} <= {a.name for a in trace.actions}


def test_what_can_still_happen_need_not_happen() -> None:
    """The refused device can be bound by hand, which nobody need do."""
    possible = "device_lock_is_always_dropped"
    outcome = check("wait_for_group_fd", possible, CLOSED.name)
    assert outcome[possible].verdict is Verdict.HOLDS
    assert outcome[CLOSED.name].verdict is Verdict.VIOLATED
