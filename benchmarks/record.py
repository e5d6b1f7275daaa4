"""Everything one session has measured, as it is kept beside the page that is made of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.contenders import CONTENDERS, Contender, jars
from benchmarks.session import Measurement

_VERSION = 1


@dataclass(frozen=True)
class Record:
    """One session.

    ``taken`` is its day and ``sizes`` the numbers of devices that were compared; the limits of a
    run are in seconds. ``absent`` says for each contender that was left out why, ``versions`` what
    each program calls itself. ``compared`` and ``grown`` are the measurements.
    """

    taken: str
    design: str
    properties: Sequence[str]
    sizes: Sequence[int]
    rounds: int
    timeout: float
    growth_timeout: float
    cores: int
    versions: Sequence[str]
    absent: Mapping[str, str]
    compared: Sequence[Measurement]
    grown: Sequence[Measurement]

    @property
    def largest(self) -> int:
        """The greatest number of devices that was compared."""
        return max(self.sizes)

    def contenders(self, *checkers: str) -> list[Contender]:
        """Those that were measured, of some checkers or of all."""
        return [
            contender
            for contender in CONTENDERS
            if contender.name not in self.absent
            and any(one.contender == contender.name for one in [*self.compared, *self.grown])
            and (not checkers or contender.checker in checkers)
        ]


def dumps(record: Record) -> str:
    """The record as JSON, a measurement a line."""
    known = dataclasses.asdict(record)
    runs = {name: known.pop(name) for name in ("compared", "grown")}
    head = json.dumps({"version": _VERSION, **known}, indent=1).removesuffix("\n}")
    lists = [
        f' "{name}": [\n' + ",\n".join(f"  {json.dumps(one)}" for one in found) + "\n ]"
        for name, found in runs.items()
    ]
    return ",\n".join([head, *lists]) + "\n}\n"


def loads(text: str) -> Record:
    """The record that ``dumps`` has written. Raises ValueError for another version's."""
    known = json.loads(text)
    version = known.pop("version")
    if version != _VERSION:
        raise ValueError(f"version {version} of a record is not {_VERSION}, which is read here")
    runs = {name: [Measurement(**one) for one in known[name]] for name in ("compared", "grown")}
    return Record(**{**known, **runs})


def today() -> str:
    """The day, in universal time."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def versions(contenders: Sequence[Contender]) -> list[str]:
    """What the programs behind ``contenders`` call themselves."""
    asked = {
        "SPIN": ("spin", "-V"),
        "Rumur": ("rumur", "--version"),
        "TLC": ("java", "-cp", jars(), "tlc2.TLC"),
    }
    checkers = {contender.checker for contender in contenders}
    found = [version(*asked[name]) for name in asked if name in checkers]
    compiled = [version("gcc", "--version")] if shutil.which("gcc") else []
    return [f"Python {platform.python_version()}", *found, *compiled]


def version(program: str, *options: str) -> str:
    """The first line with a digit in what ``program`` says of itself."""
    run = subprocess.run(  # noqa: S603  # the callers' own commands
        [program, *options], capture_output=True, text=True, check=False
    )
    lines = (run.stdout + run.stderr).splitlines()
    return next(line.strip() for line in lines if any(map(str.isdigit, line)))
