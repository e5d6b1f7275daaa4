"""Proof by induction, for one size and runs of any length.

What holds initially and is preserved by every action holds in every reachable state. A claim is
rarely preserved by itself; lemmas rule out the unreachable states in which it is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import z3  # type: ignore[import-untyped]  # Z3 ships no type information

from model.engines.bmc import Goal, Search, goals
from model.engines.encoding import Encoding
from model.engines.lemmas import Conjunct, Inductive, conjuncts
from model.engines.memory import peak_bytes
from model.engines.result import Finding, Limits, Report, Verdict
from model.engines.solving import Clock, GaveUp
from model.engines.unrolling import Unrolling
from model.lang import Claim, Kind, System, type_invariant
from model.traces.trace import Trace

_PROVABLE = (Kind.INVARIANT, Kind.DEADLOCK, Kind.TYPES)


def prove(
    system: System,
    claims: Sequence[Claim],
    *,
    lemmas: Sequence[Claim] = (),
    k: int = 1,
    limits: Limits = Limits(),
) -> Report:
    """Try to prove ``claims`` by induction over ``k`` steps, with the help of ``lemmas``.

    Of the lemmas, what is not itself inductive is dropped, case by case. An INVARIANT, DEADLOCK
    or TYPES claim HOLDS if it is proved, is VIOLATED, by a replayed trace, if fewer than ``k``
    steps break it, and is UNDETERMINED otherwise: ``hint`` is then a run, from a state that
    need not be reachable, that breaks it. Other kinds are UNDETERMINED.

    A step that leaves a domain has no successor, so nothing but a violation is concluded of a
    system unless no step does. Raises ValueError if ``k`` is not positive or a lemma is no
    invariant.
    """
    if k < 1:
        raise ValueError(f"there is no induction over {k} steps")
    for lemma in lemmas:
        if lemma.kind is not Kind.INVARIANT:
            raise ValueError(f"{lemma.name} is no invariant, so it cannot be a lemma")
    clock = Clock(limits)
    findings: dict[str, Finding] = {}
    stopped = ""
    try:
        proof = _Proof(system, claims, lemmas, k, clock)
        for claim in claims:
            findings[claim.name] = proof.finding(claim)
    except GaveUp as error:
        stopped = str(error)
    except KeyboardInterrupt:
        stopped = "interrupted"
    for claim in claims:
        findings.setdefault(claim.name, Finding(Verdict.UNDETERMINED, stopped))
    return Report(
        engine="induction",
        findings=findings,
        seconds=clock.seconds,
        peak_bytes=peak_bytes(),
        complete=not stopped,
        stopped=stopped,
    )


class _Proof:
    """The kept lemmas of a system and what follows from them. All of it raises GaveUp."""

    def __init__(
        self, system: System, claims: Sequence[Claim], lemmas: Sequence[Claim], k: int, clock: Clock
    ) -> None:
        self._k = k
        self._clock = clock
        typed = type_invariant.ground(system)
        # A run that breaks a claim at once is found whether or not the lemmas are any good.
        tried = [typed, *(c for c in claims if c.kind in (Kind.INVARIANT, Kind.DEADLOCK))]
        beginning = Search(system, tried, k - 1, clock)
        beginning.run()
        self._violated = {
            name: finding
            for name, finding in beginning.findings().items()
            if finding.verdict is Verdict.VIOLATED
        }
        self._encoding = Encoding(system)
        offered = [c for lemma in lemmas for c in conjuncts(self._encoding, lemma)]
        self._inductive = Inductive(self._encoding, offered, clock)
        self._reason = (
            f"by induction, every run length at this size; {_told(offered, self._inductive.kept)}"
        )
        self._runs: dict[int, Unrolling] = {}
        self._typed = self._violated.get(typed.name) or self._decide(typed)

    def finding(self, claim: Claim) -> Finding:
        """What is known of ``claim``."""
        if claim.kind not in _PROVABLE:
            return Finding(Verdict.UNDETERMINED, "induction proves what holds in every state only")
        if claim.kind is Kind.TYPES:
            return self._typed
        found = self._violated.get(claim.name) or self._decide(claim)
        if found.verdict is Verdict.HOLDS and self._typed.verdict is not Verdict.HOLDS:
            return Finding(
                Verdict.UNDETERMINED,
                f"nothing breaks it unless a step leaves a domain: {self._typed.reason}",
                hint=self._typed.hint or self._typed.trace,
            )
        return found

    def _decide(self, claim: Claim) -> Finding:
        """Whether ``claim``, true in the first ``k`` states of every run, stays true."""
        (goal,) = goals(self._encoding, claim)
        # The step that leaves a domain is itself the last one of the induction.
        length = self._k - goal.leaves
        if self._k == 1 and not goal.leaves:
            follows = self._broken_after(0, goal) is None
            found = None if follows else self._inductive.broken_by(conjuncts(self._encoding, claim))
        else:
            found = self._broken_after(length, goal)
        if found is None:
            return Finding(Verdict.HOLDS, self._reason)
        last = found.stuck_on or found.actions[-1]
        return Finding(
            Verdict.UNDETERMINED,
            f"not inductive: {last.title} breaks it, from a state that may be unreachable",
            hint=found,
        )

    def _broken_after(self, length: int, goal: Goal) -> Trace | None:
        """A run of ``length`` steps that meets every lemma, and ``goal`` at its very end."""
        runs = self._anywhere(length)
        chosen = z3.FreshBool("goal")
        for number in range(length):
            runs.solver.add(z3.Implies(chosen, z3.Not(runs.at(goal.term, number))))
        runs.solver.add(z3.Implies(chosen, runs.at(goal.term)))
        if not self._clock.satisfiable(runs.solver, chosen):
            return None
        return runs.trace(runs.solver.model(), stuck=goal.leaves)

    def _anywhere(self, length: int) -> Unrolling:
        if length not in self._runs:
            lemmas = z3.And([c.term for c in self._inductive.kept])
            runs = Unrolling(self._encoding, lemmas)
            for _ in range(length):
                runs.extend()
                runs.solver.add(runs.at(lemmas))
            self._runs[length] = runs
        return self._runs[length]


def _told(offered: Sequence[Conjunct], kept: Sequence[Conjunct]) -> str:
    """Which lemmas were used and which dropped, each once if whole and by case if not."""
    if not offered:
        return "no lemmas"
    used, dropped = dict.fromkeys(c.name for c in kept), [c for c in offered if c not in kept]
    text = f"lemmas: {', '.join(used) or 'none'}"
    return f"{text}; dropped: {', '.join(map(str, dropped))}" if dropped else text
