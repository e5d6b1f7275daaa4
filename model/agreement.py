"""What several engines say of one system: they agree, or one of them has a bug."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from model.engines.result import Finding, Report, Verdict
from model.lang import System
from model.linux.design import Size

_PASS = (Verdict.HOLDS, Verdict.PROVED)


class Disagreement(Exception):
    """Two answers contradict each other: a bug in an engine, never a verdict.

    ``reports`` are the whole answers, ``claim`` the property that they differ on, if it is one,
    and ``size`` that of ``system``, once somebody knows it.
    """

    def __init__(
        self, told: str, system: System, reports: Sequence[Report], claim: str = ""
    ) -> None:
        super().__init__(told)
        self.system = system
        self.reports = tuple(reports)
        self.claim = claim
        self.size: Size | None = None


def agreed(system: System, first: Report, second: Report) -> Report:
    """``first``, confirmed by ``second`` wherever that has an answer, and completed by it.

    Nobody has to know what exercises a claim but the search: `vacuous` does not contradict `holds`.
    A search that leaves out interleavings may have longer counterexamples.
    Raises Disagreement where verdicts or the lengths of shortest counterexamples differ.
    """
    findings = dict(first.findings)
    for name, other in second.findings.items():
        mine = findings[name]
        if other.verdict is Verdict.UNDETERMINED:
            continue
        if mine.verdict is Verdict.UNDETERMINED:
            findings[name] = other
        elif other.verdict in _PASS and mine.verdict in (Verdict.VACUOUS, *_PASS):
            told = f"{mine.reason}; {second.engine} agrees: {other.reason}"
            verdict = other.verdict if mine.verdict is Verdict.HOLDS else mine.verdict
            findings[name] = replace(mine, verdict=verdict, reason=told)
        elif mine.verdict is other.verdict and (
            _steps(mine) == _steps(other) or first.hurried or second.hurried
        ):
            told = f"{mine.reason}; {second.engine} agrees: {other.reason}"
            findings[name] = replace(mine, reason=told)
        else:
            raise Disagreement(
                f"{system}: {name}: {first.engine} says {_told(mine)}, "
                f"{second.engine} says {_told(other)}",
                system,
                [first, second],
                name,
            )
    return replace(
        first,
        findings=findings,
        seconds=first.seconds + second.seconds,
        peak_bytes=max(first.peak_bytes, second.peak_bytes),
    )


def _steps(finding: Finding) -> int | None:
    return None if finding.trace is None else len(finding.trace)


def _told(finding: Finding) -> str:
    steps = f" in {len(finding.trace)} steps" if finding.trace is not None else ""
    return f"{finding.verdict}{steps}"
