"""What becomes of a system when something is dropped from it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from model.engines.choice import choose
from model.engines.lowering import Lowered
from model.engines.result import Limits, Verdict
from model.engines.search import explore
from model.lang import Expr, GroundAction, Property, System, Var
from model.lang.expr import And, Equal, Implies, Or
from tests.mutants.mutate import Mutation, Mutator, Part, conjuncts


@dataclass(frozen=True)
class Reach:
    """How many states of a mutant are looked at."""

    far: int = 100_000
    """In any case: several times as many as the original has."""
    further: int = 400_000
    """If nothing is broken so far."""


@dataclass(frozen=True)
class Outcome:
    """What a mutation does.

    It breaks the properties ``broken``, or it changes nothing and ``same`` says why. With neither,
    the system behaves differently and no property minds: either it is ``idle``, as all the steps
    that it adds change nothing, or a person has to say why that is harmless, or which property is
    missing. ``lemmas`` are those of the proof that break then.
    """

    broken: tuple[str, ...] = ()
    same: str = ""
    idle: bool = False
    lemmas: tuple[str, ...] = ()


class Judge:
    """Tells for every mutation of ``system`` which of ``properties`` it breaks, or why none.

    What the system itself breaks, ``violated``, is held against no mutation.
    """

    def __init__(
        self,
        system: System,
        properties: Sequence[Property],
        lemmas: Sequence[Property] = (),
        reach: Reach | None = None,
    ) -> None:
        self.system = system
        self.mutator = Mutator(system)
        self._reach = reach or Reach()
        # Those of the system itself: a mutant must not escape a property by no longer being
        # what it is about.
        concerned = [item for item in properties if item.concerns(system)]
        self.violated = self._broken(system, concerned)
        self.properties = [item for item in concerned if item.name not in self.violated]
        others = [item for item in lemmas if item not in properties]
        # A lemma that another design's proof needs may not hold in this system.
        lost = self._broken(system, others)
        self.lemmas = [item for item in others if item.name not in lost]
        self._lowered = Lowered(system)

    def outcome(self, mutation: Mutation) -> Outcome:
        """What ``mutation`` does."""
        same = self._reason(mutation)
        if same:
            return Outcome(same=same)
        broken = self.broken([mutation])
        if broken:
            return Outcome(broken)
        lemmas = self._broken(self.mutator.mutant(mutation), self.lemmas)
        return Outcome(idle=self._adds_only_idle_steps(mutation), lemmas=lemmas)

    def broken(self, mutations: Sequence[Mutation]) -> tuple[str, ...]:
        """The properties that break when all of ``mutations`` are made at once."""
        return self._broken(self.mutator.mutant(*mutations), self.properties)

    def _broken(self, mutant: System, properties: Sequence[Property]) -> tuple[str, ...]:
        """The ``properties`` that are violated, or that nothing exercises any more."""
        claims = [item.ground(mutant) for item in properties]
        machine, _ = choose(mutant, claims)
        for states in (self._reach.far, self._reach.further):
            report = explore(mutant, claims, Limits(max_states=states), machine)
            verdicts = {name: finding.verdict for name, finding in report.findings.items()}
            # Where a search is cut short, what it leaves open is no finding; what it found is.
            broken = [n for n, v in verdicts.items() if v in (Verdict.VIOLATED, Verdict.VACUOUS)]
            if broken or Verdict.UNDETERMINED not in verdicts.values():
                return tuple(broken)
        raise AssertionError(f"nothing is broken in {states} states, and there are more")

    # -- mutants that behave like the original --------------------------------------------------

    def _reason(self, mutation: Mutation) -> str:
        """Which of the action's own conditions, as few as possible, leave nothing to drop.

        It is empty if there is something to drop even where all of them hold.
        """
        texts = [
            self.mutator.text(item, action)
            for action in self._instances(mutation)
            for item in conjuncts(self.mutator.guard(action, mutation))
        ]
        left = list(dict.fromkeys(texts))
        if not self._idle(mutation, left):
            return ""
        for size in itertools.count():
            enough = [
                " and ".join(f"`{text}`" for text in chosen)
                for chosen in itertools.combinations(left, size)
                if self._idle(mutation, chosen)
            ]
            if enough:
                break
        where = f"where {', or where '.join(enough)}" if size else "in every reachable state"
        return f"{_DROPPED[mutation.part]} {where}"

    def _adds_only_idle_steps(self, mutation: Mutation) -> bool:
        """Whether no step that the lack of a condition allows changes a reachable state."""
        return mutation.part is Part.GUARD and all(
            self._everywhere(
                Implies(
                    And(self.mutator.guard(action, mutation)),
                    Or(
                        [And(action.guard), And(Equal(u.value, u.variable) for u in action.updates)]
                    ),
                )
            )
            for action in self._instances(mutation)
        )

    def _instances(self, mutation: Mutation) -> list[GroundAction]:
        return [a for a in self.system.actions if a.name == mutation.action]

    def _idle(self, mutation: Mutation, chosen: Sequence[str]) -> bool:
        """Whether ``mutation`` drops nothing of effect in any state that meets ``chosen``.

        If that is so with all that it leaves, every reachable state has the very same steps in
        the mutant, which then reaches the same states, for it starts from the same ones.
        """
        for action in self._instances(mutation):
            given = [i for i in conjuncts(action.guard) if self.mutator.text(i, action) in chosen]
            claim = Implies(And(given), And(self._no_effect(mutation, action)))
            if not self._everywhere(claim):
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

    def _everywhere(self, condition: Expr[bool]) -> bool:
        """Whether ``condition`` holds in every reachable state."""
        layout = self._lowered.layout
        looked_at = 0
        for node in condition.walk():
            if isinstance(node, Var):
                looked_at |= layout.mask(node) << layout.shift[node]
        # States are looked at once that the condition cannot tell from each other.
        if looked_at not in self._views:
            self._views[looked_at] = list({state & looked_at for state in self._states})
        return all(self._lowered.answers([condition])(self._views[looked_at]))

    @cached_property
    def _views(self) -> dict[int, list[int]]:
        return {}

    @cached_property
    def _states(self) -> Sequence[int]:
        """Every reachable state, packed."""
        pack, successors = self._lowered.pack, self._lowered.successors
        states = list(dict.fromkeys(map(pack, self.system.initial_states())))
        known = set(states)
        for state in states:  # grows while it is walked
            for number, after in successors(state):
                if number >= 0 and after not in known:
                    known.add(after)
                    states.append(after)
        return states


_DROPPED = {
    Part.GUARD: "it holds anyway",
    Part.UPDATE: "the field has that value already",
    Part.WHEN: "both values are the same",
}
