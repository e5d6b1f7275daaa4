"""Counterexamples are written whole or not at all, and become the expectation when asked."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
from pathlib import Path

import pytest

from model.traces import store
from tests.cli.program import (
    SAFE,
    STUB,
    UNFLAGGED,
    call,
    command,
    disk_full,
    environment,
    refused,
    run,
    variant,
)

HOME = Path("counterexamples") / "unflagged"
PAIR = [f"{STUB}.itf.json", f"{STUB}.txt"]
TWICE = ("owner_cnt_never_below_zero", "owner_cnt_equals_claims_held")


@pytest.fixture
def unflagged(tmp_path: Path) -> Path:
    return variant(tmp_path, "unflagged", UNFLAGGED)


def names(folder: Path) -> list[str]:
    """The files below ``folder``."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_traces_writes_both_files_of_every_violation(tmp_path: Path) -> None:
    asked = ("-p", TWICE[0], "-p", TWICE[1], "-p", "no_bug_on")
    ran = run("check", "unuse_in_probe", *asked, "--traces", "deep/found", cwd=tmp_path)
    assert ran.code == 0
    assert ran.err == "wrote 4 files in deep/found/unuse_in_probe\n"
    folder = tmp_path / "deep" / "found"
    endings = (".itf.json", ".txt")
    expected = sorted(f"unuse_in_probe/{name}{ending}" for name in TWICE for ending in endings)
    assert names(folder) == expected
    replayed = run("replay", folder / "unuse_in_probe" / f"{TWICE[0]}.itf.json", cwd=tmp_path)
    assert replayed.code == 0


def test_traces_keeps_json_alone_on_stdout(unflagged: Path, tmp_path: Path) -> None:
    ran = call("check", unflagged, "-p", STUB, "--traces", tmp_path / "t", "--format", "json")
    assert ran.code == 1
    assert ran.out.startswith("{")
    assert ran.err == f"wrote 2 files in {tmp_path / 't' / 'unflagged'}\n"


def test_a_file_where_the_traces_should_go_is_refused(unflagged: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused(call("check", unflagged, "--traces", tmp_path / "file"), "'--traces'", "is a file")
    below = tmp_path / "file" / "below"
    refused(
        call("check", unflagged, "--traces", below), f"nothing can be written to {below}: Not a"
    )


def test_a_folder_that_nobody_may_write_to_is_refused_before_the_search(
    unflagged: Path, tmp_path: Path
) -> None:
    # To root every folder is writable, so this is a folder that the kernel keeps to itself.
    place = Path("/proc/traces") if os.geteuid() == 0 else tmp_path / "locked" / "traces"
    if os.geteuid():
        place.parent.mkdir(mode=0o500)
    ran = call("check", unflagged, "--devices", "9", "--traces", place)
    refused(ran, f"nothing can be written to {place}: ")


@pytest.mark.parametrize("option", ["--traces", "--update-counterexamples"])
def test_a_full_disk_is_told_and_leaves_nothing_behind(
    option: str, unflagged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--traces", tmp_path / "t") if option == "--traces" else (option,)
    monkeypatch.setattr(store, "_write", disk_full)
    ran = call("check", unflagged, "-p", STUB, *words)
    refused(ran, "nothing can be written to ", ": No space left on device")
    assert names(tmp_path) == ["unflagged.py"]


def test_a_read_only_disk_is_told(
    unflagged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "name.tmp")

    monkeypatch.setattr(store, "_write", fail)
    ran = call("check", unflagged, "-p", STUB, "--traces", tmp_path / "t")
    refused(ran, f"nothing can be written to {tmp_path / 't'}: Read-only file system")


def test_a_disk_that_really_is_full_leaves_nothing_behind(unflagged: Path, tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))

    ran = subprocess.run(
        command("check", unflagged, "-p", STUB, "--traces", "t"),
        cwd=tmp_path,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        preexec_fn=limit,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: nothing can be written to t")
    assert names(tmp_path) == ["unflagged.py"]


# -- expectations ----------------------------------------------------------------------------------


def test_a_violation_that_is_recorded_is_expected_from_then_on(
    unflagged: Path, tmp_path: Path
) -> None:
    first = run(
        "check", unflagged.name, "-p", STUB, "-p", SAFE, "--update-counterexamples", cwd=tmp_path
    )
    assert first.code == 1
    assert first.err == f"wrote 2 files in {tmp_path / HOME}\n"
    assert names(tmp_path / HOME) == PAIR
    second = run("check", unflagged.name, "-p", STUB, "-p", SAFE, cwd=tmp_path)
    assert (second.code, second.err) == (0, "")
    shown = f"python -m model replay --race --design unflagged.py {HOME / STUB}.itf.json"
    assert f"  {shown}\n" in second.out
    third = run(*shown.split()[3:], cwd=tmp_path)
    assert third.code == 0
    assert third.out == (tmp_path / HOME / f"{STUB}.txt").read_text()


def test_to_update_again_changes_nothing(unflagged: Path, tmp_path: Path) -> None:
    call("check", unflagged, "-p", STUB, "--update-counterexamples")
    before = [(tmp_path / HOME / name).stat().st_mtime_ns for name in PAIR]
    assert call("check", unflagged, "-p", STUB, "--update-counterexamples").code == 0
    assert [(tmp_path / HOME / name).stat().st_mtime_ns for name in PAIR] == before


def recorded(unflagged: Path) -> None:
    """Record the violation of ``unflagged`` and mend the variant then."""
    call("check", unflagged, "-p", STUB, "--update-counterexamples")
    unflagged.write_text(UNFLAGGED.replace("(Driver.VFIO,)", "(Driver.VFIO, Driver.STUB)"))


def test_a_violation_that_has_vanished_takes_its_files_along(
    unflagged: Path, tmp_path: Path
) -> None:
    recorded(unflagged)
    assert call("check", unflagged, "-p", STUB).code == 5
    ran = call("check", unflagged, "-p", STUB, "--update-counterexamples")
    assert ran.code == 5
    assert ran.err == f"removed 2 files in {tmp_path / HOME}\n"
    assert names(tmp_path / HOME) == []
    assert call("check", unflagged, "-p", STUB).code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--max-states", "9", "-p", STUB),  # undetermined
        ("--devices", "0", "-p", STUB),  # a size at which nothing is expected
        ("-p", SAFE),  # another property
    ],
)
def test_only_a_verdict_removes_an_expectation(
    words: tuple[str, ...], unflagged: Path, tmp_path: Path
) -> None:
    recorded(unflagged)
    call("check", unflagged, *words, "--update-counterexamples")
    assert names(tmp_path / HOME) == PAIR


def test_a_trace_of_a_larger_size_does_not_replace_a_smaller_one(
    unflagged: Path, tmp_path: Path
) -> None:
    call("check", unflagged, "-p", STUB, "--update-counterexamples")
    before = (tmp_path / HOME / PAIR[0]).read_text()
    larger = ("check", unflagged, "-p", STUB, "--devices", "2", "--update-counterexamples")
    assert call(*larger).code == 0
    assert (tmp_path / HOME / PAIR[0]).read_text() == before
    (tmp_path / HOME / PAIR[0]).write_text(before.replace("open(group)", "shut(group)"))
    call(*larger)
    assert '"devices": 2' in (tmp_path / HOME / PAIR[0]).read_text()
    call("check", unflagged, "-p", STUB, "--update-counterexamples")
    assert (tmp_path / HOME / PAIR[0]).read_text() == before
