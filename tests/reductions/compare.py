"""Searches of one system with and without reductions, compared."""

from __future__ import annotations

from collections.abc import Iterator

from model.engines.choice import Machine, Reductions, Wish
from model.engines.result import Limits, Report
from model.judging import Effort, Engine, run
from model.lang import Claim, System
from properties import PROPERTIES

ON, OFF = Wish.ON, Wish.OFF
SYMMETRY = Reductions(ON, OFF, OFF, OFF)
FORGET = Reductions(OFF, ON, OFF, OFF)
FOLD = Reductions(OFF, OFF, ON, OFF)
PARTIAL_ORDER = Reductions(OFF, OFF, OFF, ON)
ALL = Reductions(ON, ON, ON, ON)
FINISHED = "every claim is decided"


def report_of(
    system: System, claims: list[Claim], reductions: Reductions, limits: Limits = Limits()
) -> Report:
    """The kernel's report. Every trace in it has been replayed."""
    effort = Effort(machine=Machine.KERNEL, reductions=reductions)
    return run(Engine.BFS, system, claims, limits, effort)


def asked_of(system: System) -> list[Claim]:
    """Every claim that concerns the system."""
    return [item.ground(system) for item in PROPERTIES if item.concerns(system)]


def stored(report: Report) -> int:
    """How many states the search stored."""
    assert report.stored is not None
    return report.stored


def differences(whole: Report, fewer: Report) -> Iterator[str]:
    """What must not differ and does, between a search without reductions and one with some.

    Each verdict must be the same, for the same reason if there is no trace, and no trace shorter;
    longer only where interleavings were left out. More states must not be stored.
    """
    if FINISHED in (whole.stopped, fewer.stopped):
        if whole.stopped != fewer.stopped:
            yield f"one stops as {FINISHED}, and the other does not"
    else:
        if stored(fewer) > stored(whole):
            yield f"{stored(fewer)} states are stored instead of {stored(whole)}"
        if fewer.never_fired != whole.never_fired:
            yield f"never taken: {fewer.never_fired} instead of {whole.never_fired}"
    for name, found in whole.findings.items():
        again = fewer.findings[name]
        if again.verdict is not found.verdict:
            yield f"{name}: {again.verdict} instead of {found.verdict}"
        elif found.trace is None:
            reasons = _reason(whole, name), _reason(fewer, name)
            if again.trace is not None or reasons[0] != reasons[1]:
                yield f"{name}: {reasons[1]!r} instead of {reasons[0]!r}"
        elif again.trace is None:
            yield f"{name}: no trace"
        elif found.trace.loop is None:
            steps, least = len(again.trace), len(found.trace)
            if steps < least or (steps > least and not fewer.hurried):
                yield f"{name}: {steps} steps instead of {least}"


def _reason(report: Report, name: str) -> str:
    """Why it is so. Of steps that leave a domain one is as good as another: of dev1 as of dev0."""
    reason = report.findings[name].reason
    return reason.replace(report.left_domain, "a step") if report.left_domain else reason
