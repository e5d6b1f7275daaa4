"""Bounded model checking: every run up to a length, shortest first.

It finds violations, and the shortest there are, without enumerating states. That it finds none
proves nothing about longer runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import z3  # type: ignore[import-untyped]  # Z3 ships no type information

from model.engines.encoding import Encoding
from model.engines.memory import peak_bytes
from model.engines.result import Finding, Limits, Progress, Report, Verdict
from model.engines.solving import Clock, GaveUp
from model.engines.translation import Term
from model.engines.unrolling import Unrolling
from model.lang import Claim, Kind, System
from model.traces.trace import Trace, replay

_NEEDS_ALL_RUNS = {
    Kind.POSSIBLE: "what can still happen is a matter of all runs, not of one of bounded length",
    Kind.LEADS_TO: "a run that never comes to it has no end, and every bounded one has",
    Kind.FIRES: "bounded model checking does not ask whether every action is taken",
}


@dataclass(frozen=True, eq=False)
class Goal:
    """A state to look for on behalf of ``claim``: ``term`` is over the encoding's ``now``."""

    claim: Claim
    term: Term

    @property
    def leaves(self) -> bool:
        """Whether it takes one more step, out of a domain, to show the state's fault."""
        return self.claim.kind is Kind.TYPES


def goals(encoding: Encoding, claim: Claim) -> list[Goal]:
    """What refutes ``claim``; for a REACHABLE one, the states that it says are reached."""
    actions = encoding.system.actions
    match claim.kind:
        case Kind.INVARIANT:
            return [Goal(claim, z3.Not(encoding.term(claim.that)))]
        case Kind.DEADLOCK:
            return [Goal(claim, z3.Not(z3.Or([encoding.enabled(a) for a in actions])))]
        case Kind.TYPES:
            wrong = [z3.And(encoding.enabled(a), encoding.leaves(a)) for a in actions]
            return [Goal(claim, z3.Or(wrong))]
        case Kind.REACHABLE:
            return [Goal(claim, encoding.term(case.that)) for case in claim.cases]
        case _:
            return []


def bounded(
    system: System, claims: Sequence[Claim], *, depth: int, limits: Limits = Limits()
) -> Report:
    """Decide ``claims`` by looking at every run of at most ``depth`` steps.

    An INVARIANT, TYPES or DEADLOCK claim is VIOLATED with a shortest trace, which has been
    replayed, or UNDETERMINED. A REACHABLE claim HOLDS once each of its cases has been
    reached, by a run that has been replayed. Other kinds are UNDETERMINED.

    Raises ValueError for a negative ``depth``.
    """
    if depth < 0:
        raise ValueError(f"a run cannot have {depth} steps")
    clock = Clock(limits)
    search = Search(system, claims, depth, clock, limits.progress)
    stopped = ""
    try:
        search.run()
    except GaveUp as error:
        stopped = str(error)
    except KeyboardInterrupt:
        stopped = "interrupted"
    findings = search.findings(stopped)
    if not stopped and any(f.verdict is Verdict.UNDETERMINED for f in findings.values()):
        stopped = f"the bound of {depth} steps"
    return Report(
        engine="bmc",
        findings=findings,
        seconds=clock.seconds,
        peak_bytes=peak_bytes(),
        depth=search.done,
        complete=not stopped,
        stopped=stopped,
    )


class Search:
    """The goals not yet met, and the runs that met the others; ``done`` is the depth covered."""

    def __init__(
        self,
        system: System,
        claims: Sequence[Claim],
        depth: int,
        clock: Clock,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._system = system
        self._claims = claims
        self._depth = depth
        self._progress = progress
        self._clock = clock
        self._pending: list[Goal] = []
        self._met: list[tuple[Goal, Trace]] = []
        self.done = 0

    def run(self) -> None:
        """Look for every goal, at one depth after the other. Raises GaveUp."""
        encoding = Encoding(self._system)
        self._pending = [goal for claim in self._claims for goal in goals(encoding, claim)]
        runs = Unrolling(encoding, encoding.initial())
        while True:
            for goal in list(self._pending):
                # The step out of the domain counts: it is beyond the bound in the last state.
                if not goal.leaves or runs.length < self._depth:
                    self._look(runs, goal)
            self.done = runs.length
            if not self._pending or runs.length == self._depth:
                return
            if self._progress is not None:
                self._progress(Progress(0, self.done, self._clock.seconds))
            runs.extend()

    def _look(self, runs: Unrolling, goal: Goal) -> None:
        found = z3.FreshBool("goal")
        term = runs.at(goal.term)
        runs.solver.add(z3.Implies(found, term))
        if not self._clock.satisfiable(runs.solver, found):
            # True of every run, and of use to the queries still to come.
            runs.solver.add(z3.Not(term))
            return
        trace = runs.trace(runs.solver.model(), stuck=goal.leaves)
        replay(trace)
        self._pending.remove(goal)
        self._met.append((goal, trace))

    def findings(self, stopped: str = "") -> dict[str, Finding]:
        """What is known of each claim, by its name; ``stopped`` says why the search broke off."""
        return {claim.name: self._finding(claim, stopped) for claim in self._claims}

    def _finding(self, claim: Claim, stopped: str) -> Finding:
        if claim.kind in _NEEDS_ALL_RUNS:
            return Finding(Verdict.UNDETERMINED, _NEEDS_ALL_RUNS[claim.kind])
        met = [trace for goal, trace in self._met if goal.claim is claim]
        if claim.kind is Kind.REACHABLE:
            if len(met) == len(claim.cases):
                return Finding(
                    Verdict.HOLDS, f"reached within {_steps(max(map(len, met), default=0))}"
                )
            missing = f"{len(claim.cases) - len(met)} of {len(claim.cases)} cases not reached"
            return Finding(
                Verdict.UNDETERMINED,
                stopped or f"{missing} within {_steps(self._depth)}; a bound is no proof",
            )
        if met:
            return Finding(Verdict.VIOLATED, f"after {_steps(len(met[0]))}", trace=met[0])
        return Finding(
            Verdict.UNDETERMINED,
            stopped or f"no violation within {self._depth} steps; a bound is no proof",
        )


def _steps(number: int) -> str:
    return f"{number} step" if number == 1 else f"{number} steps"
