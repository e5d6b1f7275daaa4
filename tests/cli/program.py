"""The program as its users run it, and variants such as they write."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from model.cli import main

ROOT = Path(__file__).resolve().parents[2]
SAFE = "no_kernel_dma_in_user_owned_group"
STUB = "stub_never_refused_in_user_owned_group"
RECORDED = ROOT / "counterexamples" / "unuse_in_probe" / f"{SAFE}.itf.json"

SAME = """\
from model.designs import driver_managed_dma

design = driver_managed_dma.design.variant("{name}", but="it is a copy")
"""
"""A variant of which everything holds."""

UNFLAGGED = """\
from model.designs import driver_managed_dma
from model.lang import Action, action
from model.linux import ownership
from model.linux.state import Device, Driver


@action
def dma_configure(d: Device, drv: Driver) -> Action | None:
    return ownership.configure(d, drv, skipped=(Driver.VFIO,))


@action
def dma_configure_busy(d: Device, drv: Driver) -> Action | None:
    return ownership.refuse(d, drv, skipped=(Driver.VFIO,))


@action
def dma_cleanup(d: Device, drv: Driver) -> Action | None:
    return ownership.cleanup(d, drv, skipped=(Driver.VFIO,))


design = driver_managed_dma.design.variant(
    "unflagged",
    but="pci-stub lacks the flag",
    actions=[dma_configure, dma_configure_busy, dma_cleanup],
)
"""
"""A variant that violates STUB in 7 steps and is safe."""


@dataclass(frozen=True)
class Ran:
    """What a run of the program left: its exit code and what it printed."""

    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """The environment in which the program is found, and that asks for no colours or none."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "TERM")}
    return {**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm", **more}


def command(*words: str | Path) -> list[str]:
    """The command line that a user types."""
    return [sys.executable, "-m", "model", *map(str, words)]


def run(*words: str | Path, cwd: Path, **more: str) -> Ran:
    """Run the program in a process of its own, in the folder ``cwd``."""
    ran = subprocess.run(
        command(*words),
        cwd=cwd,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


@contextlib.contextmanager
def running(*words: str | Path, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """The program while it runs in the folder ``cwd``, in a group of processes of its own."""
    with subprocess.Popen(
        command(*words),
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        yield process


def call(*words: str | Path) -> Ran:
    """Run the program in this process: faster, where that makes no difference."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", ["ownership-check", *map(str, words)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    assert isinstance(ended.value.code, int)
    return Ran(int(ended.value.code), out.getvalue(), err.getvalue())


def on_terminal(
    *words: str | Path, cwd: Path, piped: bool = False, more: dict[str, str] | None = None
) -> Ran:
    """Run the program with a terminal as its stderr, and as its stdout unless that is ``piped``.

    ``err`` is what the terminal was sent.
    """
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command(*words),
        cwd=cwd,
        env=environment(**(more or {})),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if piped else theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        sent = b""
        # A terminal whose last process has gone answers with EIO.
        with contextlib.suppress(OSError):
            while more_sent := os.read(ours, 4096):
                sent += more_sent
        os.close(ours)
        out = process.stdout.read() if process.stdout else b""
    return Ran(process.returncode, out.decode(), sent.decode())


def variant(folder: Path, name: str, text: str = SAME) -> Path:
    """A variant's file in ``folder``."""
    path = folder / f"{name}.py"
    path.write_text(text.replace("{name}", name), encoding="utf-8")
    return path


def refused(ran: Ran, *told: str) -> None:
    """Check that ``ran`` ended as a mistake of the user's: one clear line, nothing on stdout."""
    assert ran.code == 2, ran
    assert ran.out == ""
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert ran.err.endswith("\n")
    assert "Traceback" not in ran.err
    for part in told:
        assert part in ran.err


def disk_full(*_: object) -> None:
    """What a write to a full disk does."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
