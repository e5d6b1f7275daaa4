"""Searches that are bounded, killed and taken up again, as their users have them."""

from __future__ import annotations

import contextlib
import json
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from model.engines.kernel import native
from tests.cli.program import ROOT, Ran, call, command, environment, refused, run

KERNEL = pytest.mark.skipif(native.library() is None, reason="the kernel was not built")
MACHINES = pytest.mark.parametrize(
    "machine",
    [pytest.param("kernel", marks=[KERNEL, pytest.mark.kernel]), "numpy", "python"],
)
WHOLE = ("check", "driver_managed_dma", "--devices", "2")
BROKEN = ("check", "unuse_in_probe", "--devices", "2", "--symmetry", "off")

OFTEN = """\
import sys
import model.engines.checkpoint
from model.cli import main

model.engines.checkpoint.EVERY = 0.1
main()
"""
"""The program, which adds to its checkpoints ten times a second."""

ROLLUP = Path("/proc/self/smaps_rollup")
STATUS = Path("/proc/self/status")
MEASURED = """\
import atexit, re, sys
from pathlib import Path
from model.cli import main

held = lambda: re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]
atexit.register(lambda: print(held(), file=sys.stderr))
main()
"""
"""The program, which tells at its end how many KiB of memory it has held at the most.

What the system tells others of that counts what a process held before it became this program.
"""


def measured(*words: str, cwd: Path) -> tuple[Ran, int]:
    """What a run left, and the bytes of memory it took."""
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, *words],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    *_, peak = ran.stderr.split()
    return Ran(ran.returncode, ran.stdout, ran.stderr), int(peak) * 1024


def results(out: str) -> list[dict[str, Any]]:
    """The results without what depends on the clock and the process."""
    found: list[dict[str, Any]] = json.loads(out)["results"]
    for result in found:
        del result["seconds"], result["peak_bytes"]
    return found


@pytest.mark.skipif(not STATUS.exists(), reason="the system does not tell")
@MACHINES
def test_a_bound_on_memory_is_kept_and_what_is_violated_is_told(
    machine: str, tmp_path: Path
) -> None:
    words = (*BROKEN, "--machine", machine, "--memory", "130M", "--format", "json")
    ran, peak = measured(*words, cwd=tmp_path)
    assert peak <= 130 * 2**20
    assert ran.code == 3
    found = {result["property"]: result for result in results(ran.out)}
    assert found["no_deadlock"]["verdict"] == "undetermined"
    assert found["no_deadlock"]["reason"] == "--memory 130M reached"
    violated = found["owner_cnt_never_below_zero"]
    assert (violated["verdict"], violated["trace_length"]) == ("violated", 6)


def test_a_bound_on_memory_that_is_not_met_changes_nothing() -> None:
    bounded = call(*WHOLE, "--memory", "1.5GiB", "--format", "json")
    assert bounded.code == 0
    assert results(bounded.out) == results(call(*WHOLE, "--format", "json").out)


def held_by_all(pid: int) -> int:
    """The bytes of memory that a process and those it has made hold, what they share only once."""
    held = 0
    with contextlib.suppress(OSError):  # some may have ended meanwhile
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        for one in (pid, *map(int, children)):
            told = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii")
            held += int(re.findall(r"^Pss: +(\d+)", told, re.MULTILINE)[0]) * 1024
    return held


@pytest.mark.skipif(not ROLLUP.exists(), reason="the system does not tell")
def test_a_bound_on_memory_holds_for_all_searches_together(tmp_path: Path) -> None:
    words = ("check", "--jobs", "3", "--devices", "2", "--symmetry", "off", "--memory", "150M")
    asked = ("-p", "no_deadlock", "-p", "device_lock_is_always_dropped")
    told = tmp_path / "out"
    with (
        told.open("w") as out,
        subprocess.Popen(
            command(*words, *asked, "--format", "json"), cwd=tmp_path, env=environment(), stdout=out
        ) as process,
    ):
        peak = 0
        while process.poll() is None:
            peak = max(peak, held_by_all(process.pid))
            time.sleep(0.01)
    assert 60 * 2**20 <= peak <= 150 * 2**20
    assert process.returncode in (1, 3)
    assert any(found["reason"] == "--memory 150M reached" for found in results(told.read_text()))


@MACHINES
def test_memory_that_the_system_refuses_leaves_a_search_undetermined(
    machine: str, tmp_path: Path
) -> None:
    most = (150 if machine == "python" else 400) * 2**20

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    ran = subprocess.run(
        command(*BROKEN, "--devices", "3", "--machine", machine, "--jobs", "1"),
        cwd=tmp_path,
        env=environment(OPENBLAS_NUM_THREADS="1"),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,  # there are no threads here
    )
    assert ran.returncode == 3, ran
    assert "Traceback" not in ran.stderr
    assert "out of memory" in ran.stdout + ran.stderr


