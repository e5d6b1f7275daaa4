"""The program, as its users call it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.contenders import CONTENDERS
from benchmarks.process import ROOT
from benchmarks.record import loads

KEPT = ("kernel", "numpy")
OURS_ALONE = ["--rounds", "1", "--sizes", "1", "--growth", "1", "--without"]
OURS_ALONE += [";".join(one.name for one in CONTENDERS if one.name not in KEPT)]


def started(*words: str, folder: Path) -> subprocess.Popen[str]:
    """The program, started in ``folder``."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_measures_and_writes_and_can_draw_again(tmp_path: Path) -> None:
    for words in (OURS_ALONE, ["--redraw"]):
        process = started(*words, "--output", str(tmp_path / "out"), folder=tmp_path)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
        files = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
        assert set(files) == {"benchmarks.md", "benchmarks.svg", "benchmarks.json", "growth.svg"}
        if words is OURS_ALONE:
            first = files
    assert files["benchmarks.md"] == first["benchmarks.md"]
    assert files["benchmarks.json"] == first["benchmarks.json"]
    record = loads(files["benchmarks.json"].decode())
    assert "no_kernel_dma_in_user_owned_group" in record.properties
    assert "owner_cnt_equals_claims_held" in record.properties
    assert {one.states for one in record.compared} == {464}
    assert {one.states for one in record.grown} == {464}


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_written(sent: signal.Signals, tmp_path: Path) -> None:
    process = started(
        *OURS_ALONE, "--rounds", "99", "--output", str(tmp_path / "out"), folder=tmp_path
    )
    assert process.stderr is not None
    for line in process.stderr:  # until it measures
        if "round 1" in line:
            break
    process.send_signal(sent)
    _, said = process.communicate(timeout=60)
    assert said.splitlines()[-1] == "interrupted; nothing was written"
    assert process.returncode == 130
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--design", "no_such_design"], "no_such_design"),
        (["--sizes", "1,0"], "0 is not at least 1"),
        (["--without", "SPON"], "there is no 'SPON' but kernel;"),
    ],
)
def test_a_mistake_is_told(words: list[str], told: str, tmp_path: Path) -> None:
    process = started(*words, "--output", str(tmp_path / "out"), folder=tmp_path)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (1, 2)
    assert told in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_a_design_that_breaks_something_is_refused(tmp_path: Path) -> None:
    words = ["--design", "viability_check", *OURS_ALONE, "--output", str(tmp_path / "out")]
    process = started(*words, folder=tmp_path)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "error: only where everything holds do all search the same: no_kernel_dma" in said
    assert not (tmp_path / "out").exists()
