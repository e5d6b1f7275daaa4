"""The slowest possible judge: reference semantics, Python sets, and the definitions as they stand.

It shares nothing with the engines but the language, so that an error in them cannot hide here.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.engines.result import Verdict
from model.lang import Case, Claim, GroundAction, Kind, State, System
from model.lang.reference import OutOfDomain, apply, evaluate, is_enabled


@dataclass
class Naive:
    """Every reachable state of a system with its distance, and every step between them."""

    system: System
    distance: dict[State, int]
    steps: list[tuple[State, GroundAction, State]]
    lost: list[tuple[State, GroundAction]]

    @classmethod
    def explore(cls, system: System) -> Naive:
        """Visit everything."""
        found = cls(system, dict.fromkeys(system.initial_states(), 0), [], [])
        work = list(found.distance)
        for state in work:
            for action in system.actions:
                if not is_enabled(action, system, state):
                    continue
                try:
                    after = apply(action, system, state)
                except OutOfDomain:
                    found.lost.append((state, action))
                    continue
                found.steps.append((state, action, after))
                if after not in found.distance:
                    found.distance[after] = found.distance[state] + 1
                    work.append(after)
        return found

    def violation(self, claim: Claim) -> int | None:
        """The length of the shortest trace that breaks ``claim``, or None."""
        match claim.kind:
            case Kind.INVARIANT:
                bad = {s: d for s, d in self.distance.items() if not self._holds(claim, s)}
            case Kind.TYPES:
                bad = {s: self.distance[s] + 1 for s, _ in self.lost}
            case Kind.DEADLOCK:
                moving = {s for s, _, _ in self.steps} | {s for s, _ in self.lost}
                bad = {s: d for s, d in self.distance.items() if s not in moving}
            case Kind.POSSIBLE:
                trapped = set().union(*(self._trapped(case) for case in claim.cases))
                bad = {s: self.distance[s] for s in trapped}
            case _:
                bad = {}
        return min(bad.values(), default=None)

    def verdict(self, claim: Claim) -> Verdict:
        """What an exhaustive search must say."""
        length = self.violation(claim)
        if claim.kind is Kind.POSSIBLE and (self.lost or self._vacuous(claim)):
            length = None
        if length is not None:
            return Verdict.VIOLATED
        if claim.kind is Kind.REACHABLE and all(self._reached(c.that) for c in claim.cases):
            return Verdict.HOLDS
        if self.lost and claim.kind is not Kind.TYPES:
            return Verdict.UNDETERMINED
        if claim.kind is Kind.REACHABLE or self._vacuous(claim):
            return Verdict.VACUOUS
        return Verdict.HOLDS

    def _holds(self, claim: Claim, state: State) -> bool:
        return all(evaluate(case.that, self.system, state) for case in claim.cases)

    def _reached(self, goal: object) -> bool:
        return any(evaluate(goal, self.system, s) for s in self.distance)  # type: ignore[arg-type]  # an expression

    def _vacuous(self, claim: Claim) -> bool:
        return not all(self._reached(goal) for _, goal in claim.exercised_by())

    def _trapped(self, case: Case) -> set[State]:
        reaching = {s for s in self.distance if evaluate(case.that, self.system, s)}
        growing = True
        while growing:
            growing = False
            for before, _, after in self.steps:
                if (
                    after in reaching
                    and before not in reaching
                    and evaluate(case.during, self.system, before)
                ):
                    reaching.add(before)
                    growing = True
        asked = {s for s in self.distance if evaluate(case.when, self.system, s)}
        return asked - reaching
