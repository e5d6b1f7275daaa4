"""How much memory the process uses, and a bound on it that several searches share."""

from __future__ import annotations

import os
import resource
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.context import ForkContext
    from multiprocessing.sharedctypes import SynchronizedArray

_STATM = Path("/proc/self/statm")
_ROLLUP = Path("/proc/self/smaps_rollup")
_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")  # the bounds of the container that this runs in, if it does
_SHARE = 0.9  # of what is free: others need some of it, too
_APART = 16 * 2**20
"""Bytes for what is in no table: traces while they are made, say."""


def peak_bytes(used: resource.struct_rusage | None = None) -> int:
    """The most memory this process has held so far, or whichever ``used`` tells of, in bytes."""
    peak = (used or resource.getrusage(resource.RUSAGE_SELF)).ru_maxrss
    # The unit is bytes on macOS and KiB everywhere else.
    return peak if sys.platform == "darwin" else peak * 1024


def held_bytes() -> int:
    """The memory this process holds, in bytes; where the system does not tell, the most so far."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return peak_bytes()


def own_bytes() -> int:
    """The memory this process holds, less what others hold of it, too."""
    try:
        lines = _ROLLUP.read_text(encoding="ascii").splitlines()
    except OSError:
        return held_bytes()
    return next((int(row.split()[1]) * 1024 for row in lines if row.startswith("Pss:")), 0)


class Budget:
    """At most so many bytes for the whole process, however many searches there are in it.

    ``words`` say which bound it is: an option as its user wrote it, say.
    """

    def __init__(self, most: int, words: str) -> None:
        self.most = most
        self._words = words
        self._granted: dict[object, int] = {}
        """By search: what it may still come to hold beyond what it holds."""
        self._lock = threading.Lock()

    def grant(self, search: object, more: int) -> bool:
        """Whether the process may come to hold so many bytes ``more`` because of ``search``.

        It holds until the same search asks again; what was granted to it before is given back.
        """
        with self._lock:
            others = sum(granted for who, granted in self._granted.items() if who is not search)
            enough = held_bytes() + others + more + _APART <= self.most
            if enough:
                self._granted[search] = more
            return enough

    def give_back(self, search: object) -> None:
        """Nothing more is granted to ``search``."""
        with self._lock:
            self._granted.pop(search, None)

    def __str__(self) -> str:
        return self._words


class _Share(Budget):
    """What one of several processes may hold: together they keep to one bound.

    ``held`` has what each of them may come to hold, as far as it has been granted.
    """

    def __init__(self, whole: Budget, held: SynchronizedArray[Any], mine: int) -> None:
        super().__init__(whole.most, str(whole))
        self._held = held
        self._mine = mine

    def grant(self, search: object, more: int) -> bool:  # noqa: ARG002  # there is but one
        """As for Budget."""
        with self._held.get_lock():
            others = sum(self._held[:]) - self._held[self._mine]
            for held in (held_bytes, own_bytes):  # what is told at once, and what takes longer
                mine = held() + more
                if mine + others + _APART <= self.most:
                    self._held[self._mine] = mine
                    return True
            return False

    def give_back(self, search: object) -> None:  # noqa: ARG002  # there is but one
        """As for Budget."""
        with self._held.get_lock():
            self._held[self._mine] = held_bytes()


def shares(whole: Budget, count: int, of: ForkContext) -> list[Budget]:
    """Budgets for so many copies of this process that together keep to one, with this process."""
    held = of.Array("q", [0] * count + [held_bytes()])
    return [_Share(whole, held, mine) for mine in range(count)]


def free_memory() -> Budget | None:
    """Nine tenths of the memory that is free now; None where the system does not tell.

    Whoever takes more may be killed by the system, and nothing is known then.
    """
    free = [bytes_ for bytes_ in (_free_here(), _free_in_group()) if bytes_ is not None]
    if not free:
        return None
    share = int(_SHARE * min(free))
    return Budget(held_bytes() + share, f"nine tenths of the free memory ({share / 2**30:.1f} GiB)")


def _free_here() -> int | None:
    """What the kernel says is available without swapping."""
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    told = dict(line.split(":", 1) for line in lines)
    return int(told["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in told else None


def _free_in_group() -> int | None:
    """What the control group has left, if it is bounded."""
    try:
        most, now = ((_GROUP / f"memory.{name}").read_text("ascii") for name in ("max", "current"))
    except OSError:
        return None
    return max(0, int(most) - int(now)) if most.strip().isdigit() else None