@pytest.mark.parametrize("size", ["2", "2X", "-1G", "G", "much"])
def test_an_amount_of_memory_is_a_number_and_a_unit(size: str) -> None:
    refused(call("check", "--memory", size), f"'{size}' is no amount of memory; write 500M or 2G")


@pytest.mark.parametrize("option", [("--checkpoint", "runs"), ("--cluster", "tcp://localhost:1")])
def test_only_the_search_is_taken_up_again_and_handed_out(option: tuple[str, str]) -> None:
    ran = call("check", "driver_managed_dma", "--engine", "z3", *option)
    refused(ran, "--checkpoint and --cluster are for --engine bfs, and this is z3")


def test_memory_is_bounded_for_those_that_keep_states() -> None:
    ran = call("check", "driver_managed_dma", "--engine", "z3", "--memory", "2G")
    refused(ran, "--memory is for --engine bfs and diagrams, and this is z3")


@MACHINES
def test_a_run_that_is_killed_is_taken_up_again(machine: str, tmp_path: Path) -> None:
    """With SIGKILL, again and again, at no chosen moment."""
    words: tuple[str, ...] = (*WHOLE, "--symmetry", "off", "--machine", machine, "--format", "json")
    if machine != "kernel":
        words += ("-p", "no_deadlock", "-p", "device_lock_is_always_dropped")
    words += ("--max-states", "400000")
    whole = run(*words, cwd=tmp_path)
    file = tmp_path / "runs" / "driver_managed_dma-2-1-1.checkpoint"
    for _ in range(3):
        before = file.stat().st_size if file.exists() else 0
        with subprocess.Popen(
            [sys.executable, "-c", OFTEN, *words, "--checkpoint", "runs"],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            grown = before + 100_000
            while process.poll() is None and not (file.exists() and file.stat().st_size > grown):
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
    assert file.exists()
    again = run(*words, "--checkpoint", "runs", cwd=tmp_path)
    assert again.code == whole.code
    assert results(again.out) == results(whole.out)


def test_ctrl_c_keeps_a_checkpoint_and_says_how_to_go_on(tmp_path: Path) -> None:
    words = ("check", "unuse_in_probe", "--machine", "python", "-p", "no_deadlock")
    file = tmp_path / "runs" / "unuse_in_probe-1-1-1.checkpoint"
    with subprocess.Popen(
        [sys.executable, "-c", OFTEN, *words, "--checkpoint", "runs"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not file.exists() and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 3
    assert "undetermined" in out
    assert err == "the same command goes on from what is in runs\n"
    ran = run(*words, "--checkpoint", "runs", cwd=tmp_path)
    assert ran.code == 0
    assert "of the stored ones from a checkpoint" in ran.out
    assert not list((tmp_path / "runs").iterdir())


def test_a_checkpoint_of_another_search_is_refused_with_its_reason(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    assert call(*WHOLE, "--max-states", "50", "--checkpoint", folder).code == 3
    (file,) = folder.iterdir()
    before = file.read_bytes()
    other = call(*WHOLE, "-p", "no_deadlock", "--checkpoint", folder)
    refused(other, f"{file}: it is of other properties: with ", "remove it, or name another")
    larger = file.with_name("driver_managed_dma-3-1-1.checkpoint")
    file.rename(larger)
    refused(
        call("check", "driver_managed_dma", "--devices", "3", "--checkpoint", folder),
        f"{larger}: it is of size 2 devices + 1 hot-plugged, and this is 3 devices + 1 hot-plugged",
    )
    assert larger.read_bytes() == before


def test_a_refused_checkpoint_ends_the_other_searches_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / "claim_in_probe-4-1-1.checkpoint").write_text("something else\n")
    begun = time.monotonic()
    words = ("driver_managed_dma", "claim_in_probe", "--devices", "4", "--symmetry", "off")
    refused(call("check", *words, "--checkpoint", folder, "--jobs", "2"), "it is no checkpoint")
    assert time.monotonic() - begun < 30


def test_a_sweep_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    words = ("check", "--devices", "1", "--format", "json", "--checkpoint", folder)
    cut = call(*words, "--max-states", "20000")
    assert cut.code in (1, 3)
    assert len(list(folder.iterdir())) == 6
    again = call(*words)
    assert (again.code, again.err) == (0, "")
    assert results(again.out) == results(call(*words).out)
    assert not list(folder.iterdir())


def test_the_page_on_long_runs_names_the_options() -> None:
    page = (ROOT / "docs" / "long-runs.md").read_text()
    told = call("check", "--help").out
    for option in ("--memory", "--checkpoint"):
        assert option in page
        assert option in told
