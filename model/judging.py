"""Which engine decides, and what several of them have to agree on."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from model.agreement import agreed
from model.catalogue import UsageError
from model.engines.checkpoint import Checkpoint, Misfit
from model.engines.choice import USUAL, Machine, Reductions, Wish, choose
from model.engines.kernel.programs import Unsuitable
from model.engines.result import Limits, Report, Verdict
from model.engines.search import explore
from model.engines.symmetry import NotInterchangeable
from model.lang import Claim, Kind, ModelError, System


class Engine(enum.StrEnum):
    """Which machine decides."""

    BFS = "bfs"
    """Explicit search: every property, exhaustive for the size."""
    Z3 = "z3"
    """Induction, then bounded model checking: properties of states, not of runs."""
    PROOF = "proof"
    """Search, and then induction for every number of devices of what holds."""
    DIAGRAMS = "diagrams"
    """All states of one group at once, as decision diagrams: properties of states, many devices."""
    ALL = "all"
    """Search, Z3 and the proof for every number of devices, and they must agree."""


BY_Z3 = (Kind.INVARIANT, Kind.TYPES, Kind.DEADLOCK, Kind.REACHABLE)
BY_DIAGRAMS = (*BY_Z3, Kind.FIRES)


@dataclass(frozen=True)
class Effort:
    """How an engine goes about it.

    ``depth`` bounds bounded model checking, in steps: more than every known counterexample has.
    ``k`` is how many steps in a row an induction assumes the property for. ``machine`` stores the
    search's states, ``symmetry`` lets one of them stand for all that are alike, and ``forget``
    leaves out what only violated properties read. ``checkpoints`` is a folder in which each search
    notes what it has found, and from which it goes on. ``lemmas`` are the names of properties that
    a proof may rest on.
    """

    depth: int = 24
    k: int = 1
    machine: Machine = Machine.AUTO
    reductions: Reductions = USUAL
    checkpoints: Path | None = None
    lemmas: tuple[str, ...] = ()


MakeCheckpoint = Callable[[str], Checkpoint]
"""Makes the checkpoint of one search by the machine of that description."""


def run(
    engine: Engine,
    system: System,
    claims: Sequence[Claim],
    limits: Limits,
    effort: Effort,
    checkpoint: MakeCheckpoint | None = None,
) -> Report:
    """What ``engine`` says of ``claims``; a search goes on from its ``checkpoint``.

    Raises ModelError for an action that leaves a domain unasked, UsageError for an ``effort``
    that is not possible, and Disagreement.
    """
    if engine in (Engine.BFS, Engine.PROOF):
        report = _search(system, claims, limits, effort, checkpoint)
    elif engine is Engine.Z3:
        report = _solve(system, claims, limits, effort)
    else:
        report = _both(system, claims, limits, effort)
    _refuse_lost_steps(system, claims, report)
    return report


def _search(
    system: System,
    claims: Sequence[Claim],
    limits: Limits,
    effort: Effort,
    checkpoint: MakeCheckpoint | None = None,
) -> Report:
    """The search's answer. What is not reached in some order only is looked for in every order."""
    report = _explored(system, claims, limits, effort, checkpoint)
    vacuous = any(found.verdict is Verdict.VACUOUS for found in report.findings.values())
    if not (report.hurried and vacuous):
        return report
    if limits.timeout is not None:
        limits = replace(limits, timeout=max(0.0, limits.timeout - report.seconds))
    reductions = replace(effort.reductions, partial_order=Wish.OFF)
    again = _explored(system, claims, limits, replace(effort, reductions=reductions))
    return replace(again, seconds=report.seconds + again.seconds)


def _explored(
    system: System,
    claims: Sequence[Claim],
    limits: Limits,
    effort: Effort,
    checkpoint: MakeCheckpoint | None = None,
) -> Report:
    try:
        explorer, told = choose(system, claims, effort.machine, effort.reductions)
    except (Unsuitable, NotInterchangeable) as reason:
        raise UsageError(f"{system}: that is not possible: {reason}") from None
    saved = checkpoint(f"{told} ({effort.reductions})") if checkpoint else None
    try:
        report = explore(system, claims, limits, explorer, saved)
    except Misfit as reason:
        path = saved.path if saved else ""
        raise UsageError(f"{path}: {reason}; remove it, or name another folder") from None
    if report.folded:
        told += f", reducing {', '.join(report.folded)}"
    if report.forgotten:
        told += f", forgetting {', '.join(report.forgotten)}"
    return replace(report, machine=told)


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
    searched = bounded(system, left, depth=effort.depth, limits=limits.after(proved.seconds))
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
    searched = _search(system, claims, limits, effort)
    asked = [claim for claim in claims if claim.kind in BY_Z3]
    solved = _solve(system, asked, limits.after(searched.seconds), effort)
    return replace(agreed(system, searched, solved), engine="all")
