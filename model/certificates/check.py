"""The check of a certificate, by other means than those that made it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from model.certificates.compare import AT_RANDOM, Compared, search
from model.certificates.form import (
    READ_AT,
    Certificate,
    CertificateError,
    digest_of_claim,
    digest_of_design,
    read,
    write,
)
from model.certificates.obligations import Start, files
from model.engines.result import Limits
from model.lang import Claim, System, show

Claims: TypeAlias = Mapping[str, Callable[[System], Claim]]
"""Grounds a property by its name."""
NAME = "certificate.json"
README = "README"
SEARCHED_AT = 2


class NotDecided(Exception):
    """The solver's answer to an obligation is `unknown`, or there is no solver."""


class Until:
    """The time that a check may take, from now on."""

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.timeout
        self._start = time.perf_counter()

    @property
    def left(self) -> float | None:
        """How many seconds are left; None if there is no limit."""
        if self._limit is None:
            return None
        return max(0.0, self._start + self._limit - time.perf_counter())

    def check(self) -> None:
        """Raises NotDecided once the time is over."""
        if self.left == 0:
            raise NotDecided(f"not within {self._limit:g} s")


def folder(told: Certificate, made: Mapping[str, str]) -> dict[str, str]:
    """The files of a certificate's folder: its text, the obligations, and a guide to them."""
    names = "\n".join(f"    {item.name}" for item in told.properties)
    guide = _GUIDE.format(design=told.design, names=names, file=NAME, digest=told.digest)
    return {NAME: write(told), **made, README: guide}


def start_of(system: System, certificate: Certificate) -> Start:
    """Where the design starts. Raises CertificateError if it starts in several ways."""
    group, device = system.entities[0], system.entities[1]
    by_name = {v.name: v for v in group.variables()}
    places: list[list[str]] = [[]]
    for name in certificate.shared:
        places = [[*place, show(v)] for place in places for v in by_name[name].initial]
    devices: list[list[str]] = [[]]
    for variable in device.variables():
        devices = [[*local, show(v)] for local in devices for v in variable.initial]
    growing = {name: by_name[name].initial for name in certificate.growing}
    if any(len(initial) > 1 for initial in growing.values()):
        raise CertificateError("an integer that grows starts as one of several")
    return Start(places, devices, {name: int(initial[0]) for name, initial in growing.items()})


def check(
    home: Path, systems: Callable[[int], System], claims: Claims, limits: Limits = Limits()
) -> Certificate:
    """Check the folder ``home`` against the design that ``systems`` makes.

    Raises CertificateError for whatever is wrong, and NotDecided if the solver does not answer
    or if the time is over.
    """
    until = Until(limits)
    try:
        found = {path.name: path.read_text(encoding="utf-8") for path in sorted(home.iterdir())}
    except UnicodeDecodeError as error:
        raise CertificateError(f"a file is no text: {error}") from None
    certificate = read(found.get(NAME, ""))
    families = [systems(n) for n in READ_AT]
    if certificate.design != families[0].name:
        raise CertificateError(f"the certificate is about {certificate.design}")
    if certificate.digest != digest_of_design(families):
        raise CertificateError(f"the certificate is about another {certificate.design}")
    for item in certificate.properties:
        if item.name not in claims:
            raise CertificateError(f"there is no property {item.name}")
        if item.kind != claims[item.name](families[0]).kind.name.lower():
            raise CertificateError(f"{item.name} is of another kind")
        if item.digest != digest_of_claim(claims[item.name](s) for s in families):
            raise CertificateError(f"the certificate is about another {item.name}")
    try:
        made = files(certificate, start_of(families[0], certificate))
        _same(certificate, found, made)
        for name, text in made.items():
            solve(name, text, until)
        _compare(certificate, systems, claims, until)
    except (LookupError, ValueError) as error:
        raise CertificateError(f"the certificate does not fit the design: {error!r}") from None
    return certificate


def _same(certificate: Certificate, found: Mapping[str, str], made: Mapping[str, str]) -> None:
    """Whether the files of a folder are those of the certificate."""
    wanted = folder(certificate, made)
    for name in sorted({*found, *wanted}):
        if found.get(name) != wanted.get(name):
            raise CertificateError(f"{name} is not what the certificate asks for")


def _compare(
    certificate: Certificate,
    systems: Callable[[int], System],
    claims: Claims,
    until: Until,
) -> None:
    """Whether the certificate is that of the design."""
    searched = search(Compared(certificate, systems(SEARCHED_AT), claims, until.check))
    if searched != certificate.searched:
        raise CertificateError("the reachable states with two devices are others")
    alone = Compared(certificate, systems(1), claims, until.check)
    for packed in alone.every_state():
        alone.compare(packed)
    for size in AT_RANDOM:
        beside = Compared(certificate, systems(size), claims, until.check)
        for packed in beside.at_random(size):
            beside.compare(packed)


def solve(name: str, text: str, until: Until) -> None:
    """Have cvc5 answer every question of a file. Raises CertificateError and NotDecided."""
    try:
        import cvc5  # type: ignore[import-not-found,import-untyped,unused-ignore]  # optional
    except ImportError:
        raise NotDecided("cvc5 is missing: pip install 'dma-ownership-checker[certify]'") from None
    label = ""
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("incremental", "true")
    if until.left is not None:
        solver.setOption("tlimit-per", str(int(until.left * 1000) + 2))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, name)
    symbols = parser.getSymbolManager()
    while not (command := parser.nextCommand()).isNull():
        until.check()
        answer = command.invoke(solver, symbols).strip()
        kind = command.getCommandName()
        if kind == "echo":
            label = answer.strip('"')
        elif kind == "check-sat" and answer != "unsat":
            if answer == "sat":
                raise CertificateError(f"{name} does not hold: {label}: it is satisfiable")
            raise NotDecided(f"{name}: {label}: cvc5 says {answer}")


_GUIDE = """\
A certificate: in every state of the design {design}, whatever the number of devices and
groups, these properties hold.

{names}

{file} has the invariant: for each choice of the group's variables (a "place"), which
local states devices may be in, which of them no two devices are in together, and linear
equalities and bounds on how many are in each. It lists the steps between such counts, too. Every
.smt2 file is a set of questions in SMT-LIB 2; each (check-sat) must be answered unsat:

    initial.smt2    the invariant holds at the start
    place-*.smt2    what the invariant says at one place is assumed; then each step from there
                    keeps it, and each case in which a property would be broken is impossible:
                    for type_invariant, that a step leaves a domain; for no_deadlock, that the
                    conditions of no step are met

What an (echo) says follows once the (check-sat)s after it are unsat. cN is how many devices are in
the local state of number N, sumN is a sum of such counts, declared once.

Any solver for QF_LIA can read them. The program compares the steps with the design itself,
asks cvc5, and refuses what was changed:

    python -m model certify --check FOLDER

The design is the one of digest {digest}.
"""
