"""Every exit code, each by a real case."""

from __future__ import annotations

import json
import re
import shutil
import signal
import time
from pathlib import Path

import pytest

from model import judging
from model.engines.search import explore
from tests.cli.program import (
    RECORDED,
    SAFE,
    STUB,
    UNFLAGGED,
    call,
    run,
    running,
    variant,
)

IDLE = """\
from model.designs import driver_managed_dma
from model.lang import Action, action
from model.linux.state import Device, Stage


@action
def probe_defer(d: Device) -> Action:
    return Action(guard=[d.stage == Stage.PROBE, d.stage == Stage.IDLE], update=[])


design = driver_managed_dma.design.variant("idle", but="nothing defers", actions=[probe_defer])
"""
JOIN = "hotplugged_member_can_join_its_user"
ONE = ("check", "driver_managed_dma", "-p", SAFE)


def last_line(text: str) -> str:
    """The line that is made to be grepped."""
    return text.splitlines()[-1]


def test_0_is_everything_as_expected(tmp_path: Path) -> None:
    ran = run(*ONE, cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert last_line(ran.out) == (
        "result: as-expected holds=1 proved=0 violated=0 undetermined=0 vacuous=0 unexpected=0 "
        "exit=0"
    )


def test_0_is_a_violation_that_is_expected(tmp_path: Path) -> None:
    ran = run("check", "unuse_in_probe", "-p", SAFE, cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert "violated 13" in ran.out
    assert "unexpected=0 exit=0" in last_line(ran.out)


def test_1_is_a_violation_that_is_not_expected(tmp_path: Path) -> None:
    ran = run("check", variant(tmp_path, "unflagged", UNFLAGGED), "-p", STUB, cwd=tmp_path)
    assert (ran.code, ran.err) == (1, "")
    assert "violated 7 (expected: holds)" in ran.out
    assert "result: NOT-as-expected" in last_line(ran.out)
    assert last_line(ran.out).endswith("violated=1 undetermined=0 vacuous=0 unexpected=1 exit=1")


def test_2_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    assert run("check", "no_such_design", cwd=tmp_path).code == 2


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (("--max-states", "10"), "--max-states 10 reached"),
        (("--timeout", "0"), "--timeout 0 s reached"),
    ],
)
def test_3_is_a_limit(limit: tuple[str, str], told: str) -> None:
    ran = call(*ONE, *limit)
    assert ran.code == 3
    assert f"stopped: {told}" in ran.out
    assert "undetermined (expected: holds)" in ran.out
    assert "undetermined=1 vacuous=0 unexpected=1 exit=3" in last_line(ran.out)


def test_3_is_a_limit_also_where_a_violation_is_expected() -> None:
    ran = call("check", "unuse_in_probe", "-p", SAFE, "--max-states", "10")
    assert ran.code == 3
    assert "undetermined (expected: violated)" in ran.out


def interrupted(*words: str, cwd: Path) -> tuple[int, str, str]:
    """What a long run leaves that is interrupted when it has been searching for a while."""
    with running(*words, cwd=cwd) as process:
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_3_is_an_interrupt_that_leaves_partial_figures(tmp_path: Path) -> None:
    code, out, err = interrupted(
        "check", "driver_managed_dma", "--devices", "4", "--hotplug", "1", cwd=tmp_path
    )
    assert (code, err) == (3, "")
    found = re.search(r"([\d,]+) states; ([\d,]+) transitions; .*stopped: interrupted", out)
    assert found
    assert int(found[1].replace(",", "")) > 1000
    assert last_line(out).endswith("exit=3")


def test_3_is_an_interrupt_that_leaves_designs_unchecked(tmp_path: Path) -> None:
    # Reachability is decided early, so that nothing but the missing designs tells of the interrupt.
    code, out, err = interrupted(
        *("check", "-p", "userspace_can_own_the_group", "-p", SAFE, "--devices", "6"),
        *("--format", "json", "--jobs", "1", "viability_check", "driver_managed_dma"),
        cwd=tmp_path,
    )
    assert code == 3
    assert json.loads(out)["exit_code"] == 3
    assert err == "not checked: driver_managed_dma\n"


def test_an_interrupt_before_any_result_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(judging, "explore", stop)
    ran = call(*ONE)
    assert (ran.code, ran.out, ran.err) == (3, "", "\nerror: interrupted\n")  # below the ^C


def test_an_interrupt_outside_the_engine_keeps_what_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []

    def stop_second(*arguments: object) -> object:
        asked.append(arguments)
        if len(asked) > 1:
            raise KeyboardInterrupt
        return explore(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(judging, "explore", stop_second)
    ran = call("check", "driver_managed_dma", "claim_in_probe", "-p", "no_bug_on", "--jobs", "1")
    assert ran.code == 3
    assert "holds=1" in last_line(ran.out)
    assert last_line(ran.out).startswith("result: NOT-as-expected")
    assert ran.err == "not checked: claim_in_probe\n"


def test_3_is_too_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhaust(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(judging, "explore", exhaust)
    ran = call(*ONE)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "error: out of memory; --memory 2G, say, stops in time\n"


def test_4_is_a_property_of_something_the_design_lacks() -> None:
    ran = call("check", "viability_check", "-p", "owner_cnt_equals_claims_held")
    assert ran.code == 4
    assert "vacuous (expected: holds)" in ran.out
    assert "nothing in viability_check ever changes" in ran.out


def test_4_is_a_size_at_which_nothing_exercises_the_property() -> None:
    ran = call("check", "driver_managed_dma", "-p", JOIN, "--hotplug", "0")
    assert ran.code == 4
    assert "vacuous (expected: holds)  never reached: its premise" in ran.out


def test_4_is_an_action_that_never_fires(tmp_path: Path) -> None:
    path = variant(tmp_path, "idle", IDLE)
    ran = call("check", path, "-p", "every_action_fires")
    assert ran.code == 4
    assert "never taken: probe_defer" in ran.out
    assert last_line(ran.out).endswith("vacuous=1 unexpected=1 exit=4")


def test_5_is_a_committed_counterexample_that_breaks_nothing_any_more(tmp_path: Path) -> None:
    path = variant(tmp_path, "mended")
    home = tmp_path / "counterexamples" / "mended"
    home.mkdir(parents=True)
    shutil.copy(RECORDED, home)
    ran = run("check", path.name, "-p", SAFE, cwd=tmp_path)
    assert (ran.code, ran.err) == (5, "")
    assert "holds (expected: violated)" in ran.out
    assert f"  counterexamples/mended/{SAFE}.itf.json\n" in ran.out
    assert "--update-counterexamples removes them" in ran.out
    assert last_line(ran.out).endswith("exit=5")


def test_a_violation_is_graver_than_a_vanished_one(tmp_path: Path) -> None:
    path = variant(tmp_path, "unflagged", UNFLAGGED)
    home = tmp_path / "counterexamples" / "unflagged"
    home.mkdir(parents=True)
    shutil.copy(RECORDED, home)
    assert call("check", path, "-p", SAFE).code == 5
    assert call("check", path, "-p", SAFE, "-p", STUB).code == 1


def test_70_is_a_mistake_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr(judging, "explore", fail)
    ran = call(*ONE)
    told = "error: internal error: RuntimeError: oops (--debug shows where)\n"
    assert (ran.code, ran.out, ran.err) == (70, "", told)
    debugged = call("--debug", *ONE)
    assert debugged.code == 70
    assert debugged.err.startswith("Traceback")
    assert debugged.err.endswith(told)
