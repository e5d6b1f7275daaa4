"""A file from which a search goes on: what was found is appended to it, and nothing rewritten."""

from __future__ import annotations

import fcntl
import json
import os
import time
import zlib
from collections.abc import Iterator, Mapping
from io import BufferedRandom
from pathlib import Path
from typing import Any, NamedTuple

from model.engines.explorer import Explorer

EVERY = 60.0
"""Seconds between two additions, unless it is said otherwise."""
_MAGIC = b"dma-ownership-checker checkpoint 1\n"
_END = b"%08x\n"
_CHUNK = 2**24


class Misfit(Exception):
    """A file that is no checkpoint of this search; the message says why."""


class About(NamedTuple):
    """Which search a checkpoint is of: all that has to be the same."""

    design: str
    size: str
    properties: tuple[str, ...]
    machine: str
    definition: str
    """A digest of the system and the claims."""
    version: str

    def refuse(self, other: Mapping[str, Any]) -> None:
        """Raise Misfit if the checkpoint is of another search, which says this of itself."""
        for which in ("design", "size", "machine"):
            if (found := other[which]) != (mine := getattr(self, which)):
                raise Misfit(f"it is of {which} {found}, and this is {mine}")
        lacking = [f"without {name}" for name in self.properties if name not in other["properties"]]
        beyond = [f"with {name}" for name in other["properties"] if name not in self.properties]
        if lacking or beyond:
            raise Misfit(f"it is of other properties: {', '.join(lacking + beyond)}")
        if other["definition"] != self.definition:
            raise Misfit("the design or a property has changed since it was written")
        if other["version"] != self.version:
            raise Misfit(f"it was written by version {other['version']}, not {self.version}")


class _Part(NamedTuple):
    """One addition: what it says, and where its columns begin in the file."""

    search: dict[str, Any]
    explorer: dict[str, Any]
    columns: dict[str, int]
    at: int


class Checkpoint:
    """The checkpoint at ``path`` of the search that ``about`` tells of.

    An addition has what was found since the last one, so that it takes no longer the more there
    is, and ends in a checksum: one that was not finished does not count.
    """

    def __init__(self, path: Path, about: About, every: float | None = None) -> None:
        self.path = path
        self.unwritten = ""
        """Why the last addition failed, if it did."""
        self._about = about
        self._every = EVERY if every is None else every
        self._last = time.monotonic()
        self._file: BufferedRandom | None = None
        self._end = 0
        self._found: list[_Part] = []
        self._saved: dict[str, int] = {}
        """By column: how many of its bytes are in the file."""

    def open(self) -> dict[str, Any] | None:
        """What the search itself last noted, if there is a checkpoint; ``read`` may follow.

        Raises Misfit for a file that is of no use, and OSError.
        """
        try:
            file = self._opened(new=False)
        except FileNotFoundError:
            return None
        head = file.readline(len(_MAGIC))
        if head != _MAGIC[: len(head)]:
            raise Misfit("it is no checkpoint")
        about = file.readline()
        if not about.endswith(b"\n"):  # the first addition was not finished
            return None
        try:
            self._about.refuse(json.loads(about))
        except (ValueError, KeyError, TypeError):
            raise Misfit("its head is damaged") from None
        self._found = list(_parts(file))
        return self._found[-1].search if self._found else None

    @property
    def size(self) -> int:
        """The bytes of the columns that ``read`` would read."""
        return sum(sum(part.columns.values()) for part in self._found)

    def read(self, explorer: Explorer) -> None:
        """Have ``explorer``, a new one, be where the saved one was."""
        notes, file = self._found[-1].explorer, self._opened()
        tables = explorer.reserve(notes)
        for part in self._found:
            file.seek(part.at)
            for name, length in part.columns.items():
                first = self._saved.get(name, 0)
                file.readinto(tables[name][first : first + length])
                self._saved[name] = first + length
        self._end = file.seek(len(_END % 0), os.SEEK_CUR)
        for table in tables.values():
            table.release()
        explorer.resume(notes)

    @property
    def is_due(self) -> bool:
        """Whether it is time for an addition."""
        return time.monotonic() - self._last >= self._every

    @property
    def is_begun(self) -> bool:
        """Whether there is anything in the file."""
        return self._end > 0

    def add(self, search: Mapping[str, Any], explorer: Explorer) -> None:
        """Add what is new. A failure is kept as ``unwritten``: the search goes on."""
        try:
            self._add(search, explorer)
            self.unwritten = ""
        except (OSError, Misfit) as error:
            told = error.strerror if isinstance(error, OSError) else ""
            self.unwritten = told or str(error)
        self._last = time.monotonic()

    def _add(self, search: Mapping[str, Any], explorer: Explorer) -> None:
        file = self._opened()
        file.seek(self._end)
        file.truncate()  # what was not finished
        if not self._end:
            file.write(_MAGIC + _line(self._about._asdict()))
        saved = explorer.saved(self._saved)
        lengths = {name: len(column) for name, column in saved.columns.items()}
        head = _line({"search": search, "explorer": saved.notes, "columns": lengths})
        sum_ = zlib.crc32(head)
        file.write(head)
        for column in saved.columns.values():
            file.write(column)
            sum_ = zlib.crc32(column, sum_)
        file.write(_END % sum_)
        file.flush()
        os.fsync(file.fileno())
        self._end = file.tell()
        for name, length in lengths.items():
            self._saved[name] = self._saved.get(name, 0) + length

    def close(self) -> None:
        """Let other runs have the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self, *, new: bool = True) -> BufferedRandom:
        if self._file is None:
            flags = os.O_RDWR | (os.O_CREAT if new else 0)
            self._file = os.fdopen(os.open(self.path, flags, 0o666), "r+b")
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.close()
                raise Misfit("another run is writing it") from None
        return self._file


def _line(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def _parts(file: BufferedRandom) -> Iterator[_Part]:
    """The additions, up to the first that was not finished."""
    while head := file.readline():
        try:
            told = json.loads(head)
        except ValueError:
            return
        at, sum_ = file.tell(), zlib.crc32(head)
        left = sum(told["columns"].values())
        while left and (chunk := file.read(min(left, _CHUNK))):
            sum_ = zlib.crc32(chunk, sum_)
            left -= len(chunk)
        if file.read(len(_END % 0)) != _END % sum_:
            return
        yield _Part(told["search"], told["explorer"], told["columns"], at)
