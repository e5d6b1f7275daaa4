"""The verb export, as its users call it."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.cli_export import _TARGETS
from model.export import TARGETS
from tests.cli.program import SAFE, call, refused, variant


def test_the_verb_offers_every_target() -> None:
    assert set(_TARGETS) == set(TARGETS)


def test_one_file_goes_to_stdout_and_says_how_it_was_written() -> None:
    ran = call("export", "driver_managed_dma", "--to", "promela", "--hotplug", "0")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("/* driver_managed_dma, 1 device\n")
    written = "export driver_managed_dma --to promela --devices 1 --hotplug 0 --groups 1"
    assert written in ran.out


@pytest.mark.parametrize("target", TARGETS)
def test_files_go_into_a_folder(target: str, tmp_path: Path) -> None:
    where = tmp_path / "new"
    ran = call("export", "viability_check", "--to", target, "--hotplug", "0", "-o", f"{where}/")
    assert (ran.code, ran.out) == (0, "")
    files = sorted(where.iterdir())
    assert len(files) == (2 if target == "tla" else 1)
    assert sorted(ran.err.splitlines()) == [f"wrote {path}" for path in files]
    assert all(path.stem == "viability_check" for path in files)


def test_one_file_goes_where_it_is_told_to(tmp_path: Path) -> None:
    path = tmp_path / "it.smt2"
    ran = call("export", "viability_check", "--to", "smtlib", "--k", "3", "-o", path)
    assert ran.code == 0
    assert "(declare-const s3 State)" in path.read_text()
    assert "(declare-const s4 State)" not in path.read_text()


def test_only_the_named_property_is_exported() -> None:
    ran = call("export", "viability_check", "--to", "murphi", "--property", SAFE)
    assert ran.out.count('\ninvariant "') == 1
    assert f'\ninvariant "{SAFE}"\n' in ran.out
    assert f"--property {SAFE}" in ran.out


def test_what_must_be_reachable_is_a_witness_when_it_is_named() -> None:
    name = "userspace_can_own_the_group"
    ran = call("export", "viability_check", "--to", "murphi", "-p", name)
    assert f'\ncover "{name}__group"\n' in ran.out


def test_a_variant_of_ones_own_is_exported(tmp_path: Path) -> None:
    ran = call("export", variant(tmp_path, "mine"), "--to", "btor2")
    assert ran.out.startswith("; mine, 1 device + 1 hot-plugged\n")


def test_mistakes_are_told_in_a_line(tmp_path: Path) -> None:
    refused(call("export", "driver_managed_dma", "--to", "tla"), "tla has 2 files", "add -o DIR")
    refused(
        call("export", "driver_managed_dma", "--to", "dot"),
        "dot: driver_managed_dma has more than 500 reachable states",
        "--max-states",
    )
    refused(
        call("export", "driver_managed_dma", "--to", "smtlib", "-p", "group_can_be_claimed_again"),
        "smtlib: group_can_be_claimed_again is about runs and not about single states",
    )
    refused(call("export", "driver_managed", "--to", "dot"), "did you mean")
    refused(call("export", "driver_managed_dma", "--to", "spin"), "'promela', 'murphi'")
    taken = tmp_path / "file"
    taken.write_text("")
    refused(call("export", "driver_managed_dma", "--to", "tla", "-o", taken), str(taken))
