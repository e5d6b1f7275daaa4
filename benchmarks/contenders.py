"""Who is timed: each checker with the settings that suit it, as the commands that a user types."""

from __future__ import annotations

import os
import shlex
import shutil
from dataclasses import dataclass

from benchmarks import answers
from benchmarks.answers import Reader

OURS = "ours"
_JUDGED = (0, 1, 4, 5)  # our own exit codes behind a verdict for every property
_REDUCTIONS = ("symmetry", "forget", "fold", "partial-order")
_COUNT_FEWER = frozenset({"fold", "partial-order"})


@dataclass(frozen=True)
class Contender:
    """A checker with its settings.

    Of the ``commands`` the last searches, and those before it build what searches. In braces
    stand the ``design``, its ``size`` and the ``properties`` as options of ours, the ``model``,
    which is the exported file without its ending, how many ``states`` there are, the ``bits`` of
    a number that counts twice as many, this ``python``, and the ``jars`` of TLC. ``codes`` are
    what the last command may exit with for ``read`` to make something of what it printed.
    ``fewer`` names the reductions that make it count fewer states than there are.
    """

    name: str
    checker: str
    commands: tuple[str, ...]
    read: Reader
    codes: tuple[int, ...] = (0,)
    fewer: frozenset[str] = frozenset()

    def spelled(self, **values: object) -> list[list[str]]:
        """The commands with ``values`` for what is in braces, as lists of words."""
        return [shlex.split(command.format_map(values)) for command in self.commands]

    def missing(self) -> list[str]:
        """What it needs and is not there."""
        words = [shlex.split(command)[0] for command in self.commands]
        programs = {word for word in words if word[0] not in "{."}
        lost = sorted(name for name in programs if shutil.which(name) is None)
        return [*lost, *(["TLC_JARS"] if "{jars}" in self.commands[-1] and not jars() else [])]


def _here(name: str, machine: str, *used: str) -> Contender:
    """Our own search with these reductions switched on and no others."""
    asked = "check {design} {size} {properties} --format json"
    wishes = " ".join(f"--{one} {'on' if one in used else 'off'}" for one in _REDUCTIONS)
    command = f"{{python}} -m model {asked} --machine {machine} {wishes}"
    return Contender(name, OURS, (command,), answers.ours, _JUDGED, _COUNT_FEWER.intersection(used))


def _spin(name: str, gcc: str, pan: str = "") -> Contender:
    build = ("spin -a {model}.pml", f"gcc -w -DSAFETY {gcc} -o pan pan.c")
    return Contender(f"SPIN, {name}", "SPIN", (*build, f"./pan {pan}".rstrip()), answers.spin)


def _rumur(name: str, rumur: str, gcc: str) -> Contender:
    told = "--deadlock-detection off --threads 1 --output-format machine-readable"
    build = (
        f"rumur {told} {rumur} -o rumur.c {{model}}.m",
        f"gcc -w -mcx16 {gcc} -o rumur rumur.c -lpthread",
    )
    return Contender(f"Rumur, {name}", "Rumur", (*build, "./rumur"), answers.rumur)


_FASTER = "-O3 -march=native"
_ROOMY = "--pack-state off --pointer-bits 48 --set-capacity 67108864"
_JAVA = "java -XX:+UseParallelGC -Djava.io.tmpdir=. -cp {jars}"

HERE = (
    _here("kernel", "kernel"),
    _here("kernel, folding", "kernel", "fold"),
    _here("kernel, symmetry", "kernel", "symmetry"),
    _here("kernel, all reductions", "kernel", *_REDUCTIONS),
    _here("numpy", "numpy"),
    _here("python", "python"),
    Contender(
        "diagrams",
        OURS,
        ("{python} -m model check {design} {size} {properties} --format json --engine diagrams",),
        answers.ours,
        _JUDGED,
    ),
)
"""Our own machines, with and without what makes them store less, and diagrams of sets of states."""

PEERS = (
    _spin("as exported", "-O2 -DBFS"),
    _spin("breadth first", f"{_FASTER} -DBFS -DNOREDUCE", "-w{bits}"),
    _spin("depth first", f"{_FASTER} -DNOREDUCE", "-m{states} -w{bits}"),
    _spin("least memory", f"{_FASTER} -DNOREDUCE -DMA=64", "-m{states}"),
    _rumur("as exported", "--value-type int32_t", "-O2"),
    _rumur("with room", _ROOMY, f"{_FASTER} -fwhole-program"),
    Contender("TLC", "TLC", (f"{_JAVA} tlc2.TLC -workers 1 {{model}}.tla",), answers.tlc),
)

CONTENDERS = (*HERE, *PEERS)
REFERENCE = _here("reference", "auto")
"""What counts the states that all others must find."""


def jars() -> str:
    """Where TLC is, as Java's class path has it; the user says so, or it is left out."""
    return os.environ.get("TLC_JARS", "")
