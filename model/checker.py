"""Where design, property and engine meet. It returns data and prints nothing."""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.agreement import Disagreement, agreed
from model.catalogue import Entry, UsageError, find, find_lemma, find_property
from model.engines.result import Finding, Limits, Report, Verdict
from model.judging import BY_DIAGRAMS, BY_Z3, Effort, Engine, run
from model.lang import Kind, Property, System, did_you_mean
from model.linux.design import Design, Size
from model.many import by_diagrams
from model.proving import REFUSED, proved, strengthen
from model.resuming import checkpoint_of, path_of
from properties import PROPERTIES


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
    whole answer for the design. ``size`` is ``asked_size``, or a larger one where a proof for any
    number of devices found a violation that needs it.
    """

    entry: Entry
    asked: Property
    size: Size
    expected: Verdict
    finding: Finding
    report: Report
    asked_size: Size

    @property
    def design(self) -> Design:
        """The design that was asked about."""
        return self.entry.design

    @property
    def verdict(self) -> Verdict:
        """What is known of the property."""
        return self.finding.verdict

    @property
    def trace_size(self) -> Size:
        """The size of the system that the trace is of: diagrams have theirs from a small one."""
        few = self.finding.fewest
        diagrams = self.report.engine == Engine.DIAGRAMS
        return Size(0, few) if diagrams and few is not None else self.size

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
    lemmas: Sequence[str] = (),
) -> Outcome:
    """Check ``properties`` (all that concern it, if none are named) of one design.

    ``design`` is a name, the path of a variant's file, or a Design, of which everything is
    expected to hold. ``lemmas`` are names of properties that engine proof is to prove first.
    Raises UsageError, ModelError or TraceFileError for what cannot be checked.
    """
    entry = Entry(design, None) if isinstance(design, Design) else find(str(design))
    size = Size(devices, hotplug, groups)
    chosen = [find_property(name) for name in properties]
    effort = Effort(lemmas=tuple(lemmas))
    results = check_entry(entry, chosen, size, Engine(engine), limits or Limits(), effort)
    return Outcome(tuple(results))


def check_entry(
    entry: Entry,
    chosen: Sequence[Property],
    size: Size,
    engine: Engine = Engine.BFS,
    limits: Limits | None = None,
    effort: Effort | None = None,
) -> Iterator[Result]:
    """Check one design; ``chosen`` empty means every property that concerns it.

    Raises ModelError for a malformed design, TraceFileError for a malformed expectation,
    UsageError for an ``effort`` that is not possible, and Disagreement.
    """
    limits = limits or Limits()
    effort, checkpoint = effort or Effort(), None
    if effort.lemmas and engine is not Engine.PROOF:
        raise UsageError(f"--lemma is for --engine proof, and this is {engine}")
    lemmas = [find_lemma(name, entry) for name in dict.fromkeys(effort.lemmas)]
    system = entry.design.system(size)
    wanted = [*chosen] or [p for p in PROPERTIES if _answers(engine, p, system)]
    wanted = list(dict.fromkeys([*wanted, *lemmas]))
    claims = [item.ground(system) for item in wanted] if engine is not Engine.DIAGRAMS else []
    if effort.checkpoints:
        path = path_of(effort.checkpoints, entry, size)
        checkpoint = functools.partial(checkpoint_of, path, system, claims, size)
    try:
        if engine is Engine.DIAGRAMS:
            report = by_diagrams(entry.design, wanted, size, limits)
        else:
            report = run(engine, system, claims, limits, effort, checkpoint)
        if engine is Engine.PROOF:
            report = strengthen(entry.design, wanted, report, size, limits, lemmas)
        if engine is Engine.ALL:
            proof = proved(entry.design, wanted, limits.after(report.seconds))
            report = agreed(system, report, proof)
    except Disagreement as error:
        error.size = size
        raise
    for item in wanted:
        finding = report.findings[item.name]
        if finding.verdict in (Verdict.HOLDS, Verdict.PROVED) and not item.concerns(system):
            about = ", ".join(f.name for f in item.about)
            why = f"nothing in {entry.design} ever changes {about}"
            finding = Finding(Verdict.VACUOUS, f"{REFUSED}: {why}" if item in lemmas else why)
        shown = size
        if (finding.fewest or 0) > size.devices + size.hotplug:
            shown = Size(0, finding.fewest or 0)
        expected = entry.expected(item.name, shown)
        yield Result(entry, item, shown, expected, finding, report, size)


def _answers(engine: Engine, item: Property, system: System) -> bool:
    """Whether a run without named properties includes ``item``."""
    covered = {Engine.Z3: BY_Z3, Engine.DIAGRAMS: BY_DIAGRAMS}.get(engine, tuple(Kind))
    return item.concerns(system) and item.kind in covered
