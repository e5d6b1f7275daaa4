"""Several sizes in one run: what each alone would say, and how it is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import SAFE, call, refused

BALANCED = ("check", "unuse_in_probe_balanced", "-p", SAFE, "-p", "no_bug_on")
BROKEN = ("check", "claim_in_probe", "viability_check", "-p", SAFE)


def results(*words: str) -> list[dict[str, Any]]:
    """What was found, without what depends on the clock and on memory."""
    found: list[dict[str, Any]] = json.loads(call(*words, "--format", "json").out)["results"]
    for result in found:
        del result["seconds"], result["peak_bytes"]
    return found


def test_a_range_of_sizes_says_what_each_size_alone_says() -> None:
    alone = [
        result
        for hotplug in ("0", "1")
        for devices in ("1", "2")
        for result in results(*BALANCED, "--devices", devices, "--hotplug", hotplug)
    ]
    assert results(*BALANCED, "--devices", "1..2", "--hotplug", "0,1") == alone
    assert [(r["devices"], r["hotplug"]) for r in alone[::2]] == [(1, 0), (2, 0), (1, 1), (2, 1)]


def test_of_one_design_the_sizes_stand_side_by_side() -> None:
    ran = call(*BALANCED, "--devices", "1..2", "--hotplug", "0")
    head, _, *rows = ran.out.splitlines()
    assert head.split() == ["property", "--devices", "1", "--devices", "2"]
    assert rows[0].split() == [SAFE, "holds", "holds"]
    assert "unuse_in_probe_balanced, 2 sizes; engine bfs; " in ran.out
    told = call(*BALANCED, "--devices", "1..2", "--hotplug", "0", "--format", "github").out
    assert "1 device " in told.splitlines()[0]
    assert "2 devices " in told.splitlines()[0]


def test_of_several_designs_each_size_has_its_matrix() -> None:
    lines = call(*BROKEN, "--devices", "1,2", "--hotplug", "0").out.splitlines()
    heads = [number for number, line in enumerate(lines) if line.endswith(":")][:2]
    assert [lines[number] for number in heads] == ["1 device:", "2 devices:"]
    for number in heads:
        assert lines[number + 2].split() == ["property", "claim_in", "viability"]
    assert any(line.startswith("2 designs, 2 sizes; engine bfs; ") for line in lines)


def test_what_is_unexpected_at_one_size_is_said_with_that_size() -> None:
    ran = call("check", "driver_managed_dma", "-p", "no_bug_on", "-p", SAFE, "--devices", "1..3")
    assert ran.code == 0
    ran = call(*BALANCED, "--devices", "1,2", "--max-states", "9")
    assert ran.code == 3
    for size in ("1 device + 1 hot-plugged", "2 devices + 1 hot-plugged"):
        assert f"unuse_in_probe_balanced ({size}): 2 properties: undetermined" in ran.out


def test_counterexamples_of_several_sizes_are_all_kept(tmp_path: Path) -> None:
    call(*BROKEN, "--devices", "1,2", "--traces", str(tmp_path))
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.txt"))
    assert found == [
        f"{design}/{size}/{SAFE}.txt"
        for design in ("claim_in_probe", "viability_check")
        for size in ("1-1-1", "2-1-1")
    ]


def test_checkpoints_of_several_sizes_are_all_taken_up(tmp_path: Path) -> None:
    words = (*BALANCED, "--devices", "2..3", "--checkpoint", str(tmp_path))
    assert call(*words, "--max-states", "2000").code == 3
    assert len(list(tmp_path.iterdir())) == 2
    assert call(*words).code == 0
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", ["", "x", "1..", "2..1", "1.5", "1,,2"])
def test_what_is_no_count_is_refused(words: str) -> None:
    told = f"{words!r} is no count; write 2, or several as 1..4 or 1,3"
    refused(call("check", "--devices", words), told)


def test_a_size_that_cannot_be_is_refused() -> None:
    refused(call("check", "--devices", "1..5000"), "'1..5000' is too many; give 1000 at most")
    refused(call("check", "--devices=-1"), "--devices is -1; give a count of 0 or more")
    refused(
        call("check", "--devices", "0..1", "--hotplug", "0"), "the size 0 devices has no device"
    )


def test_counterexamples_are_recorded_of_one_size_at_a_time() -> None:
    told = "--update-counterexamples is for one size, and these are 2"
    refused(call(*BALANCED, "--devices", "1,2", "--update-counterexamples"), told)
