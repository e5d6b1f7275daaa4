"""Certificates of designs: writing one, and having one checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from model.agreement import Disagreement
from model.catalogue import UsageError, find, find_property
from model.certificates import reachable
from model.certificates.check import NAME, SEARCHED_AT, check, folder, start_of
from model.certificates.form import (
    Certificate,
    CertificateError,
    Searched,
    digest_of_claim,
    digest_of_design,
    read,
)
from model.certificates.obligations import files
from model.certificates.reachable import Reachable
from model.engines.census import by_kernel, by_numpy, by_python
from model.engines.choice import UNREDUCED, Machine
from model.engines.result import Limits, Report, Verdict
from model.engines.solving import Clock, GaveUp
from model.judging import Effort, Engine, run
from model.lang import Property
from model.linux.design import Design, Size
from model.proof.by_pairs import ByPairs
from model.proof.certificate import OfCounts, OfPairs, certificate
from model.proof.counting import CounterSystem
from model.proof.family import Family
from model.proof.groups import Groups
from model.proof.prove import COVERED, Proof
from model.proof.quantified import NotUniform
from model.proof.seeds import SEARCHED, seeds
from model.proving import family
from properties import PROPERTIES

CENSUS = {Machine.KERNEL: by_kernel, Machine.NUMPY: by_numpy, Machine.PYTHON: by_python}


def certified(name: str, limits: Limits = Limits()) -> tuple[dict[str, str], dict[str, str]]:
    """The files of a certificate for a design, and what is not in it, with the reason.

    Raises UsageError for an unknown design or one without a proof, GaveUp and ModelError.
    """
    design = find(name).design
    systems = family(design)
    clock = Clock(limits)
    few = systems(SEARCHED_AT)
    about = [item for item in PROPERTIES if item.concerns(few)]
    claims = [item.ground(few) for item in about if item.kind in COVERED]
    report = run(Engine.BFS, few, claims, limits, Effort())
    left = {
        name: f"it is violated with {SEARCHED_AT} devices"
        for name, finding in report.findings.items()
        if finding.verdict is Verdict.VIOLATED
    }
    wanted = [item for item in about if item.name not in left]
    try:
        made, open_ = _written(design, wanted, clock)
    except NotUniform as error:
        raise UsageError(f"{name} has no proof: {error}") from None
    if not made.properties:
        raise UsageError(f"{name} has no proof: {next(iter({**open_, **left}.items()))}")
    counts = CENSUS[_machine(report)](few)
    searched = Searched(counts.states, counts.depth, counts.digest)
    made = replace(made, searched=searched)
    return folder(made, files(made, start_of(systems(1), made))), {**left, **open_}


def _written(
    design: Design, wanted: Sequence[Property], clock: Clock
) -> tuple[Certificate, dict[str, str]]:
    """The certificate by the invariant from which more of ``wanted`` follows, pairs or counts.

    Raises NotUniform and GaveUp.
    """
    systems, two_groups = family(design), design.system(Size(0, 2, 2))
    counting = CounterSystem(Family(systems))
    groups = Groups(counting.family.of_size(2).system, two_groups)
    pairs = ByPairs(counting, groups, wanted, seeds(counting, SEARCHED), clock)
    made, left = certificate(OfPairs(pairs), wanted, systems, clock)
    if any(item.kind in COVERED and item.name in left for item in wanted):
        try:
            other = certificate(OfCounts(Proof(systems, two_groups, clock)), wanted, systems, clock)
        except GaveUp:
            if not made.properties:
                raise
        else:
            made, left = min((made, left), other, key=lambda one: len(one[1]))
    return made, left


def checked(home: Path, variant: str | None, limits: Limits = Limits()) -> Certificate:
    """The certificate in the folder ``home``, once it has been checked.

    ``variant`` is the design's file if it is none of ours. Raises CertificateError, NotDecided,
    UsageError and ModelError.
    """
    path = home / NAME
    if not path.exists():
        raise CertificateError(f"there is no {NAME}")
    name = read(path.read_text(encoding="utf-8")).design
    claims = {item.name: item.ground for item in PROPERTIES}
    return check(home, family(find(variant or name).design), claims, limits)


def counted(name: str, size: Size, machine: Machine) -> dict[str, str]:
    """The files of a certificate of what a search of a design finds at one size.

    Raises UsageError, ModelError and KeyboardInterrupt.
    """
    design = find(name).design
    system = design.system(size)
    about = [item for item in PROPERTIES if item.concerns(system)]
    return reachable.folder(_count(design, size, about, machine))


def recounted(home: Path, variant: str | None, machine: Machine) -> tuple[Reachable, Machine]:
    """The certificate of a search in the folder ``home``, once it was found again, and by what.

    If that is left open it is another machine than before, where there is one. ``variant`` is the
    design's file if it is none of ours. Raises CertificateError, UsageError and ModelError.
    """
    found = {path.name: path.read_bytes() for path in sorted(home.iterdir())}
    try:
        told = reachable.read(found.get(reachable.NAME, b"").decode())
    except UnicodeDecodeError as error:
        raise CertificateError(f"{reachable.NAME} is no text: {error}") from None
    wanted = {file: text.encode() for file, text in reachable.folder(told).items()}
    for file in sorted({*found, *wanted}):
        if found.get(file) != wanted.get(file):
            raise CertificateError(f"{file} is not what the certificate asks for")
    design = find(variant or told.design).design
    size = Size(told.devices, told.hotplug, told.groups)
    if told.system != digest_of_design([design.system(size)]):
        raise CertificateError(f"the certificate is about another {told.design}, or another size")
    if machine is Machine.AUTO and told.machine != Machine.PYTHON:
        machine = Machine.PYTHON  # which shares least with the others
    try:
        asked = [find_property(item.name) for item in told.results]
    except UsageError as error:
        raise CertificateError(str(error)) from None
    again = _count(design, size, asked, machine)
    reachable.compare(told, again)
    return told, Machine(again.machine)


def _machine(report: Report) -> Machine:
    """What made a report; the rest of what it says of that is why."""
    return Machine(re.split(r"\W", report.machine, maxsplit=1)[0])


def _count(
    design: Design, size: Size, properties: Sequence[Property], machine: Machine
) -> Reachable:
    """What ``machine`` finds: every reachable state by itself, with nothing forgotten."""
    system = design.system(size)
    effort = Effort(machine=machine, reductions=UNREDUCED)
    claims = [item.ground(system) for item in properties]
    report = run(Engine.BFS, system, claims, Limits(), effort)
    if report.stopped == "interrupted":
        raise KeyboardInterrupt
    machine = _machine(report)
    census = CENSUS[machine](system)
    twice = (report.states, report.transitions, report.depth)
    if report.complete and twice != (census.states, census.transitions, census.depth):
        raise Disagreement(
            f"{system}: one search finds {twice}, another {census}", system, [report]
        )
    results = [
        reachable.Result(
            claim.name,
            digest_of_claim([claim]),
            str((found := report.findings[claim.name]).verdict),
            None if found.trace is None else len(found.trace),
        )
        for claim in claims
    ]
    return Reachable(
        reachable.VERSION,
        design.name,
        size.devices,
        size.hotplug,
        size.groups,
        digest_of_design([system]),
        str(machine),
        [variable.name for variable in system.variables],
        census.states,
        census.transitions,
        census.depth,
        census.digest,
        results,
    )
