"""The checker as a library: regression tests of one's own designs."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from model import check, checker, judging
from model.agreement import Disagreement
from model.catalogue import UsageError, entries, find
from model.checker import ExitCode, Outcome, check_entry
from model.designs import DESIGNS
from model.engines.result import Finding, Limits, Report, Verdict
from model.lang import Action, Claim, ModelError, System, action
from model.linux.design import Size
from model.linux.state import Device, Stage
from properties import PROPERTIES
from tests.cli.program import SAFE, STUB, UNFLAGGED, environment, variant

MERGED = next(design for design in DESIGNS if design.name == "driver_managed_dma")
REGRESSION = f"""\
from model import check


def test_it_is_safe():
    outcome = check("unflagged.py", "{SAFE}")
    assert outcome.passed, outcome


def test_pci_stub_can_no_longer_fence():
    outcome = check("unflagged.py", "{STUB}")
    assert outcome["{STUB}"].verdict == "violated"
    assert outcome.passed, outcome
"""


def test_a_users_own_regression_test_passes_and_fails_readably(tmp_path: Path) -> None:
    variant(tmp_path, "unflagged", UNFLAGGED)
    (tmp_path / "test_mine.py").write_text(REGRESSION)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "1 failed, 1 passed" in ran.stdout
    assert f"unflagged: {STUB}: violated, expected holds" in ran.stdout


def test_an_outcome_answers_by_property() -> None:
    outcome = check("unuse_in_probe", SAFE, "no_bug_on")
    assert outcome.passed
    assert outcome.exit_code is ExitCode.AS_EXPECTED
    assert outcome[SAFE].verdict is Verdict.VIOLATED
    assert outcome[SAFE].expected is Verdict.VIOLATED
    trace = outcome[SAFE].finding.trace
    assert trace is not None
    assert len(trace) == 13
    assert outcome["no_bug_on"].verdict == "holds"
    assert str(outcome) == "2 verdicts as expected"
    with pytest.raises(KeyError, match=r"was not checked; known are: no_bug_on"):
        outcome["zzz"]


def test_a_design_of_ones_own_should_hold_everywhere() -> None:
    copy = MERGED.variant("copy", but="it is a copy")
    assert check(copy, "no_bug_on").passed
    failing = next(d for d in DESIGNS if d.name == "viability_check").variant("old", but="a copy")
    outcome = check(failing, "no_bug_on")
    assert not outcome.passed
    assert outcome.exit_code is ExitCode.VIOLATED
    assert str(outcome).startswith("old: no_bug_on: violated, expected holds: ")


def test_no_result_is_no_pass() -> None:
    assert Outcome(()).exit_code is ExitCode.VACUOUS
    assert not Outcome(()).passed


def test_a_design_that_was_skipped_is_no_pass() -> None:
    outcome = Outcome(check("driver_managed_dma", "no_bug_on").results, ("claim_in_probe",))
    assert outcome.exit_code is ExitCode.UNDETERMINED
    assert str(outcome) == "claim_in_probe: not checked"


@pytest.mark.parametrize(
    ("codes", "gravest"),
    [
        ("holds holds", ExitCode.AS_EXPECTED),
        ("holds proved", ExitCode.AS_EXPECTED),
        ("holds vacuous", ExitCode.VACUOUS),
        ("vacuous undetermined", ExitCode.UNDETERMINED),
        ("undetermined vacuous violated holds", ExitCode.VIOLATED),
    ],
)
def test_the_exit_code_is_the_gravest(codes: str, gravest: ExitCode) -> None:
    one = check("driver_managed_dma", "no_bug_on").results[0]
    results = [dataclasses.replace(one, finding=Finding(Verdict(v))) for v in codes.split()]
    assert Outcome(tuple(results)).exit_code is gravest


def test_limits_are_heeded() -> None:
    outcome = check("driver_managed_dma", "no_bug_on", limits=Limits(max_states=9))
    assert outcome["no_bug_on"].verdict is Verdict.UNDETERMINED
    assert outcome.exit_code is ExitCode.UNDETERMINED


def test_an_unknown_design_property_or_engine_is_refused() -> None:
    with pytest.raises(UsageError, match="did you mean driver_managed_dma"):
        check("driver_manged_dma")
    with pytest.raises(UsageError, match="did you mean no_bug_on"):
        check("driver_managed_dma", "no_bugon")
    with pytest.raises(ValueError, match="spin"):
        check("driver_managed_dma", engine="spin")


def test_without_named_properties_those_that_concern_the_design_are_checked() -> None:
    names = [result.asked.name for result in check_entry(find("viability_check"), [], Size(1, 0))]
    assert "no_bug_on" in names
    assert "owner_cnt_equals_claims_held" not in names
    system = find("driver_managed_dma").design.system(Size(1, 0))
    concerning = [item.name for item in PROPERTIES if item.concerns(system)]
    results = check_entry(find("driver_managed_dma"), [], Size(1, 0))
    assert [result.asked.name for result in results] == concerning


def test_an_expectation_counts_for_its_size_and_all_larger_ones() -> None:
    entry = find("unuse_in_probe")
    assert entry.expected(SAFE, Size(1, 1)) is Verdict.VIOLATED
    assert entry.expected(SAFE, Size(3, 0)) is Verdict.VIOLATED
    assert entry.expected(SAFE, Size(1, 0)) is Verdict.HOLDS
    assert entry.expected("no_bug_on", Size(3, 3)) is Verdict.HOLDS


def test_every_design_of_the_project_has_a_home() -> None:
    assert [entry.design for entry in entries()] == list(DESIGNS)
    assert all(entry.home and entry.home.name == entry.design.name for entry in entries())


def test_a_step_out_of_a_domain_is_a_mistake_unless_it_is_asked_about() -> None:
    @action
    def probe_succeed(d: Device) -> Action:
        """Counts further than the counter goes."""
        return Action(
            guard=[d.stage == Stage.PROBE],
            update=[d.group.owner_cnt.becomes(d.group.owner_cnt + 9)],
        )

    wrong = MERGED.variant("wrong", but="it counts too far", actions=[probe_succeed])
    with pytest.raises(ModelError, match="takes a variable outside its domain; widen"):
        check(wrong, "no_bug_on")
    assert check(wrong, "type_invariant")["type_invariant"].verdict is Verdict.VIOLATED


# -- two engines -----------------------------------------------------------------------------------


def answering(verdict: Verdict) -> object:
    """An engine that gives this verdict on everything."""

    def answer(_: System, claims: list[Claim], *__: object) -> Report:
        return Report("z3", {claim.name: Finding(verdict, "so") for claim in claims}, 0.0, 0)

    return answer


def test_engines_that_contradict_each_other_are_no_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(judging, "_solve", answering(Verdict.VIOLATED))
    with pytest.raises(Disagreement, match="no_bug_on: bfs says holds, z3 says violated"):
        check("driver_managed_dma", "no_bug_on", engine="all")


def test_an_engine_that_gave_up_contradicts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = Report("proof", {}, 0.0, 0)
    monkeypatch.setattr(checker, "proved", lambda *_: nothing)
    monkeypatch.setattr(judging, "_solve", answering(Verdict.UNDETERMINED))
    assert check("driver_managed_dma", "no_bug_on", engine="all").passed
    monkeypatch.setattr(judging, "_solve", answering(Verdict.HOLDS))
    limited = Limits(max_states=9)
    assert check("driver_managed_dma", "no_bug_on", engine="all", limits=limited).passed
