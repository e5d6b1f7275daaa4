"""Terminals and pipes: colours, the progress line, tables that fit, readers that leave."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.program import (
    SAFE,
    STUB,
    UNFLAGGED,
    Ran,
    call,
    on_terminal,
    run,
    running,
    variant,
)

ESCAPE = "\x1b"
GREEN = "\x1b[32m"
RED = "\x1b[31m"
ONE = ("check", "driver_managed_dma", "-p", "no_bug_on")


def test_all_designs_are_as_expected(everything: Ran) -> None:
    assert everything.code == 0
    assert everything.out.splitlines()[-1].startswith("result: as-expected holds=")


def test_the_matrix_fits_a_terminal_of_150_columns(everything: Ran) -> None:
    assert max(map(len, everything.out.splitlines())) <= 150
    limited = call("check", "--max-states", "9")  # every cell is a surprise: the widest there is
    assert limited.code == 3
    assert max(map(len, limited.out.splitlines())) <= 150


def test_the_matrix_says_how_to_see_a_violation(everything: Ran) -> None:
    assert (
        "To see an expected violation, for instance:\n  python -m model replay " in everything.out
    )


def test_the_command_that_is_shown_works(everything: Ran, tmp_path: Path) -> None:
    shown = re.search(r"^  python -m model (replay --race \S+)$", everything.out, re.MULTILINE)
    assert shown
    ran = run(*shown[1].split(), cwd=tmp_path)
    assert ran.code == 0
    assert ran.out.startswith("viability_check violates ")


def test_output_is_plain_ascii(everything: Ran) -> None:
    assert everything.out.isascii()
    assert call("list").out.isascii()


def test_what_a_matrix_marks_is_told_below_it() -> None:
    ran = call(
        "check", "-p", "no_bug_on", "driver_managed_dma", "claim_in_probe", "--max-states", "9"
    )
    assert "undetermined !  undetermined !" in ran.out
    assert (
        "  claim_in_probe: no_bug_on: undetermined, expected: holds (--max-states 9 reached)\n"
        in (ran.out)
    )


def test_at_most_three_races_are_drawn_at_once(tmp_path: Path) -> None:
    path = variant(tmp_path, "copied", COPIED)
    ran = call("check", path, "--hotplug", "0", "--devices", "2")
    assert ran.code == 1
    assert ran.out.count("copied violates ") == 3
    more = re.search(
        r"^(\d+) more violations are not expected. To see one:\n  .* (check .*)$",
        ran.out,
        re.MULTILINE,
    )
    assert more
    assert int(more[1]) + 3 == ran.out.count("(expected: holds)")
    alone = call(*more[2].split())
    assert alone.code == 1
    assert alone.out.count("copied violates ") == 1


COPIED = """\
from model.designs import unuse_in_probe

design = unuse_in_probe.design.variant("copied", but="it is another")
"""


def test_a_reason_that_would_fill_the_screen_is_shortened() -> None:
    ran = call("check", "driver_managed_dma", "-p", SAFE, "-p", STUB, "--engine", "z3")
    assert " ..." in ran.out
    assert max(map(len, ran.out.splitlines())) <= 150


def test_a_pipe_gets_no_escape_codes(tmp_path: Path) -> None:
    ran = run(*ONE, cwd=tmp_path)
    assert ESCAPE not in ran.out + ran.err


@pytest.mark.parametrize("words", [("--color", "always", *ONE), (*ONE, "--color", "always")])
def test_a_pipe_gets_colours_if_they_are_asked_for(words: tuple[str, ...], tmp_path: Path) -> None:
    assert f"{GREEN}holds" in run(*words, cwd=tmp_path).out


def test_violations_are_red(tmp_path: Path) -> None:
    path = variant(tmp_path, "unflagged", UNFLAGGED)
    ran = run("check", path, "-p", STUB, "--color", "always", cwd=tmp_path)
    assert f"{RED}violated 7" in ran.out


def test_a_format_for_other_programs_is_never_coloured(tmp_path: Path) -> None:
    for style in ("json", "github", "html"):
        assert ESCAPE not in run(*ONE, "--color", "always", "--format", style, cwd=tmp_path).out


def test_a_terminal_gets_colours(tmp_path: Path) -> None:
    ran = on_terminal(*ONE, cwd=tmp_path)
    assert ran.code == 0
    assert f"{GREEN}holds" in ran.err


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_no_colours_gets_none(more: dict[str, str], tmp_path: Path) -> None:
    ran = on_terminal(*ONE, cwd=tmp_path, more=more)
    assert "holds" in ran.err
    assert not re.search(r"\x1b\[[0-9;]*m", ran.err.split("property")[1])


def test_no_colours_beats_a_terminal(tmp_path: Path) -> None:
    ran = on_terminal("--color", "never", *ONE, cwd=tmp_path)
    assert GREEN not in ran.err


def test_progress_is_shown_to_whoever_watches_and_wiped_off(tmp_path: Path) -> None:
    ran = on_terminal("check", "claim_in_probe", "-p", "no_bug_on", cwd=tmp_path, piped=True)
    assert ran.code == 0
    number = r"\d[\d,]*"
    assert re.search(
        rf"claim_in_probe: {number} states, {number}/s, frontier {number}, depth \d+, "
        rf"{number} MiB, \d+\.\d s",
        ran.err,
    )
    # The line is erased, and the cursor is shown again.
    assert "\x1b[2K" in ran.err.rpartition("states")[2]
    assert "\x1b[?25h" in ran.err.rpartition("states")[2]
    assert ESCAPE not in ran.out
    assert ran.out.startswith("property ")


def test_a_pipe_gets_no_progress(tmp_path: Path) -> None:
    assert run("check", "claim_in_probe", "-p", "no_bug_on", cwd=tmp_path).err == ""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("list",), 0),
        (("show", "driver_managed_dma"), 0),
        (ONE, 0),
        ((*ONE, "--format", "json"), 0),
        ((*ONE, "--max-states", "9"), 3),
    ],
)
def test_a_reader_who_leaves_early_is_no_error(
    words: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    with running(*words, cwd=tmp_path) as process:
        assert process.stdout is not None
        process.stdout.close()  # before the first line, as `head -0` does
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == code


@pytest.mark.parametrize("style", ["github", "grid", "html", "latex", "tsv", "simple"])
def test_the_table_formats_of_tabulate_work(style: str) -> None:
    for designs in (("driver_managed_dma",), ("driver_managed_dma", "claim_in_probe")):
        ran = call("check", *designs, "-p", "no_bug_on", "--format", style)
        assert ran.code == 0
        assert "no" in ran.out
        assert ran.out.splitlines()[-1].startswith("result: as-expected")


def test_a_github_table_is_one() -> None:
    ran = call("check", "driver_managed_dma", "-p", "no_bug_on", "--format", "github")
    head, rule, row, *_ = ran.out.splitlines()
    assert head.split("|")[1].strip() == "property"
    assert set(rule) == {"|", "-"}
    assert [cell.strip() for cell in row.split("|")[1:3]] == ["no_bug_on", "holds"]
