"""The campaign notices engines that contradict each other, and goes on where it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from model.catalogue import Entry, find
from model.designs import DESIGNS
from model.diagrams.decide import decide
from model.engines.induction import prove
from model.engines.result import Finding, Limits, Report, Verdict
from model.judging import Engine, run
from model.lang import System
from model.linux.design import Size
from model.proof.family import Family
from model.proof.quantified import NotUniform
from properties import PROPERTIES
from tests.agreement import campaign
from tests.agreement.noted import Proof, Row, contradictions
from tests.agreement.page import PAGE, figures, table
from tests.agreement.solved import among, reached

MERGED, FAULTY = find("driver_managed_dma"), find("viability_check")
BROKEN = ("no_kernel_dma_in_user_owned_group", "no_deadlock")
NAMES = ["type_invariant", *BROKEN]


@pytest.fixture
def less(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Three properties, and little of everything, so that a test takes a second."""
    monkeypatch.setattr(campaign, "PROPERTIES", [p for p in PROPERTIES if p.name in NAMES])
    monkeypatch.chdir(tmp_path)


def asked(entry: Entry, *, search: bool = True) -> Row:
    """What is noted of a design with one device."""
    return campaign.asked(entry, 1, search=search)


def without_refusals(systems: object) -> Family:
    """A family that has lost a rule."""
    made = Family(systems)  # type: ignore[arg-type]  # as the campaign calls it
    made.rules = tuple(rule for rule in made.rules if "busy" not in rule.name)
    return made


@pytest.mark.usefixtures("less")
def test_each_engine_confirms_what_it_can() -> None:
    held, broken = asked(MERGED), asked(FAULTY)
    for row in (held, broken):
        assert (row.verdicts, row.open, row.counted, row.drawn) == (3, 0, 3, 3)
        assert (row.confirmed, row.wrong, row.quick) == (3, "", True)
    assert (held.by_induction, held.by_bounded, held.broken) == (3, 0, ())
    assert (broken.by_induction, broken.by_bounded, broken.broken) == (1, 2, BROKEN)


@pytest.mark.usefixtures("less")
def test_of_many_states_z3_has_the_lemmas_that_everybody_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(campaign, "EXACT", 100)
    row = asked(FAULTY)
    assert (row.by_induction, row.by_bounded, row.counted) == (1, 2, None)
    assert (row.drawn, row.confirmed, row.wrong) == (3, 3, "")
    monkeypatch.setattr(campaign, "DRAWN", 0.0)
    monkeypatch.setattr(campaign, "SOLVED", 0.0)
    row = asked(FAULTY)
    assert (row.searched, row.verdicts, row.confirmed) == (3, 3, 0)


@pytest.mark.usefixtures("less")
def test_without_a_search_diagrams_and_z3_confirm_each_other() -> None:
    row = asked(FAULTY, search=False)
    assert (row.searched, row.verdicts, row.open, row.broken) == (0, 3, 0, BROKEN)
    assert (row.by_induction, row.by_bounded, row.drawn, row.counted) == (1, 0, 3, None)
    assert (row.confirmed, row.wrong, row.quick) == (1, "", False)


@pytest.mark.usefixtures("less")
def test_a_counter_system_with_one_rule_less_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(campaign, "Family", without_refusals)
    row = asked(MERGED)
    assert "the counter system" in row.wrong
    assert (tmp_path / "disagreement-driver_managed_dma-states.json").exists()
    assert "**disagree**" in table([row], [])
    assert contradictions([row], []) == [row.wrong]


