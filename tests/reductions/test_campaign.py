"""The campaign notices whatever a reduction changes, and goes on where it was."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from model.designs import viability_check
from model.engines.choice import UNREDUCED, Reductions
from model.engines.kernel import native
from model.engines.result import Finding, Limits, Report, Verdict
from model.engines.search import explore
from model.lang import Claim, System
from model.linux.design import Size
from tests.reductions import campaign, compare
from tests.reductions.cases import RANDOM, Item, items, seeded
from tests.reductions.compare import asked_of, differences
from tests.reductions.noted import Row, read
from tests.reductions.page import PAGE, effects, figures, systems

SYSTEM = viability_check.design.system(Size(0, 1))
WHOLE = explore(SYSTEM, asked_of(SYSTEM))
WHOLE = replace(WHOLE, stored=WHOLE.states)
BROKEN, HELD = "no_bug_on", "type_invariant"
_TRACE = WHOLE.findings[BROKEN].trace
STEPS = 0 if _TRACE is None else len(_TRACE)


def with_finding(name: str, finding: Finding, **changed: object) -> Report:
    """``WHOLE`` with another finding."""
    findings = {**WHOLE.findings, name: finding}
    return replace(WHOLE, findings=findings, **changed)  # type: ignore[arg-type]  # the test's own


def cut(steps: int) -> Finding:
    """The violation with a trace of so many steps more, or fewer."""
    found = WHOLE.findings[BROKEN]
    assert found.trace is not None
    if steps > 0:
        states = (*found.trace.states, *[found.trace.states[-1]] * steps)
        actions = (*found.trace.actions, *[found.trace.actions[-1]] * steps)
    else:
        states, actions = found.trace.states[:steps], found.trace.actions[:steps]
    return replace(found, trace=replace(found.trace, states=states, actions=actions))


@pytest.mark.parametrize(
    ("fewer", "told"),
    [
        (with_finding(HELD, Finding(Verdict.VACUOUS)), f"{HELD}: vacuous instead of holds"),
        (with_finding(BROKEN, Finding(Verdict.HOLDS)), f"{BROKEN}: holds instead of violated"),
        (with_finding(BROKEN, Finding(Verdict.VIOLATED)), f"{BROKEN}: no trace"),
        (
            with_finding(HELD, Finding(Verdict.HOLDS, "so")),
            f"{HELD}: 'so' instead of 'every reachable state was visited'",
        ),
        (with_finding(BROKEN, cut(1)), f"{BROKEN}: {STEPS + 1} steps instead of {STEPS}"),
        (with_finding(BROKEN, cut(-1)), f"{BROKEN}: {STEPS - 1} steps instead of {STEPS}"),
        (
            with_finding(BROKEN, cut(-1), hurried=True),
            f"{BROKEN}: {STEPS - 1} steps instead of {STEPS}",
        ),
        (replace(WHOLE, stored=9_999), f"9999 states are stored instead of {WHOLE.stored}"),
        (replace(WHOLE, never_fired=("f",)), f"never taken: ('f',) instead of {WHOLE.never_fired}"),
        (
            replace(WHOLE, stopped=compare.FINISHED),
            f"one stops as {compare.FINISHED}, and the other does not",
        ),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_whatever_differs_is_told(fewer: Report, told: str) -> None:
    assert list(differences(WHOLE, fewer)) == [told]


def test_fewer_states_and_longer_traces_of_a_hurried_search_are_no_difference() -> None:
    assert list(differences(WHOLE, replace(WHOLE, stored=1))) == []
    assert list(differences(WHOLE, with_finding(BROKEN, cut(1), hurried=True))) == []


def test_which_of_several_devices_leaves_a_domain_is_no_difference() -> None:
    def left(title: str, word: str) -> Report:
        finding = Finding(Verdict.UNDETERMINED, f"the search is {word} where {title} leaves")
        return with_finding(HELD, finding, left_domain=title)

    assert list(differences(left("f(dev0)", "cut"), left("f(dev1)", "cut"))) == []
    told = f"{HELD}: 'the search is hurt where a step leaves'"
    (found,) = differences(left("f(dev0)", "cut"), left("f(dev1)", "hurt"))
    assert found.startswith(told)


def built(test: Callable[..., None]) -> Callable[..., None]:
    """A test that needs the kernel."""
    missing = pytest.mark.skipif(native.library() is None, reason="the kernel was not built")
    marked: Callable[..., None] = pytest.mark.kernel(missing(test))
    return marked


def a_design(limits: Limits = Limits()) -> Item:
    """One that has violations."""
    system = viability_check.design.system(Size(0, 2))
    return Item("gallery", "viability_check", lambda: (system, asked_of(system)), limits)


@built
def test_a_design_is_compared_by_every_reduction() -> None:
    row = campaign.compared(a_design())
    assert row.wrong == []
    assert list(row.stored) == list(campaign.REDUCTIONS)
    assert row.refused == {}
    assert row.verdicts[Verdict.VIOLATED] == 11
    assert row.stored["all"] < row.stored["symmetry"] < row.states


@built
def test_a_system_too_large_is_noted_and_not_compared() -> None:
    row = campaign.compared(a_design(Limits(max_states=100)))
    assert row.too_large
    assert (row.stored, row.wrong) == ({}, [])


@built
def test_a_reduction_that_loses_steps_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def unsound(system: System, claims: list[Claim], reductions: Reductions, *_: object) -> Report:
        lost = "" if reductions == UNREDUCED else "group_release"
        fewer = system.with_actions([a for a in system.actions if a.name != lost])
        return compare.report_of(fewer, asked_of(fewer) if lost else claims, UNREDUCED)

    monkeypatch.setattr(campaign, "report_of", unsound)
    wrong = campaign.compared(a_design()).wrong
    assert {told.split(":")[0] for told in wrong} == set(campaign.REDUCTIONS)


def a_row(kind: str, name: str, *wrong: str, too_large: bool = False) -> Row:
    """What might be noted."""
    stored = {} if too_large else {"symmetry": 50, "all": 100}
    return Row(kind, name, {"holds": 3}, 100, stored, {}, list(wrong), too_large, 60.0)


def test_a_campaign_goes_on_where_it_was() -> None:
    first, second = itertools.islice(items(), 2)
    some = list(itertools.islice(seeded(), RANDOM + 1))
    rows = [a_row(item.kind, item.name) for item in some[: RANDOM - 2]]
    rows[5] = replace(rows[5], too_large=True)
    rows.append(a_row(first.kind, first.name))
    left = campaign.wanted(rows)
    for item in some[RANDOM - 2 :]:
        assert next(left).name == item.name
        rows.append(a_row(item.kind, item.name))
    assert next(left).name == second.name


def test_what_is_noted_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "noted.jsonl"
    assert read(path) == []
    rows = [a_row("a", "x"), a_row("b", "z", "all: wrong")]
    path.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows), encoding="utf-8")
    assert read(path) == rows


def cells(table: str) -> list[str]:
    """Those of the first line below the heads."""
    return [cell.strip() for cell in table.splitlines()[2].split("|")[1:-1]]


def test_the_page_counts_what_was_compared() -> None:
    rows = [a_row("a", "x"), a_row("a", "y", too_large=True), a_row("b", "z", "all: wrong")]
    told = "2 systems, 12 verdicts compared with those without reductions. Differences: 1."
    assert told in figures(rows, 7)
    assert "Not asked yet: 7 systems." in figures(rows, 7)
    assert cells(systems(rows))[:4] == ["a", "1", "1", "3"]
    assert cells(effects(rows)) == ["a", "1: 2.00", "0"]


def test_the_page_tells_of_no_difference() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "Differences: 0." in text
    compared = [cells(f"\n\n{line}") for line in text.splitlines() if line.startswith("| ")]
    known = {line[0]: line[1] for line in reversed(compared)}
    assert known["random systems"] == f"{RANDOM:,}"
