"""A program as a whole process: how long it took, how much memory it held, what it printed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model.engines.memory import peak_bytes

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Ran:
    """A program that has ended: ``code`` is what it exited with, None if it was out of time.

    ``seconds`` is wall time and ``said`` whatever it printed. ``peak_bytes`` is the most memory
    that it held, as the operating system counts it: from the moment when the program was still a
    copy of this process, which held ``floor_bytes``, so that no smaller figure can be seen.
    """

    code: int | None
    seconds: float
    peak_bytes: int
    floor_bytes: int
    said: str


def run(command: Sequence[str], folder: Path, timeout: float) -> Ran:
    """Run ``command`` in ``folder``, for at most ``timeout`` seconds; it finds our modules.

    Whatever it has started ends with it, and with this call if that is interrupted. Raises
    OSError if it cannot be started.
    """
    late = threading.Event()
    with tempfile.TemporaryFile() as output:
        floor = peak_bytes()
        begun = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  # the commands are this package's own
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

        def stop() -> None:
            late.set()
            _end(process.pid)

        timer = threading.Timer(timeout, stop)
        timer.start()
        try:
            # Not Popen.wait(), which does not tell what the process has used.
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            timer.cancel()
            _end(process.pid)
            process.wait()
        output.seek(0)
        said = output.read().decode(errors="replace")
    code = None if late.is_set() else process.returncode
    return Ran(code, seconds, peak_bytes(used), floor, said)


def _end(leader: int) -> None:
    """End the processes of the group that was started with ``leader``, as far as they still run."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
