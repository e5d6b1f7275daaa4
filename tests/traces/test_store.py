"""Files written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from model.traces.store import write_all


def names(directory: Path) -> list[str]:
    """Every file below ``directory``."""
    return sorted(str(p.relative_to(directory)) for p in directory.rglob("*") if p.is_file())


def fail_at(
    monkeypatch: pytest.MonkeyPatch, function: str, call: int, error: BaseException
) -> None:
    """Let the given call of ``os.<function>`` raise ``error``; the others work."""
    real = getattr(os, function)
    calls = 0

    def failing(*arguments: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == call:
            raise error
        return real(*arguments, **options)

    monkeypatch.setattr(os, function, failing)


def test_files_are_written_and_their_directories_made(tmp_path: Path) -> None:
    one, other = tmp_path / "merged" / "safe.txt", tmp_path / "merged" / "deep" / "safe.itf.json"
    write_all({one: "é\n", other: "{}\n"})
    assert one.read_bytes() == "é\n".encode()
    assert other.read_text() == "{}\n"
    assert names(tmp_path) == ["merged/deep/safe.itf.json", "merged/safe.txt"]


def test_a_file_that_already_has_its_text_is_left_alone(tmp_path: Path) -> None:
    same, changed = tmp_path / "same", tmp_path / "changed"
    write_all({same: "a", changed: "a"})
    before = same.stat()
    write_all({same: "a", changed: "b"})
    assert (same.stat().st_ino, same.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert changed.read_text() == "b"


def test_a_file_keeps_its_mode_when_it_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_all({path: "old"})
    path.chmod(0o640)
    write_all({path: "new"})
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link_to_the_replaced_file(tmp_path: Path) -> None:
    path, link = tmp_path / "a", tmp_path / "link"
    path.write_text("old")
    link.symlink_to(path)
    write_all({link: "new"})
    assert link.is_symlink()
    assert path.read_text() == "new"


@pytest.mark.parametrize("function", ["fsync", "replace"])
@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()]
)
def test_a_full_disk_or_an_interrupt_leaves_only_whole_files(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    function: str,
    call: int,
    error: BaseException,
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("before")
    with monkeypatch.context() as patched:
        fail_at(patched, function, call, error)
        with pytest.raises(type(error)) as caught:
            write_all({old: "after", new: "after"})
    assert caught.value is error
    replaced = function == "replace" and call == 2
    assert names(tmp_path) == ["old"]
    assert old.read_text() == ("after" if replaced else "before")


def test_a_disk_that_is_full_after_a_few_bytes_leaves_nothing(tmp_path: Path) -> None:
    # A limit on the size of a file is the one way to run out of space that needs no privilege.
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_all({tmp_path / "small": "fits", tmp_path / "large": "x" * 1_000_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert names(tmp_path) == []


def test_what_is_no_regular_file_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(OSError, match="not a regular file"):
            write_all({tmp_path / "other": "a", path: "b"})
    assert pipe.is_fifo()
    assert names(tmp_path) == []


def test_a_file_where_a_directory_should_be_is_reported_as_the_system_does(tmp_path: Path) -> None:
    (tmp_path / "merged").write_text("a file")
    with pytest.raises(OSError, match="merged"):
        write_all({tmp_path / "merged" / "safe.txt": "text"})
    assert names(tmp_path) == ["merged"]
