"""The solver and the search say the same of the same design."""

from __future__ import annotations

import json

import pytest

from model import judging
from model.catalogue import find
from model.checker import Outcome, check
from model.engines.result import Finding, Report, Verdict
from model.judging import BY_Z3
from model.lang import Kind, Property
from model.linux.design import Size
from model.proof.prove import COVERED
from properties import PROPERTIES
from tests.cli.program import SAFE, call

TWELVE = (
    "no_user_claim_beside_kernel_dma",
    "owner_cnt_equals_claims_held",
    "no_claim_taken_from_another",
)


def by_z3(design: str) -> list[Property]:
    """The properties that concern ``design`` and that the solver decides."""
    system = find(design).design.system(Size())
    return [p for p in PROPERTIES if p.kind in BY_Z3 and p.concerns(system)]


def verdicts(outcome: Outcome) -> dict[str, tuple[Verdict, int | None]]:
    """Each property's verdict and length of trace."""
    return {
        r.asked.name: (r.verdict, None if r.finding.trace is None else len(r.finding.trace))
        for r in outcome.results
    }


def test_the_solver_proves_for_a_size_what_the_search_finds_in_the_merged_design() -> None:
    searched = verdicts(check("driver_managed_dma"))
    solved = verdicts(check("driver_managed_dma", engine="z3"))
    assert solved.items() <= searched.items()
    assert solved.keys() == {item.name for item in by_z3("driver_managed_dma")}
    assert {verdict for verdict, _ in solved.values()} == {Verdict.HOLDS}


@pytest.mark.parametrize("asked", [(SAFE,), TWELVE])
def test_the_solver_finds_violations_of_the_same_length(asked: tuple[str, ...]) -> None:
    searched = check("unuse_in_probe", *asked)
    solved = check("unuse_in_probe", *asked, engine="z3")
    assert verdicts(searched) == verdicts(solved)
    assert solved.passed


def test_all_engines_together_agree() -> None:
    ran = call("check", "driver_managed_dma", "--engine", "all", "--format", "json")
    assert ran.code == 0
    results = json.loads(ran.out)["results"]
    assert {r["engine"] for r in results} == {"all"}
    for engine, also in (("z3", Kind.REACHABLE), ("proof", None)):
        confirmed = {r["property"] for r in results if f"{engine} agrees" in r["reason"]}
        asked = by_z3("driver_managed_dma")
        assert confirmed >= {p.name for p in asked if p.kind in (*COVERED, also)}


def test_a_hint_is_shown_as_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    run = check("unuse_in_probe", "owner_cnt_never_below_zero").results[0].finding.trace
    stopped = Finding(Verdict.UNDETERMINED, "no violation within 24 steps", hint=run)
    monkeypatch.setattr(
        judging, "_solve", lambda *_: Report("z3", {"no_bug_on": stopped}, seconds=0, peak_bytes=0)
    )
    ran = call("check", "unuse_in_probe", "-p", "no_bug_on", "--engine", "z3")
    assert ran.code == 3
    assert "undetermined (expected: holds)" in ran.out
    assert "\nhint, not a violation: where induction stops" in ran.out
    assert (
        "  unuse_in_probe: no_bug_on: a step of dma_cleanup(dev0, vfio-pci) breaks it\n" in ran.out
    )
    assert "violated=0" in ran.out
    assert " violates " not in ran.out


def test_a_claim_about_runs_is_nothing_the_solver_answers() -> None:
    ran = call("check", "driver_managed_dma", "-p", "group_can_be_claimed_again", "--engine", "z3")
    assert ran.code == 3
    assert "undetermined (expected: holds)" in ran.out


def test_an_induction_may_assume_more_than_one_step() -> None:
    ran = call("check", "driver_managed_dma", "--engine", "z3", "--k", "2", "-p", SAFE)
    assert ran.code == 0
    assert "by induction" in ran.out
