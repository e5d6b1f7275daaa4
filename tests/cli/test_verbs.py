"""list, show, replay, and what each verb says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from model import __version__
from model.designs import DESIGNS
from properties import PROPERTIES
from tests.cli.program import RECORDED, SAFE, UNFLAGGED, call, run, variant


def test_the_version_is_printed(tmp_path: Path) -> None:
    ran = run("--version", cwd=tmp_path)
    assert (ran.code, ran.out, ran.err) == (0, f"{__version__}\n", "")


@pytest.mark.parametrize("verb", [(), ("list",), ("show",), ("check",), ("replay",)])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_verb_has_its_help(verb: tuple[str, ...], option: str) -> None:
    ran = call(*verb, option)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Usage: ")
    assert max(map(len, ran.out.splitlines())) <= 80


def test_the_help_lists_verbs_and_exit_codes_in_full() -> None:
    out = call("--help").out
    places = [out.index(f"\n  {verb}") for verb in ("list", "show", "check", "replay")]
    assert places == sorted(places)
    assert "..." not in out.split("Commands:")[1]  # no sentence is cut short
    for code in (0, 1, 2, 3, 4, 5, 70):
        assert f"\n  {code:2}  " in out.replace("\n    ", "\n  ")


def test_list_names_every_design_and_property(tmp_path: Path) -> None:
    ran = run("list", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    for name in [d.name for d in DESIGNS] + [p.name for p in PROPERTIES]:
        assert f" {name} " in f" {ran.out}".replace("\n", " ")
    assert max(map(len, ran.out.splitlines())) <= 150


def test_list_takes_a_table_format() -> None:
    assert "| driver_managed_dma " in call("list", "--format", "github").out


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_every_design_is_shown(design: object) -> None:
    told = call("show", str(design))
    assert told.code == 0
    assert told.out.startswith(f"{design}\n====")
    dot = call("show", str(design), "--format", "dot")
    assert dot.code == 0
    assert dot.out.startswith("digraph {\n")
    assert dot.out.endswith("}\n")
    mermaid = call("show", str(design), "--format", "mermaid")
    assert mermaid.code == 0
    assert mermaid.out.startswith("---\ntitle: ")


def test_a_variant_of_the_users_own_is_shown(tmp_path: Path) -> None:
    ran = call("show", variant(tmp_path, "unflagged", UNFLAGGED))
    assert ran.code == 0
    assert "like: driver_managed_dma, but pci-stub lacks the flag" in ran.out
    assert "changed: dma_configure, dma_configure_busy, dma_cleanup" in ran.out


def test_replay_shows_every_step_with_what_it_models(tmp_path: Path) -> None:
    ran = run("replay", RECORDED, cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert "\n13. probe_start(" in ran.out
    assert "drivers/base/dd.c" in ran.out
    assert ran.out.splitlines()[-1] == f"replayed: 13 steps of unuse_in_probe, violating {SAFE}"


def test_replay_shows_all_variables_on_request() -> None:
    few, all_ = call("replay", RECORDED), call("replay", RECORDED, "--all")
    assert all_.code == 0
    assert len(all_.out) > len(few.out)


def test_replay_draws_a_race_that_is_ready_for_a_mail() -> None:
    ran = call("replay", "--race", RECORDED)
    assert ran.code == 0
    assert ran.out == (RECORDED.parent / f"{SAFE}.txt").read_text()
    assert ran.err == f"replayed: 13 steps of unuse_in_probe, violating {SAFE}\n"


def test_the_lineage_of_the_designs_can_be_drawn() -> None:
    out = call("list", "--format", "dot").out
    assert '"unuse_in_probe" -> "unuse_in_probe_balanced"' in out
    assert call("list", "--format", "mermaid").out.startswith("---\n")


def test_a_family_limits_the_matrix_and_unknown_ones_are_refused() -> None:
    ran = call("check", "--family", "thread", "-p", "no_bug_on", "--devices", "1", "--hotplug", "0")
    assert "driver" in ran.out
    assert call("check", "--family", "threads").code == 2
