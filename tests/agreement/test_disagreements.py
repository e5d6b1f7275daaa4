"""Engines that contradict each other are never a verdict, and leave a file that says all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from model import checker, judging
from model.agreement import Disagreement, agreed
from model.catalogue import find
from model.checker import check
from model.dump import dump
from model.engines.result import Finding, Limits, Report, Verdict
from model.engines.search import explore
from model.lang import Claim, Property, System
from model.linux.design import Design, Size
from model.proving import proved
from tests.cli.program import SAFE, call, disk_full

HOLDS, PROVED, VIOLATED = Verdict.HOLDS, Verdict.PROVED, Verdict.VIOLATED
UNDETERMINED, VACUOUS = Verdict.UNDETERMINED, Verdict.VACUOUS
DESIGN = "unuse_in_probe"
ALL = ("check", DESIGN, "-p", SAFE, "--engine", "all", "--depth", "14")


def found(verdict: Verdict, steps: int | None = None) -> Finding:
    """A finding, with a shortest counterexample that begins as one of ``DESIGN`` does."""
    if steps is None:
        return Finding(verdict, "so")
    trace = check(DESIGN, SAFE)[SAFE].finding.trace
    assert trace is not None
    shorter = replace(trace, states=trace.states[: steps + 1], actions=trace.actions[:steps])
    return Finding(verdict, "so", shorter)


def report(engine: str, finding: Finding) -> Report:
    return Report(engine, {SAFE: finding}, seconds=0.0, peak_bytes=0)


SYSTEM = find(DESIGN).design.system(Size())


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (HOLDS, HOLDS, HOLDS),
        (HOLDS, PROVED, PROVED),
        (HOLDS, UNDETERMINED, HOLDS),
        (UNDETERMINED, HOLDS, HOLDS),
        (UNDETERMINED, PROVED, PROVED),
        (UNDETERMINED, VIOLATED, VIOLATED),
        (UNDETERMINED, UNDETERMINED, UNDETERMINED),
        (PROVED, HOLDS, PROVED),
        (VACUOUS, HOLDS, VACUOUS),
        (VACUOUS, PROVED, VACUOUS),
        (VIOLATED, UNDETERMINED, VIOLATED),
    ],
)
def test_an_answer_confirms_or_completes_another(
    one: Verdict, other: Verdict, both: Verdict
) -> None:
    told = agreed(SYSTEM, report("bfs", found(one)), report("z3", found(other)))
    assert told.findings[SAFE].verdict is both


@pytest.mark.parametrize(
    ("one", "other"),
    [(HOLDS, VIOLATED), (VIOLATED, HOLDS), (VIOLATED, PROVED), (PROVED, VIOLATED)],
)
def test_opposite_verdicts_are_none(one: Verdict, other: Verdict) -> None:
    with pytest.raises(Disagreement, match=f"{SAFE}: bfs says {one}, z3 says {other}$") as raised:
        agreed(SYSTEM, report("bfs", found(one)), report("z3", found(other)))
    assert [item.engine for item in raised.value.reports] == ["bfs", "z3"]


def test_shortest_counterexamples_have_one_length() -> None:
    first, same, longer = (report("bfs", found(VIOLATED, steps)) for steps in (5, 5, 6))
    assert "bfs agrees" in agreed(SYSTEM, first, same).findings[SAFE].reason
    with pytest.raises(Disagreement, match=r"violated in 5 steps, bfs says violated in 6 steps"):
        agreed(SYSTEM, first, longer)


def test_lengths_are_nobodys_fault_where_a_search_left_out_interleavings(tmp_path: Path) -> None:
    shortest, longer = (report("bfs", found(VIOLATED, steps)) for steps in (5, 6))
    hurried = replace(longer, hurried=True)
    for first, second in ((shortest, hurried), (hurried, shortest)):
        assert agreed(SYSTEM, first, second).findings[SAFE].verdict is VIOLATED
    # Its verdicts count like any other's, and the file says that it hurried.
    with pytest.raises(Disagreement) as raised:
        agreed(SYSTEM, hurried, report("z3", found(HOLDS)))
    told = json.loads(dump(raised.value, tmp_path).read_text(encoding="utf-8"))
    assert [each["hurried"] for each in told["reports"]] == [True, False]


def forgetful(system: System, claims: list[Claim], *_: object) -> Report:
    """A search that has lost an action."""
    lost = "dma_cleanup"
    return explore(
        system.with_actions([a for a in system.actions if a.name != lost]), claims, Limits()
    )


def test_a_search_that_loses_steps_is_found_out_and_all_is_written_down(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(judging, "explore", forgetful)
    monkeypatch.chdir(tmp_path)
    ran = call(*ALL)
    path = tmp_path / f"disagreement-{DESIGN}-{SAFE}.json"
    assert (ran.code, ran.out) == (70, "")
    assert ran.err == (
        f"error: internal error: Disagreement: {DESIGN}: {SAFE}: bfs says holds, "
        f"z3 says violated in 13 steps (all of it is in {path})\n"
    )
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told["called"] == f"python -m model {' '.join(ALL)}"
    assert told["size"] == {"devices": 1, "hotplug": 1, "groups": 1}
    first, second = told["reports"]
    assert (first["engine"], second["engine"]) == ("bfs", "z3")
    assert first["findings"][SAFE]["verdict"] == "holds"
    assert first["states"] > 1000
    # The trace can be cut out and replayed by itself.
    cut = tmp_path / "cut.itf.json"
    cut.write_text(json.dumps(second["findings"][SAFE]["trace"]), encoding="utf-8")
    assert "replayed: 13 steps" in call("replay", cut).out


def test_what_cannot_be_written_is_told_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(judging, "explore", forgetful)
    monkeypatch.setattr("os.fsync", disk_full)
    monkeypatch.chdir(tmp_path)
    ran = call(*ALL)
    assert ran.code == 70
    assert "bfs says holds, z3 says violated" in ran.err
    assert ran.err.endswith("(it could not be written down: No space left on device)\n")
    assert list(tmp_path.iterdir()) == []


def test_a_proof_of_something_else_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    other = find("driver_managed_dma").design

    def mistaken(_: Design, properties: list[Property], limits: Limits) -> Report:
        return proved(other, properties, limits)

    monkeypatch.setattr(checker, "proved", mistaken)
    with pytest.raises(Disagreement, match=r"all says violated in 13 steps, proof says proved"):
        check(DESIGN, SAFE, engine="all")


def test_where_all_engines_agree_each_is_named_and_the_strongest_verdict_given() -> None:
    (result,) = check("driver_managed_dma", SAFE, engine="all").results
    assert result.verdict is PROVED
    assert result.as_expected
    told = result.finding.reason
    assert "every reachable state was visited; z3 agrees: by induction" in told
    assert "proof agrees: any number of groups and devices, every run" in told
