"""Several searches at once are processes of their own, and answer as one process would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from model.workers import possible
from tests.cli.program import SAFE, call, refused, running

pytestmark = pytest.mark.skipif(not possible(), reason="this system does not copy processes")

BROKEN = ("check", "claim_in_probe", "unuse_in_probe", "driver_managed_dma", "viability_check")
LONG = ("--devices", "4", "--hotplug", "1", "--symmetry", "off", "-p", SAFE, "-p", "no_deadlock")
TWO = ("check", "driver_managed_dma", "claim_last", *LONG, "--format", "json", "--jobs", "2")


def results(out: str) -> list[dict[str, Any]]:
    """What was found, without what depends on the clock and on memory."""
    found: list[dict[str, Any]] = json.loads(out)["results"]
    for result in found:
        del result["seconds"], result["peak_bytes"]
    return found


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes that the program has made, once there are two."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = [int(number) for number in children.read_text().split()]
        if len(found) == 2:
            return found
        time.sleep(0.05)
    raise AssertionError("there are no two workers")


def test_two_workers_find_what_one_process_finds() -> None:
    alone = call(*BROKEN, "--format", "json", "--jobs", "1")
    assert results(call(*BROKEN, "--format", "json", "--jobs", "2").out) == results(alone.out)
    assert any(result["trace"] for result in results(alone.out))


def test_what_a_design_gets_wrong_is_said_as_by_one_process(tmp_path: Path) -> None:
    variant = tmp_path / "unwritten.py"
    variant.write_text(
        "from model.designs import driver_managed_dma\n"
        "from model.lang import Action, action\n"
        "from model.linux.state import Device\n\n\n"
        "@action\ndef dma_configure(d: Device) -> Action:\n    return Action([d], [])\n\n\n"
        "design = driver_managed_dma.design.variant('w', but='w', actions=[dma_configure])\n"
    )
    words = ("check", "driver_managed_dma", str(variant), "-p", SAFE)
    alone, both = (call(*words, "--jobs", jobs) for jobs in ("1", "2"))
    assert alone.code == both.code == 2
    assert both.err == alone.err
    assert "unwritten.py:6" in both.err


@pytest.mark.parametrize("to_all", [False, True], ids=["the-first-process", "all-of-them"])
def test_an_interrupt_ends_all_searches_and_they_answer(to_all: bool, tmp_path: Path) -> None:
    with running(*TWO, cwd=tmp_path) as process:
        workers_of(process)
        time.sleep(2)
        kill = os.killpg if to_all else os.kill
        kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (3, "")
    found = results(out)
    assert {result["design"] for result in found} == {"driver_managed_dma", "claim_last"}
    assert {result["reason"] for result in found} == {"interrupted"}


def test_a_worker_that_is_killed_leaves_its_design_unchecked_and_is_replaced(
    tmp_path: Path,
) -> None:
    words = ("check", "claim_last", *LONG, "--timeout", "4", "--jobs", "2", "driver_managed_dma")
    more = ("unuse_in_probe",)
    with running(*words, *more, "--format", "json", cwd=tmp_path) as process:
        first, _ = workers_of(process)
        time.sleep(1)
        os.kill(first, signal.SIGKILL)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 3
    assert err == "not checked: claim_last (its process was killed by SIGKILL)\n"
    assert {result["design"] for result in results(out)} == {"driver_managed_dma", *more}


def test_workers_end_with_who_made_them(tmp_path: Path) -> None:
    with running(*TWO, cwd=tmp_path) as process:
        made = workers_of(process)
        time.sleep(1)
        process.kill()
        process.communicate(timeout=60)
    until = time.monotonic() + 30
    while any(_runs(number) for number in made) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(_runs(number) for number in made)


def _runs(number: int) -> bool:
    try:
        told = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return False
    return told.rpartition(")")[2].split()[0] != "Z"


def test_one_design_needs_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a worker was made")

    monkeypatch.setattr("model.sweep.Workers", refuse)
    assert call("check", "driver_managed_dma", "-p", SAFE).code == 0
    assert call(*BROKEN, "-p", SAFE, "--jobs", "1").code == 0


def test_more_workers_than_designs_are_not_made() -> None:
    assert call(*BROKEN, "-p", SAFE, "--jobs", "99").code == 0
    refused(call("check", "--jobs", "0"), "--jobs")
