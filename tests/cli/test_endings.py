"""Counterexamples without end: as they are printed, written, and refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import ROOT, call, refused
from tests.cli.test_json import parsed

CLOSED = "unbind_always_finishes_once_the_device_is_closed"
RECORDED = ROOT / "counterexamples" / "wait_for_group_fd" / f"{CLOSED}.itf.json"
LOCK = "~(dev0.stage in {absent, adding, added, idle, bound})"


def test_a_replay_ends_with_what_was_assumed() -> None:
    ran = call("replay", RECORDED)
    assert ran.code == 0
    assert ran.out.endswith(
        f"""\
    group.drivers: 1 -> 0
    dev0.left: false -> true

... and nothing has to happen any more.

Userspace has closed the device, and the unbind need never finish.
assumed: a thread with device_lock goes on where it can (weakly fair: every step by dev0 \
where {LOCK})
assumed: a thread with device_lock goes on where it can (weakly fair: every step by dev1 \
where {LOCK.replace("dev0", "dev1")})
assumed: closing the group ends once it has begun (weakly fair: group_release, \
release_dma_owner, group_release_end by user)
replayed: 8 steps of wait_for_group_fd, violating {CLOSED}
"""
    )


def test_the_drawing_is_the_recorded_one_and_underlines_no_step() -> None:
    drawn = RECORDED.with_name(f"{CLOSED}.txt").read_text()
    assert call("replay", "--race", RECORDED).out == drawn
    assert "^" not in drawn
    assert drawn.endswith(
        """\
      left: false -> true

    ... and nothing has to happen any more.

Userspace has closed the device, and the unbind need never finish.
Assumed: a thread with device_lock goes on where it can; closing the
group ends once it has begun.
"""
    )


def test_the_results_hold_the_loop_and_can_be_replayed(tmp_path: Path) -> None:
    ran = call("check", "wait_for_group_fd", "-p", CLOSED, "--format", "json")
    (result,) = parsed(ran.out)["results"]
    assert (ran.code, result["verdict"], result["trace_length"]) == (0, "violated", 8)
    assert result["trace"]["loop"] == 8
    path = tmp_path / "found.itf.json"
    path.write_text(json.dumps(result["trace"]))
    assert call("replay", path).code == 0


def test_traces_writes_what_is_recorded(tmp_path: Path) -> None:
    call("check", "wait_for_group_fd", "-p", CLOSED, "--traces", tmp_path)
    written = tmp_path / "wait_for_group_fd" / RECORDED.name
    assert written.read_text() == RECORDED.read_text()


def cut(file: Any) -> None:
    """End the run one step earlier, where .remove has not begun to wait."""
    del file["states"][8]
    file["loop"] = 7


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda file: file.update(loop=7),
            "it is no run of wait_for_group_fd: step 8: it does not come back to state 7: "
            "group.drivers was 1 there and is 0 now",
        ),
        (
            lambda file: file.pop("loop"),
            f"it is a run of wait_for_group_fd, but it does not break {CLOSED}: dev0: it ends, "
            "and a run that breaks this has no end; dev1: it ends",
        ),
        (
            cut,
            f"it is a run of wait_for_group_fd, but it does not break {CLOSED}: dev0: the loop is "
            "not fair to a thread with device_lock goes on where it can (weakly fair: every step "
            f"by dev0 where {LOCK}); dev1: no state of it meets the premise",
        ),
        (
            lambda file: file["#meta"].update(property="no_bug_on"),
            "it is a run of wait_for_group_fd, but it has no end, and what breaks no_bug_on has",
        ),
        (lambda file: file.update(loop=9), '"loop" is 9 and not the number of a state'),
    ],
)
def test_a_changed_file_is_refused_with_its_reason(
    change: Callable[[Any], None], why: str, tmp_path: Path
) -> None:
    file = json.loads(RECORDED.read_text())
    change(file)
    path = tmp_path / "changed.itf.json"
    path.write_text(json.dumps(file))
    refused(call("replay", path), f"{path}: {why}")
