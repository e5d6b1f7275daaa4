"""Where design, property and engine meet. It returns data and prints nothing."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from model.catalogue import Entry, find, find_property
from model.engines.result import Finding, Limits, Report, Verdict
from model.engines.search import explore
from model.lang import Claim, Kind, ModelError, Property, System, did_you_mean
from model.linux.design import Design, Size
from model.proving import strengthen
from properties import PROPERTIES


class Engine(enum.StrEnum):
    """Which machine decides."""

    BFS = "bfs"
    """Explicit search: every property, exhaustive for the size."""
    Z3 = "z3"
    """Induction, then bounded model checking: properties of states, not of runs."""
    PROOF = "proof"
    """Search, and then induction for every number of devices of what holds."""
    ALL = "all"
    """Search and Z3, and they must agree."""


BY_Z3 = (Kind.INVARIANT, Kind.TYPES, Kind.DEADLOCK, Kind.REACHABLE)


@dataclass(frozen=True)
class Effort:
    """How far the solver looks.

    ``depth`` bounds bounded model checking, in steps: more than every known counterexample has.
    ``k`` is how many steps in a row an induction assumes the property for.
    """

    depth: int = 24
    k: int = 1


class Disagreement(Exception):
    """Two engines contradict each other: a bug in one of them, never a verdict."""


class ExitCode(enum.IntEnum):
    """What a run's results mean to whoever started it."""

    AS_EXPECTED = 0
    VIOLATED = 1
    USAGE = 2
    UNDETERMINED = 3
    VACUOUS = 4
    VANISHED = 5
    INTERNAL = 70