@pytest.mark.usefixtures("less")
@pytest.mark.parametrize(("lost", "told"), [(0, "diagrams count"), (2, "by diagrams, holds by")])
def test_diagrams_that_say_something_else_are_noticed(
    monkeypatch: pytest.MonkeyPatch, lost: int, told: str
) -> None:
    """Fewer steps than there are; and where nobody can compare numbers, another verdict."""

    def careless(systems: object, devices: int, *rest: object) -> Report:
        report = decide(systems, devices, *rest)  # type: ignore[arg-type]
        if not lost:
            return replace(report, transitions=(report.transitions or 0) - 1)
        wrong = {name: Finding(Verdict.VIOLATED) for name in report.findings}
        return replace(report, findings=wrong)

    monkeypatch.setattr(campaign, "EXACT", 100)
    monkeypatch.setattr(campaign, "decide", careless)
    assert told in asked(MERGED).wrong


@pytest.mark.usefixtures("less")
def test_a_search_that_takes_steps_too_many_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(engine: Engine, system: System, *rest: object) -> Report:
        actions = [replace(a, guard=()) if a.name == "set_container" else a for a in system.actions]
        return run(engine, system.with_actions(actions), *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(campaign, "run", careless)
    told = "bfs says violated in 4 steps, z3 says holds"
    assert told in asked(MERGED).wrong


@pytest.mark.usefixtures("less")
def test_devices_that_are_not_alike_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: object) -> Family:
        raise NotUniform("a quirk")

    monkeypatch.setattr(campaign, "Family", refused)
    row = asked(MERGED)
    assert (row.counted, row.confirmed, row.wrong) == (None, 3, "")
    assert "3: 3, 0, -, 3" in table([row], [])


def a_row(design: str, devices: int, *broken: str, quick: bool = True) -> Row:
    """What might be noted."""
    return Row(design, devices, 9, 9, 2, 1, broken, 3, 2, 4, 5, 6, "", quick, 60.0)  # a line


def test_what_is_proved_and_violated_is_a_contradiction() -> None:
    rows = [a_row("a", 1, "x"), a_row("b", 3, "y", "z")]
    proofs = [Proof("a", ("y",), 60.0), Proof("b", ("x", "z"), 60.0)]
    told = ["b: z: proved for every size, and violated with 3 devices"]
    assert contradictions(rows, proofs) == told
    assert "Disagreements: 1. Time: 4 minutes." in figures(rows, proofs)


def test_a_campaign_goes_on_where_it_was() -> None:
    chosen = [MERGED, FAULTY]
    first, second = (str(entry.design) for entry in chosen)

    def left(rows: list[Row], proofs: list[Proof]) -> list[tuple[Entry, int]]:
        return list(campaign.missing(chosen, 5, rows, proofs))

    small = [(entry, devices) for devices in (1, 2, 0) for entry in chosen]
    large = [(entry, devices) for entry in chosen for devices in (3, 4, 5)]
    assert left([], []) == small + large
    assert left([a_row(first, 1)], [Proof(second, (), 1.0)]) == small[1:5] + large
    rows = [a_row(n, k) for n in (first, second) for k in (1, 2)] + [a_row(first, 3)]
    assert left(rows, [Proof(n, (), 1.0) for n in (first, second)]) == large[1:]


def test_a_search_is_worth_a_try_if_the_one_before_was_quick() -> None:
    rows = [a_row("a", 2), a_row("b", 2, quick=False)]
    tried = [campaign.promising(rows, name, 3) for name in ("a", "b", "c")]
    assert tried == [True, False, False]
    assert campaign.promising([], "a", 1)


def test_the_lemma_is_what_is_reached_and_nothing_less() -> None:
    system = MERGED.design.system(Size(0, 1))
    claims = [item.ground(system) for item in PROPERTIES if item.name in NAMES]
    states = reached(system)
    assert len(set(states)) == 464
    for known, verdict in ((states, Verdict.HOLDS), (states[:-1], Verdict.UNDETERMINED)):
        report = prove(system, claims, lemmas=[among(system, known)], limits=Limits())
        assert {finding.verdict for finding in report.findings.values()} == {verdict}


def test_the_page_tells_of_every_design_and_of_no_disagreement() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for design in DESIGNS:
        assert f"| {design.name} " in text
    assert "**disagree**" not in text
    assert "Disagreements: 0." in text
