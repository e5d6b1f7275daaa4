"""What users get wrong: one clear line on stderr, nothing on stdout, exit code 2."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import (
    RECORDED,
    ROOT,
    SAFE,
    call,
    command,
    environment,
    refused,
    run,
    variant,
)

DESIGN = """\
from model.designs import driver_managed_dma
from model.lang import Action, action
from model.linux.state import Device, Stage


@action
def probe_succeed(d: Device) -> Action:
    return Action(guard=[d.stage == Stage.PROBE], update=[{update}])


design = driver_managed_dma.design.variant("mine", but="it is wrong", actions=[probe_succeed])
"""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check", "unuse_in_prob"), "did you mean unuse_in_probe"),
        (("check", "zzz"), "`python -m model list` names them"),
        (("check", "-p", "no_kernel_dma"), "there is no property 'no_kernel_dma'; did you mean"),
        (("check", "--format", "jsn"), "there is no format 'jsn' here; did you mean json"),
        (("list", "--format", "json"), "there is no format 'json' here"),
        (("check", "--devices", "-1"), "--devices is -1; give a count of 0 or more"),
        (("check", "--hotplug", "-1"), "--hotplug is -1; give a count of 0 or more"),
        (("check", "--groups", "-1"), "--groups is -1; give a count of 0 or more"),
        (("check", "--devices", "0", "--hotplug", "0"), "give at least one group and one device"),
        (("check", "--groups", "0"), "give at least one group and one device"),
        (("check", "--devices", "two"), "'two' is no count; write 2, or several as 1..4 or 1,3"),
        (("check", "--max-states", "0"), "Invalid value for '--max-states'"),
        (("check", "--engine", "spin"), "Invalid value for '--engine'"),
        (("check", "--frob"), "No such option '--frob'"),
        (("chekc",), "No such command 'chekc'"),
        (("show", "driver_managed_dmz"), "did you mean driver_managed_dma"),
        (("show",), "Missing argument 'DESIGN|VARIANT.py'"),
        (("replay",), "Missing argument 'FILE.itf.json'"),
        (("replay", "nowhere.itf.json"), "there is no file nowhere.itf.json"),
        (("replay", str(RECORDED.parent)), "is a folder; name one of the .itf.json files in it"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(words: tuple[str, ...], told: str) -> None:
    refused(call(*words), told)


def test_no_verb_at_all_shows_the_help(tmp_path: Path) -> None:
    ran = run(cwd=tmp_path)
    assert (ran.code, ran.err) == (2, "")
    assert ran.out.startswith("Usage: python -m model ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = (\n", "bad.py:1: syntax error: '(' was never closed"),
        ("\ndef f()\n", "bad.py:2: syntax error: expected ':'"),
        ("import os\nno_such_name\n", "bad.py:2: NameError: name 'no_such_name' is not defined"),
        ("def f():\n    return 1 / 0\nf()\n", "bad.py:2: ZeroDivisionError: division by zero"),
        ("import no_such_module\n", "bad.py:1: ModuleNotFoundError: No module named"),
        ("raise ValueError('two\\nlines')\n", "bad.py:1: ValueError: two lines; the variant must"),
        ("raise SystemExit(0)\n", "bad.py:1: SystemExit: 0; the variant must import without"),
        ("x = 1\n", "bad.py:1: the file defines no design; end it with `design = "),
        ("design = 'driver_managed_dma'\n", "bad.py:1: the file defines no design"),
        ("", "bad.py:1: the file defines no design"),
        ("x = '\0'\n", "bad.py:1: "),
        (
            "from model.designs import driver_managed_dma\ndesign = driver_managed_dma.design"
            '.variant(\n    "bad", but="it is", without=["dma_configure_bsy"]\n)\n',
            "bad.py:2: driver_managed_dma has no action 'dma_configure_bsy' to leave out; "
            "did you mean dma_configure_busy",
        ),
        (DESIGN.replace("{update}", "d.stgae.becomes(Stage.PROBED)"), "bad.py:8: "),
        (DESIGN.replace("{update}", "d.stage == Stage.PROBED"), "write variable.becomes(value)"),
        (DESIGN.replace("{update}", "d.stage.becomes(3)"), "bad.py:8: action probe_succeed"),
        (DESIGN.replace("{update}", "d.stage.becomes(Stage.PROBD)"), "bad.py:8: "),
    ],
)
def test_a_mistake_in_a_variant_is_told_with_its_line(
    text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    variant(tmp_path, "bad", text)
    ran = call("check", "bad.py")
    refused(ran, told)
    assert ran.err.startswith("error: bad.py:")


def test_a_mistake_in_a_variant_is_told_to_a_user_elsewhere(tmp_path: Path) -> None:
    path = variant(tmp_path, "bad", DESIGN.replace("{update}", "d.stgae.becomes(Stage.PROBED)"))
    refused(run("check", path, cwd=tmp_path), f"error: {path}:8: ")


def test_a_variant_that_is_no_file_is_refused(tmp_path: Path) -> None:
    refused(call("check", tmp_path / "nowhere.py"), "there is no file")
    folder = tmp_path / "folder.py"
    folder.mkdir()
    refused(call("check", folder), "is a folder; name the variant's .py file in it")
    text = tmp_path / "design.txt"
    text.touch()
    refused(call("check", text), "is no Python file; its name must end in .py")


def test_a_change_within_the_same_second_is_seen(tmp_path: Path) -> None:
    path = variant(tmp_path, "quick")
    assert call("check", path, "-p", "no_bug_on", "--max-states", "9").code == 3
    stamp = path.stat().st_mtime_ns
    path.write_text(path.read_text().replace("design =", "desing ="))
    os.utime(path, ns=(stamp, stamp))
    refused(call("check", path), "the file defines no design")


def test_what_a_variant_prints_does_not_spoil_the_results(tmp_path: Path) -> None:
    path = variant(tmp_path, "loud", "print('hello')\n" + variant(tmp_path, "loud").read_text())
    ran = call("check", path, "-p", "no_bug_on", "--format", "json")
    assert (ran.code, ran.err) == (0, "hello\n")
    assert json.loads(ran.out)["exit_code"] == 0


def test_two_designs_of_one_name_are_refused(tmp_path: Path) -> None:
    path = variant(tmp_path, "driver_managed_dma")
    refused(call("check", "driver_managed_dma", path), "2 of the designs are called")


def test_two_variants_of_one_file_name_are_told_apart(tmp_path: Path) -> None:
    paths = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        text = variant(tmp_path, name).read_text()
        paths.append(variant(tmp_path / name, "design", text))
    ran = call("check", *paths, "-p", "no_bug_on", "--format", "json")
    assert [r["design"] for r in json.loads(ran.out)["results"]] == ["one", "other"]


# -- trace files -----------------------------------------------------------------------------------


def stale_action(trace: dict[str, Any]) -> None:
    trace["states"][5]["#meta"]["action"] = "probe_start(dev0, e1000e)"


def other_value(trace: dict[str, Any]) -> None:
    trace["states"][7]["group.owner_cnt"] = {"#bigint": "0"}


def other_start(trace: dict[str, Any]) -> None:
    trace["states"][0]["group.file"] = "open"


def other_design(trace: dict[str, Any]) -> None:
    trace["#meta"]["design"] = "driver_managed_dma"


def unknown_design(trace: dict[str, Any]) -> None:
    trace["#meta"]["design"] = "mine"


def unknown_property(trace: dict[str, Any]) -> None:
    trace["#meta"]["property"] = "no_kernel_dma"


def cut(trace: dict[str, Any]) -> None:
    del trace["states"][-1]


def another_property(name: str) -> Callable[[dict[str, Any]], None]:
    def change(trace: dict[str, Any]) -> None:
        trace["#meta"]["property"] = name

    return change


def no_size(trace: dict[str, Any]) -> None:
    del trace["#meta"]["devices"]


def huge(trace: dict[str, Any]) -> None:
    trace["#meta"]["devices"] = 10**9


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (other_value, "it is no run of unuse_in_probe: step 7: set_container(group) leaves "),
        (stale_action, "it is no run of unuse_in_probe: step 5: "),
        (other_start, "it is no run of unuse_in_probe: the initial state: group.file does not"),
        (other_design, "driver_managed_dma"),
        (unknown_design, "there is no design 'mine'"),
        (unknown_design, "--design names the file of a variant"),
        (unknown_property, "there is no property 'no_kernel_dma'; did you mean"),
        (cut, f"it is a run of unuse_in_probe, but its end does not break {SAFE}"),
        (another_property("no_deadlock"), "its end does not break no_deadlock"),
        (another_property("type_invariant"), "its end does not break type_invariant"),
        (another_property("group_can_be_claimed_again"), "does not break group_can_be"),
        (another_property("hotplugged_member_can_join_its_user"), "does not break hotplugged"),
        (another_property("userspace_can_own_the_group"), "does not break userspace_can"),
        (another_property("every_action_fires"), "does not break every_action_fires"),
        (no_size, '"devices" in "#meta" is missing'),
        (huge, "it has too few variables for 1000000000 devices"),
    ],
)
def test_a_trace_file_that_was_tampered_with_is_refused(
    change: Callable[[dict[str, Any]], None], told: str, tmp_path: Path
) -> None:
    trace = json.loads(RECORDED.read_text())
    change(trace)
    path = tmp_path / "trace.itf.json"
    path.write_text(json.dumps(trace))
    refused(call("replay", path), f"{path}: ", told)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (RECORDED.read_bytes()[:2000], "it is truncated"),
        (b"", "it is empty"),
        (b'{"name": "package", "version": 1}', "it is JSON, but no ITF trace"),
        (b"\x7fELF\x02\x01\x01\0\xff\xfe", "it is not text in UTF-8"),
        (b"\0\0\0\0", "it is not JSON"),
        (b"[" * 100_000, "nests too deeply"),
    ],
)
def test_a_file_that_is_no_trace_is_refused(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.itf.json"
    path.write_bytes(content)
    refused(call("replay", path), f"{path}: ", told)


def test_a_trace_can_be_tried_on_another_design() -> None:
    ran = call("replay", RECORDED, "--design", "driver_managed_dma")
    refused(ran, "driver_managed_dma lacks; did you mean")


def test_an_expectation_that_is_no_trace_is_refused(tmp_path: Path) -> None:
    path = variant(tmp_path, "mine")
    expectation = tmp_path / "counterexamples" / "mine" / f"{SAFE}.itf.json"
    expectation.parent.mkdir(parents=True)
    expectation.write_text("{")
    refused(call("check", path, "-p", SAFE), f"{expectation}: it is truncated")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [("list",), ("check", "driver_managed_dma", "-p", "no_bug_on")])
def test_a_full_disk_behind_stdout_is_told(words: tuple[str, ...], tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            command(*words),
            cwd=tmp_path,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (2, "error: stdout: No space left on device\n")


def test_no_message_mentions_our_own_files(tmp_path: Path) -> None:
    path = variant(tmp_path, "mine", DESIGN.replace("{update}", "d.stage.becomes(3)"))
    assert str(ROOT) not in call("check", path).err