@dataclass(frozen=True)
class Result:
    """One property of one design at one size.

    ``finding`` holds the verdict with its reason, trace and hint; ``report`` is the engine's
    whole answer for the design.
    """

    entry: Entry
    asked: Property
    size: Size
    expected: Verdict
    finding: Finding
    report: Report

    @property
    def design(self) -> Design:
        """The design that was asked about."""
        return self.entry.design

    @property
    def verdict(self) -> Verdict:
        """What is known of the property."""
        return self.finding.verdict

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the expected one. A proof is as good as an exhaustive search."""
        verdict = Verdict.HOLDS if self.verdict is Verdict.PROVED else self.verdict
        return verdict is self.expected

    @property
    def exit_code(self) -> ExitCode:
        """What this result alone means."""
        if self.as_expected:
            return ExitCode.AS_EXPECTED
        return {
            Verdict.VIOLATED: ExitCode.VIOLATED,
            Verdict.UNDETERMINED: ExitCode.UNDETERMINED,
            Verdict.VACUOUS: ExitCode.VACUOUS,
        }.get(self.verdict, ExitCode.VANISHED)


@dataclass(frozen=True)
class Outcome:
    """The results of a run, in the order of designs and properties.

    ``skipped`` names designs that an interrupt left unchecked.
    """

    results: tuple[Result, ...]
    skipped: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Result:
        """The result for the property ``name``, of the first design that has one."""
        for result in self.results:
            if result.asked.name == name:
                return result
        known = [result.asked.name for result in self.results]
        raise KeyError(f"{name!r} was not checked; {did_you_mean(name, known)}")

    @property
    def passed(self) -> bool:
        """Whether every verdict is the expected one."""
        return self.exit_code is ExitCode.AS_EXPECTED

    @property
    def exit_code(self) -> ExitCode:
        """The gravest of the results' codes: a violation, then one that has vanished.

        What was skipped is undetermined, and a run without any result has exercised nothing.
        """
        order = (
            ExitCode.VIOLATED,
            ExitCode.VANISHED,
            ExitCode.UNDETERMINED,
            ExitCode.VACUOUS,
            ExitCode.AS_EXPECTED,
        )
        codes = {result.exit_code for result in self.results}
        if self.skipped:
            codes.add(ExitCode.UNDETERMINED)
        return next((code for code in order if code in codes), ExitCode.VACUOUS)

    def __str__(self) -> str:
        """One line for each result that is not as expected."""
        wrong = [
            f"{r.design.name}: {r.asked.name}: {r.verdict}, expected {r.expected}: "
            f"{r.finding.reason}"
            for r in self.results
            if not r.as_expected
        ]
        wrong += [f"{name}: not checked" for name in self.skipped]
        return "\n".join(wrong) or f"{len(self.results)} verdicts as expected"

    def __repr__(self) -> str:
        """What pytest shows for `assert outcome.passed, outcome`: it takes no str()."""
        return f"<Outcome: {self}>"


def check(
    design: str | Path | Design,
    *properties: str,
    devices: int = 1,
    hotplug: int = 1,
    groups: int = 1,
    engine: str = "bfs",
    limits: Limits | None = None,
) -> Outcome:
    """Check ``properties`` (all that concern it, if none are named) of one design.

    ``design`` is a name, the path of a variant's file, or a Design, of which everything is
    expected to hold. Raises UsageError, ModelError or TraceFileError for what cannot be checked.
    """
    entry = Entry(design, None) if isinstance(design, Design) else find(str(design))
    size = Size(devices, hotplug, groups)
    chosen = [find_property(name) for name in properties]
    return Outcome(tuple(check_entry(entry, chosen, size, Engine(engine), limits or Limits())))


def check_entry(
    entry: Entry,
    chosen: Sequence[Property],
    size: Size,
    engine: Engine = Engine.BFS,
    limits: Limits | None = None,
    effort: Effort = Effort(),
) -> Iterator[Result]:
    """Check one design; ``chosen`` empty means every property that concerns it.

    ``effort`` is the solver's. Raises ModelError for a malformed design,
    TraceFileError for a malformed expectation and Disagreement.
    """
    limits = limits or Limits()
    system = entry.design.system(size)
    wanted = list(dict.fromkeys(chosen)) or [p for p in PROPERTIES if _answers(engine, p, system)]
    claims = [item.ground(system) for item in wanted]
    report = _run(engine, system, claims, limits, effort)
    if engine is Engine.PROOF:
        report = strengthen(entry.design, wanted, report, limits)
    for item in wanted:
        finding = report.findings[item.name]
        if finding.verdict in (Verdict.HOLDS, Verdict.PROVED) and not item.concerns(system):
            about = ", ".join(f.name for f in item.about)
            finding = Finding(Verdict.VACUOUS, f"nothing in {entry.design} ever changes {about}")
        expected = entry.expected(item.name, size)
        yield Result(entry, item, size, expected, finding, report)


def _answers(engine: Engine, item: Property, system: System) -> bool:
    """Whether a run without named properties includes ``item``."""
    return item.concerns(system) and (engine is not Engine.Z3 or item.kind in BY_Z3)


def _run(
    engine: Engine, system: System, claims: Sequence[Claim], limits: Limits, effort: Effort
) -> Report:
    if engine in (Engine.BFS, Engine.PROOF):
        report = explore(system, claims, limits)
    elif engine is Engine.Z3:
        report = _solve(system, claims, limits, effort)
    else:
        report = _both(system, claims, limits, effort)
    _refuse_lost_steps(system, claims, report)
    return report


def _refuse_lost_steps(system: System, claims: Sequence[Claim], report: Report) -> None:
    """A step out of a domain is a mistake in the model unless type_invariant was asked about."""
    asked = any(claim.kind is Kind.TYPES for claim in claims)
    if report.left_domain and not asked:
        action = system.by_title[report.left_domain]
        raise ModelError(
            f"{action.title} takes a variable outside its domain",
            "widen the domain or guard the step; --property type_invariant shows the trace",
            where=action.where,
            subject=f"action {action.name}",
        )


def _solve(system: System, claims: Sequence[Claim], limits: Limits, effort: Effort) -> Report:
    """Induction first; what it leaves open goes to bounded model checking."""
    from model.engines.bmc import bounded  # the solver is slow to import and rarely needed
    from model.engines.induction import prove
    from properties.lemmas import LEMMAS

    lemmas = [item.ground(system) for item in LEMMAS]
    proved = prove(system, claims, lemmas=lemmas, k=effort.k, limits=limits)
    left = [c for c in claims if proved.findings[c.name].verdict is Verdict.UNDETERMINED]
    if not left or not proved.complete:
        return replace(proved, engine="z3")
    if limits.timeout is not None:
        limits = replace(limits, timeout=max(0.0, limits.timeout - proved.seconds))
    searched = bounded(system, left, depth=effort.depth, limits=limits)
    findings = dict(proved.findings)
    for claim in left:
        found = searched.findings[claim.name]
        hint = proved.findings[claim.name].hint
        open_ = found.verdict is Verdict.UNDETERMINED
        findings[claim.name] = replace(found, hint=hint) if open_ else found
    return replace(
        searched, engine="z3", findings=findings, seconds=proved.seconds + searched.seconds
    )


def _both(system: System, claims: Sequence[Claim], limits: Limits, effort: Effort) -> Report:
    """The search's answer, confirmed by the solver wherever that has one. Raises Disagreement."""
    searched = explore(system, claims, limits)
    solved = _solve(system, [c for c in claims if c.kind in BY_Z3], limits, effort)
    findings = dict(searched.findings)
    for name, other in solved.findings.items():
        mine = findings[name]
        if other.verdict is Verdict.UNDETERMINED:
            continue
        if mine.verdict is Verdict.VACUOUS and other.verdict is Verdict.HOLDS:
            continue
        if mine.verdict is Verdict.UNDETERMINED:
            findings[name] = other
        elif mine.verdict is not other.verdict or len(mine.trace or ()) != len(other.trace or ()):
            raise Disagreement(
                f"{system.name}: {name}: the search says {_told(mine)}, the solver {_told(other)}"
            )
        else:
            findings[name] = replace(mine, reason=f"{mine.reason}; z3 agrees: {other.reason}")
    return replace(
        searched, engine="all", findings=findings, seconds=searched.seconds + solved.seconds
    )


def _told(finding: Finding) -> str:
    steps = f" in {len(finding.trace)} steps" if finding.trace is not None else ""
    return f"{finding.verdict}{steps}"
