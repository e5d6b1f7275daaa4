"""Which conditions are preserved by every action, given each other.

The largest such set among those offered is found by elimination: assume them all, drop those that
some step breaks, and start again with the rest until none is broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import z3  # type: ignore[import-untyped]  # Z3 ships no type information

from model.engines.encoding import Encoding
from model.engines.solving import Clock, new_solver
from model.engines.translation import Frame, Term
from model.engines.unrolling import holds
from model.lang import Claim, Expr, GroundAction, Kind, Var
from model.traces.trace import Trace


@dataclass(frozen=True, eq=False)
class Conjunct:
    """One case of the claim called ``name``: ``term`` over ``now``, about ``variables``."""

    name: str
    title: str
    term: Term
    variables: frozenset[Var[Any]]

    def __str__(self) -> str:
        return f"{self.name}({self.title})"


def conjuncts(encoding: Encoding, claim: Claim) -> list[Conjunct]:
    """An INVARIANT claim's cases, or a DEADLOCK claim as its only case."""
    if claim.kind is Kind.DEADLOCK:
        actions = encoding.system.actions
        term = z3.Or([encoding.enabled(action) for action in actions])
        mentioned = _mentioned(condition for action in actions for condition in action.guard)
        return [Conjunct(claim.name, "", term, mentioned)]
    return [
        Conjunct(claim.name, case.title, encoding.term(case.that), _mentioned([case.that]))
        for case in claim.cases
    ]


@dataclass(frozen=True, eq=False)
class _Step:
    """What it takes for ``action`` to be taken, over ``now``, and what is so afterwards."""

    action: GroundAction
    taken: Term
    after: Frame


class Inductive:
    """The largest part of ``offered`` that holds initially and is preserved by every action.

    ``kept`` is that part, and ``solver`` knows it and the domains, over ``now``. The constructor
    raises GaveUp, as does every question.
    """

    def __init__(self, encoding: Encoding, offered: Sequence[Conjunct], clock: Clock) -> None:
        self._encoding = encoding
        self._clock = clock
        self._steps = [
            _Step(
                action,
                z3.And(encoding.enabled(action), z3.Not(encoding.leaves(action))),
                encoding.after(action),
            )
            for action in encoding.system.actions
        ]
        self.kept = self._true_initially(offered)
        while True:
            before = len(self.kept)
            self.solver = new_solver()
            self.solver.add(encoding.typed(), *(c.term for c in self.kept))
            for step in self._steps:
                self._drop_broken(step)
            if len(self.kept) == before:
                return

    def broken_by(self, wanted: Sequence[Conjunct]) -> Trace | None:
        """A step that breaks one of ``wanted`` although they and the kept lemmas held before."""
        self.solver.push()
        try:
            self.solver.add([c.term for c in wanted])
            for step in self._steps:
                model = self._breaking(step, wanted)
                if model is not None:
                    before = self._encoding.state(model, self._encoding.now)
                    after = self._encoding.state(model, {**self._encoding.now, **step.after})
                    return Trace(self._encoding.system, (before, after), (step.action,))
            return None
        finally:
            self.solver.pop()

    def _true_initially(self, offered: Sequence[Conjunct]) -> list[Conjunct]:
        solver = new_solver()
        solver.add(self._encoding.typed(), self._encoding.initial())
        kept = list(offered)
        while True:
            solver.push()
            solver.add(z3.Or([z3.Not(c.term) for c in kept]))
            if not self._clock.satisfiable(solver):
                return kept
            model = solver.model()
            kept = [c for c in kept if holds(model, c.term)]
            solver.pop()

    def _drop_broken(self, step: _Step) -> None:
        while True:
            model = self._breaking(step, self.kept)
            if model is None:
                return
            # What this step leaves alone was true before it, and the model says so still.
            self.kept = [
                c for c in self.kept if holds(model, self._encoding.at(c.term, step.after))
            ]

    def _breaking(self, step: _Step, wanted: Sequence[Conjunct]) -> Term | None:
        """A model of the solver in which ``step`` breaks one of ``wanted``, if there is one."""
        affected = [c for c in wanted if not c.variables.isdisjoint(step.after)]
        if not affected:
            return None
        self.solver.push()
        try:
            self.solver.add(
                step.taken, z3.Or([z3.Not(self._encoding.at(c.term, step.after)) for c in affected])
            )
            return self.solver.model() if self._clock.satisfiable(self.solver) else None
        finally:
            self.solver.pop()


def _mentioned(expressions: Iterable[Expr[Any]]) -> frozenset[Var[Any]]:
    return frozenset(variable for item in expressions for variable in item.variables())
