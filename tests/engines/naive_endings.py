"""The slow judge of what happens in the end: sets of states, shrunk until nothing more goes.

It knows no components and no search: a state is one of those from which a fair run can avoid the
goal for ever if for each fair set a run that stays among them comes to a state where the set's
steps cannot be taken, or takes one of them.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from model.lang import Case, Fairness, State
from model.lang.reference import evaluate
from tests.engines.naive import Naive

Steps = dict[State, list[tuple[object, State]]]


class NaiveEnding:
    """The fair runs of a system that avoid the goal of ``case`` for ever."""

    def __init__(self, naive: Naive, case: Case) -> None:
        self.naive = naive
        self.fair = case.fair
        self.avoiding = {s for s in naive.distance if not evaluate(case.that, naive.system, s)}
        self.asking = {s for s in self.avoiding if evaluate(case.when, naive.system, s)}
        self.steps: Steps = {s: [] for s in naive.distance}
        for before, action, after in naive.steps:
            if after != before:
                self.steps[before].append((action, after))

    def violated(self) -> bool:
        """Whether a fair run from a state that asks never meets the goal."""
        return bool(self.asking & self.endless(self.avoiding))

    def endless(self, allowed: AbstractSet[State]) -> set[State]:
        """The states of ``allowed`` from which some fair run stays there for ever."""
        left = set(allowed)
        while True:
            kept = set(left)
            for fair in self.fair:
                kept &= self.reaching({s for s in left if self.serves(fair, s, left)}, left)
            if kept == left:
                return left
            left = kept

    def serves(self, fair: Fairness, state: State, allowed: AbstractSet[State]) -> bool:
        """Whether ``fair`` cannot be taken in ``state``, or can without leaving ``allowed``."""
        if not evaluate(fair.where, self.naive.system, state):
            return True
        taken = [after for action, after in self.steps[state] if action in fair.actions]
        return not taken or any(after in allowed for after in taken)

    def reaching(self, goals: set[State], allowed: AbstractSet[State]) -> set[State]:
        """The states of ``allowed`` with a way to ``goals`` within it."""
        found = set(goals)
        while more := {
            s
            for s in allowed
            if s not in found and any(after in found for _, after in self.steps[s])
        }:
            found |= more
        return found

    def stems(self) -> dict[State, int]:
        """How many steps a run takes that asks and from there avoids the goal, to each state."""
        found: dict[State, int] = {}
        level = 0
        while level <= max(self.naive.distance.values()) + len(self.avoiding):
            now = {s for s in self.asking if self.naive.distance[s] == level}
            now |= {
                t for s, d in found.items() if d == level - 1 for _, t in self.steps[s]
            } & self.avoiding
            found |= {s: level for s in now if s not in found}
            level += 1
        return found

    def earliest(self) -> tuple[int | None, int | None]:
        """The fewest steps to where a fair loop begins, and to where nothing has to happen."""
        stems = self.stems()
        begins = [d for s, d in stems.items() if s in self.endless(self.around(s))]
        stops = [d for s, d in stems.items() if s in self.endless({s})]
        return min(begins, default=None), min(stops, default=None)

    def around(self, state: State) -> set[State]:
        """The states that ``state`` comes to and comes back from, without the goal."""
        return self.reaching({state}, self.avoiding) & self.reached(state)

    def reached(self, state: State) -> set[State]:
        """The states that ``state`` comes to without the goal."""
        found, work = {state}, [state]
        while work:
            after = {t for _, t in self.steps[work.pop()]} & self.avoiding - found
            found |= after
            work += after
        return found
