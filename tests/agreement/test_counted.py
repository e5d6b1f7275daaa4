"""The counter system, searched with so many devices, is the design up to exchanges of devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from model.catalogue import find
from model.designs import DESIGNS, FAMILIES
from model.engines.result import Limits, Report
from model.engines.search import explore
from model.lang import Property, System
from model.linux.design import Size
from model.proof.family import Family
from model.proving import family, proved
from properties import PROPERTIES
from tests.agreement import campaign
from tests.agreement.counted import Answer, Counted
from tests.proof.families import random_family

FEW = 3000
LIMITS = Limits(timeout=60)


def found(system: System, properties: Sequence[Property]) -> Answer:
    """What the search says."""
    report = explore(system, [item.ground(system) for item in properties])
    violated = {
        name: len(finding.trace)
        for name, finding in report.findings.items()
        if finding.trace is not None
    }
    return Answer(
        report.states or 0, report.transitions or 0, report.depth or 0, report.complete, violated
    )


def test_random_families_have_the_same_states_steps_and_shortest_counterexamples() -> None:
    compared = violated = 0
    for seed in range(40):
        systems, properties = random_family(seed)
        counting = Counted(Family(systems))
        for members in (1, 2, 3):
            searched = found(systems(members), properties)
            if not searched.complete or searched.states > FEW:  # every claim was decided before
                continue
            assert counting.search(members, properties, FEW) == searched, (seed, members)
            compared += 1
            violated += len(searched.violated)
    assert compared > 60
    assert violated > 60


@pytest.mark.parametrize("name", ["driver_managed_dma", "viability_check"])
def test_designs_with_one_device_are_the_same_counted(name: str) -> None:
    design = find(name).design
    system = design.system(Size(0, 1))
    asked = [p for p in PROPERTIES if p.concerns(system) and p.kind in campaign.STATES]
    assert Counted(Family(family(design))).search(1, asked, FEW) == found(system, asked)


def test_a_limit_is_told() -> None:
    systems, properties = random_family(0)
    assert not Counted(Family(systems)).search(3, properties, 2).complete


def test_the_campaign_notices_a_counter_system_with_one_rule_less(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    entry = find("driver_managed_dma")

    def without(systems: object) -> Family:
        made = Family(systems)  # type: ignore[arg-type]  # as the campaign calls it
        made.rules = tuple(rule for rule in made.rules if "busy" not in rule.name)
        return made

    monkeypatch.setattr(campaign, "Family", without)
    monkeypatch.setattr(campaign, "proved", lambda *_: Report("proof", {}, 0.0, 0))
    monkeypatch.chdir(tmp_path)
    (row,) = campaign.asked(entry, 1)
    assert "the counter system" in row.wrong
    assert (tmp_path / "disagreement-driver_managed_dma-states.json").exists()
    assert "**disagree**" in campaign.table([row])


def test_the_campaign_notices_a_proof_of_what_is_violated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    entry = find("scan_at_claim")  # it is refused by the proof, which takes no time
    merged = find("driver_managed_dma").design
    monkeypatch.chdir(tmp_path)
    (row,) = campaign.asked(entry, 1)
    assert (row.wrong, row.by_proof, row.counted) == ("", 0, None)
    system = entry.design.system(Size(0, 1))
    report = explore(system, [p.ground(system) for p in PROPERTIES if p.concerns(system)])
    violated = next(name for name, f in report.findings.items() if f.trace is not None)
    proof = proved(merged, [p for p in PROPERTIES if p.name == "no_bug_on"], LIMITS)
    lie = replace(proof, findings={violated: proof.findings["no_bug_on"]})
    monkeypatch.setattr(campaign, "proved", lambda *_: lie)
    (row,) = campaign.asked(entry, 1)
    assert f"{violated}: bfs says violated" in row.wrong
    assert "proof says proved" in row.wrong


def test_the_page_tells_of_designs_and_of_no_disagreement() -> None:
    text = campaign.PAGE.read_text(encoding="utf-8")
    names = [line.split()[1] for line in text.splitlines() if line.startswith("| ")][1:]
    assert {design.name for design in FAMILIES["thread"]} <= set(names)
    assert set(names) <= {design.name for design in DESIGNS}
    assert "**disagree**" not in text
    assert "Disagreements: 0." in text
