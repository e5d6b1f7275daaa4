"""What is asked of every contender: one design at one size, exported, and the same properties.

``python -m benchmarks.subject DESIGN`` prints the names of these properties. A process of its own
does that, because the peak of memory of whatever the timing process starts is counted from its own.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.answers import Answer
from benchmarks.contenders import REFERENCE, jars
from benchmarks.process import Ran, run

_TARGETS = ("promela", "murphi", "tla")
_LONG = 3600.0  # seconds for what is not timed
_TOLD = 1000  # characters of what a failed program said


class Failed(Exception):
    """A program that has to run has not; with the end of what it said."""

    @classmethod
    def of(cls, command: Sequence[str], ran: Ran) -> Failed:
        """The failure of ``command``."""
        return cls(f"{shlex.join(command)} exits with {ran.code}: {ran.said[-_TOLD:].strip()}")


@dataclass(frozen=True)
class Subject:
    """One design with ``devices`` devices in one group, all there at boot, and ``properties``."""

    design: str
    devices: int
    properties: tuple[str, ...]

    def __str__(self) -> str:
        """The number of devices."""
        return f"{self.devices} device{'s' * (self.devices > 1)}"

    @property
    def options(self) -> dict[str, str]:
        """What stands for it in braces in a contender's commands."""
        return {
            "design": shlex.quote(self.design),
            "size": f"--devices {self.devices} --hotplug 0",
            "properties": " ".join(f"--property {name}" for name in self.properties),
        }


@dataclass(frozen=True)
class Exported:
    """A subject with its exports in ``folder``, if they are needed; ``model`` is their name there.

    ``starts`` is how many initial states there are, and ``expected`` what our own search counts:
    whoever is timed must find as many.
    """

    subject: Subject
    folder: Path | None
    model: str
    starts: int
    expected: Answer


def values(subject: Subject, model: str = "", states: int = 0) -> dict[str, object]:
    """What stands for whatever is in braces in a contender's commands."""
    return {
        **subject.options,
        "python": shlex.quote(sys.executable),
        "model": shlex.quote(model),
        "states": states,
        "bits": (2 * states).bit_length(),
        "jars": shlex.quote(jars()),
    }


def export(subject: Subject, folder: Path) -> Exported:
    """Write the exports into ``folder`` and count the states. Raises Failed and Unlike."""
    options = subject.options
    for target in _TARGETS:
        words = f"{options['size']} {options['properties']} --to {target}"
        command = [sys.executable, "-m", "model", "export", subject.design, *shlex.split(words)]
        _said([*command, "-o", f"{folder}/"], folder)
    (murphi,) = folder.glob("*.m")
    lines = murphi.read_text(encoding="utf-8").splitlines()
    starts = sum(line.startswith("startstate ") for line in lines)
    (search,) = REFERENCE.spelled(**values(subject))
    expected = REFERENCE.read(_said(search, folder, REFERENCE.codes), starts)
    return Exported(subject, folder, murphi.stem, starts, expected)


def properties(design: str, folder: Path) -> tuple[str, ...]:
    """The invariants of safety, isolation and accounting that concern ``design``. Raises Failed."""
    return tuple(_said([sys.executable, "-m", "benchmarks.subject", design], folder).split())


def _said(command: list[str], folder: Path, codes: Sequence[int] = (0,)) -> str:
    """What ``command`` prints, untimed. Raises Failed unless it exits with one of ``codes``."""
    ran = run(command, folder, _LONG)
    if ran.code not in codes:
        raise Failed.of(command, ran)
    return ran.said


def _main() -> None:
    from model.catalogue import UsageError, find
    from model.lang import Kind, ModelError
    from model.linux.design import Size
    from properties import PROPERTIES, accounting, safety

    try:
        system = find(sys.argv[1]).design.system(Size(1, 0))
    except (UsageError, ModelError) as reason:
        sys.exit(str(reason))
    about = (*vars(safety).values(), *vars(accounting).values())
    for item in PROPERTIES:
        if item.kind is Kind.INVARIANT and item in about and item.concerns(system):
            print(item.name)  # noqa: T201  # for whoever starts this


if __name__ == "__main__":
    _main()
