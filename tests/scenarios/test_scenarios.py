"""The shipped scenarios: every answer that a source tells, and what each look shows."""

from __future__ import annotations

import re

import pytest

from model.designs import DESIGNS, THREAD
from model.scenarios.played import Played
from model.scenarios.run import play
from model.scenarios.script import Expectation, Script, shipped
from tests.cli.program import ROOT

SCRIPTS = {script.name: script for script in shipped()}
BY_NAME = {design.name: design for design in DESIGNS}
SOURCED = [(s.name, name) for s in SCRIPTS.values() for name in s.expect]
INFERRED = [(s.name, name) for s in SCRIPTS.values() for name in s.inferred]
REFUTED = {("probe_defers", "suppress_auto_claim")}
"""What was inferred and the model does not show; docs/scenarios.md says why."""


def played(script: str, design: str) -> Played:
    """What ``design`` makes of the shipped ``script``."""
    return play(SCRIPTS[script], BY_NAME[design])


@pytest.mark.parametrize(("script", "design"), SOURCED)
def test_a_design_answers_what_a_source_says(script: str, design: str) -> None:
    assert played(script, design).differences(SCRIPTS[script].expect[design]) == []


@pytest.mark.parametrize(("script", "design"), INFERRED)
def test_a_design_answers_what_was_inferred_unless_a_finding_says_otherwise(
    script: str, design: str
) -> None:
    against = played(script, design).differences(SCRIPTS[script].inferred[design])
    assert bool(against) == ((script, design) in REFUTED)


def test_every_expectation_is_about_a_design_there_is() -> None:
    assert {name for _, name in SOURCED + INFERRED} <= set(BY_NAME)


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=lambda s: s.name)
def test_every_design_of_every_family_can_play_a_scenario(script: Script) -> None:
    for design in DESIGNS:
        told = play(script, design)
        assert told.stopped or len(told.moves) == len(script.moves)


def test_the_scenarios_are_ordered_by_row_and_each_row_is_there_once() -> None:
    rows = [script.row for script in SCRIPTS.values()]
    assert len(set(rows)) == len(rows)
    assert rows[:7] == ["1", "2", "3", "3b", "4", "5", "6"]
    assert rows.index("6b") < rows.index("10") < rows.index("10b") < rows.index("19")


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=lambda s: s.name)
def test_a_scenario_is_short_and_says_what_it_is_about(script: Script) -> None:
    lines = (ROOT / "scenarios" / f"{script.name}.yaml").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 25
    assert max(map(len, lines)) <= 100
    assert script.about.endswith(".")


def test_a_refused_driver_leaves_everything_as_it_was() -> None:
    told = played("bind_kernel_driver", "driver_managed_dma")
    before, after = told.setup[-1].looks, told.moves[-1].looks
    assert before == after
    assert (after["owner"], after["owner_cnt"], after["domain"]) == ("vfio", "1", "user")


def test_the_refusal_that_v4_loses_leaves_the_device_without_driver() -> None:
    told = played("bind_kernel_driver", "suppress_auto_claim")
    assert told.moves[-1].answer == "success but not bound"
    assert told.moves[-1].looks["B"] == "none"


def test_a_paused_probe_can_be_looked_at() -> None:
    told = played("set_container_during_probe", "driver_managed_dma")
    assert told.setup[-1].answer == "paused"
    assert told.setup[-1].looks["B"] == "e1000e, probe"
    assert told.setup[-1].looks["owner_cnt"] == "1"
    assert told.moves[-1].looks["B"] == "e1000e"


def test_whoever_waits_is_told_when_the_wait_is_over() -> None:
    told = played("unbind_with_device_fd", "driver_managed_dma")
    assert told.moves[0].looks["A"] == "vfio-pci, remove"
    assert told.cell == "waits; ok (unbind A: ok)"


def test_a_claim_that_unbind_takes_back_twice_is_gone_for_its_owner() -> None:
    counts = {
        name: played("unbind_with_device_fd", name).moves[-1].looks["owner_cnt"]
        for name in ("unuse_in_probe", "unuse_in_probe_balanced")
    }
    assert counts == {"unuse_in_probe": "0", "unuse_in_probe_balanced": "1"}


def test_a_setup_that_is_refused_is_said_and_nothing_is_moved() -> None:
    told = played("get_device_fd_beside_kernel_driver", "driver_managed_dma")
    assert told.moves == ()
    assert told.cell == "(set_container: -EPERM)"
    said = Expectation({"answer": "ok"}, SCRIPTS["bind_vfio_driver"].moves[0].where)
    assert told.differences(said) == [("setup", "ok", "(set_container: -EPERM)")]


def test_the_answers_are_told_in_the_document_too() -> None:
    """Those of the thread or, where no design of it has what a row asks for, of others."""
    page = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    for script in SCRIPTS.values():
        row = re.search(rf"^\| {script.row} \| (.*) \|$", page, re.MULTILINE)
        assert row is not None, script.row
        cells = [cell.strip() for cell in row[1].split(" | ")]
        thread = [play(script, design) for design in THREAD]
        if any(told.moves for told in thread):
            assert cells == [script.name, *(told.cell for told in thread)]
        else:
            asked = [*script.expect, *script.inferred]
            told = (f"`{name}` {play(script, BY_NAME[name]).cell}" for name in asked)
            assert cells == [script.name, ", ".join(told)]
