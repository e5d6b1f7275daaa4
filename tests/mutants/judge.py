"""What becomes of a system when something is dropped from it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from model.engines.lowering import Lowered
from model.engines.result import Limits, Verdict
from model.engines.search import explore
from model.lang import Expr, GroundAction, Property, System, Var
from model.lang.expr import And, Equal, Implies
from tests.mutants.mutate import Mutation, Mutator, Part, conjuncts

FAR = 100_000
"""States of a mutant that are looked at in any case, four times as many as the original has."""
FURTHER = 400_000
"""States that are looked at if nothing is broken so far."""


@dataclass(frozen=True)
class Outcome:
    """What a mutation does.

    It breaks the properties ``broken``, or it changes nothing and ``same`` says why. With neither,
    the system behaves differently and no property minds: a person has to say why that is harmless,
    or which property is missing. ``lemmas`` are those of the proof that break then.
    """

    broken: tuple[str, ...] = ()
    same: str = ""
    lemmas: tuple[str, ...] = ()


class Judge:
    """Tells for every mutation of ``system`` which of ``properties`` it breaks, or why none."""

    def __init__(
        self, system: System, properties: Sequence[Property], lemmas: Sequence[Property] = ()
    ) -> None:
        self.system = system
        self.mutator = Mutator(system)
        # Those of the system itself: a mutant must not escape a property by no longer being
        # what it is about.
        self.properties = [item for item in properties if item.concerns(system)]
        others = [item for item in lemmas if item not in properties]
        # A lemma that another design's proof needs may not hold in this system.
        lost = _broken(system, others)
        self.lemmas = [item for item in others if item.name not in lost]
        self._lowered = Lowered(system)
        self._states = reachable(system)

    def outcome(self, mutation: Mutation) -> Outcome:
        """What ``mutation`` does."""
        mutant = self.mutator.mutant(mutation)
        if self._same(mutant, mutation.action):
            return Outcome(same=self._reason(mutation))
        broken = _broken(mutant, self.properties)
        return Outcome(broken) if broken else Outcome(lemmas=_broken(mutant, self.lemmas))

    # -- mutants that behave like the original --------------------------------------------------

    def _same(self, mutant: System, name: str) -> bool:
        """Whether every reachable state has the very same steps in ``mutant``.

        Then it reaches the same states, for it starts from the same ones.
        """
        ours, theirs = (
            Lowered(s.with_actions([a for a in s.actions if a.name == name])).successors
            for s in (self.system, mutant)
        )
        return all(ours(state) == theirs(state) for state in self._states)

    def _reason(self, mutation: Mutation) -> str:
        """Which of the action's own conditions, as few as possible, leave nothing to drop."""
        texts = [
            self.mutator.text(item, action)
            for action in self._instances(mutation)
            for item in conjuncts(self.mutator.guard(action, mutation))
        ]
        left = list(dict.fromkeys(texts))
        for size in range(len(left) + 1):
            enough = [
                " and ".join(f"`{text}`" for text in chosen)
                for chosen in itertools.combinations(left, size)
                if self._idle(mutation, chosen)
            ]
            if enough:
                where = (
                    f"where {', or where '.join(enough)}" if size else "in every reachable state"
                )
                return f"{_DROPPED[mutation.part]} {where}"
        raise AssertionError(f"{mutation} changes nothing, and the guard does not say why")

    def _instances(self, mutation: Mutation) -> list[GroundAction]:
        return [a for a in self.system.actions if a.name == mutation.action]

    def _idle(self, mutation: Mutation, chosen: Sequence[str]) -> bool:
        """Whether ``mutation`` drops nothing of effect in any state that meets ``chosen``."""
        for action in self._instances(mutation):
            given = [i for i in conjuncts(action.guard) if self.mutator.text(i, action) in chosen]
            claim = Implies(And(given), And(self._no_effect(mutation, action)))
            if not all(self._lowered.answers([claim])(self._states)):
                return False
        return True

    def _no_effect(self, mutation: Mutation, action: GroundAction) -> Iterator[Expr[bool]]:
        """What holds in a state in which ``mutation`` makes no difference to ``action``."""
        left = self.mutator.guard(action, mutation)
        if mutation.part is Part.GUARD:
            yield from (item for item in conjuncts(action.guard) if item not in set(left))
            return
        after: dict[Var[Any], Expr[Any]] = {
            u.variable: u.value for u in self.mutator.updates(action, mutation)
        }
        for update in action.updates:
            yield Equal(update.value, after.get(update.variable, update.variable))


def _broken(mutant: System, properties: Sequence[Property]) -> tuple[str, ...]:
    """The ``properties`` that are violated, or that nothing exercises any more."""
    claims = [item.ground(mutant) for item in properties]
    for states in (FAR, FURTHER):
        report = explore(mutant, claims, Limits(max_states=states))
        verdicts = {name: finding.verdict for name, finding in report.findings.items()}
        # Where a search is cut short, what it leaves open is no finding; what it found is.
        broken = [n for n, v in verdicts.items() if v in (Verdict.VIOLATED, Verdict.VACUOUS)]
        if broken or Verdict.UNDETERMINED not in verdicts.values():
            return tuple(broken)
    raise AssertionError(f"nothing is broken in {FURTHER} states, and there are more")


_DROPPED = {
    Part.GUARD: "it holds anyway",
    Part.UPDATE: "the field has that value already",
    Part.WHEN: "both values are the same",
}


def reachable(system: System) -> list[int]:
    """Every reachable state, as Lowered packs it."""
    lowered = Lowered(system)
    states = list(dict.fromkeys(lowered.pack(state) for state in system.initial_states()))
    known = set(states)
    for state in states:  # grows while it is walked
        for number, after in lowered.successors(state):
            if number >= 0 and after not in known:
                known.add(after)
                states.append(after)
    return states
