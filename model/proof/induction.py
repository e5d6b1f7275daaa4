"""The invariant of a counter system: linear equalities at every place that no step breaks.

At each place the invariant is the affine hull of some vectors of counts; counts are not negative.
It starts with the states to start from and those of a small search. Where a step leads out of it,
from any rational counts that it allows, the state after that step joins it, until none does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import z3  # type: ignore[import-untyped]  # Z3 ships no type information

from model.engines.solving import Clock
from model.engines.translation import Term
from model.proof.counting import CounterSystem, Place, Step
from model.proof.linear import CONST, COUNTED, Form, Hull, Number, below, worth


class At:
    """What the invariant says at one place, for Z3."""

    def __init__(self, hull: Hull, clock: Clock) -> None:
        self.occupied = sorted(c for c in hull.columns() if 0 <= c < COUNTED)
        self._clock = clock
        self._solver = z3.SolverFor("QF_LRA")
        self._count: dict[int, Term] = {}
        self._solver.add([self._column(column) >= 0 for column in self.occupied])
        self._solver.add([self._term(form) == 0 for form in hull.equalities()])
        # There is no group without a member.
        self._solver.add(z3.Sum([self._column(column) for column in self.occupied]) >= 1)

    def vector(
        self, facts: Iterable[Form], unequal: Iterable[Form] = ()
    ) -> Mapping[int, Number] | None:
        """Rational counts that the invariant and ``facts`` allow, one of ``unequal`` not 0.

        ``facts`` are forms that are not negative. Raises GaveUp.
        """
        off = [self._term(form) != 0 for form in unequal]
        wanted = [self._term(form) >= 0 for form in facts]
        return self._vector([*wanted, z3.Or(off)] if off else wanted)

    def stuck(self, steps: Iterable[Iterable[Form]]) -> Mapping[int, Number] | None:
        """Counts that the invariant allows, where of the facts of each step one is not so."""
        return self._vector(
            [z3.Or([self._term(below(form)) >= 0 for form in facts]) for facts in steps]
        )

    def _vector(self, wanted: Sequence[Term]) -> Mapping[int, Number] | None:
        self._solver.push()
        try:
            self._solver.add(wanted)
            if not self._clock.satisfiable(self._solver):
                return None
            model = self._solver.model()
        finally:
            self._solver.pop()
        found: dict[int, Number] = {CONST: 1}
        for column, term in self._count.items():
            found[column] = Fraction(model.eval(term, model_completion=True).as_fraction())
        return found

    def _term(self, form: Form) -> Term:
        return z3.Sum(
            [
                z3.RealVal(number) if column == CONST else z3.RealVal(number) * self._column(column)
                for column, number in form.items()
            ]
            or [z3.RealVal(0)]
        )

    def _column(self, column: int) -> Term:
        if column not in self._count:
            self._count[column] = z3.Real(f"x{column}")
        return self._count[column]


class Invariant:
    """The strongest invariant of its kind that the seeds and the steps lead to.

    ``seeds`` are reachable states: a place, and a vector with 1 at CONST. The constructor raises
    GaveUp. ``hulls`` is the invariant, by place; at all other places nothing is reachable.
    """

    def __init__(
        self, system: CounterSystem, seeds: Iterable[tuple[Place, Form]], clock: Clock
    ) -> None:
        self.system = system
        self.hulls: dict[Place, Hull] = {}
        self._clock = clock
        self._left: dict[Place, None] = {}
        for place in system.places():
            for vector in system.starts():
                self._join(place, vector)
        for place, vector in seeds:
            self._join(place, vector)
        while self._left:
            place = next(iter(self._left))
            del self._left[place]
            at = self.at(place)
            for step in system.steps(place, at.occupied):
                self._close(place, at, step)

    def at(self, place: Place) -> At:
        """What is known at ``place``."""
        return At(self.hulls[place], self._clock)

    def _close(self, place: Place, at: At, step: Step) -> None:
        """Let everything that ``step`` leads to from here be in the invariant."""
        reached = {step.moves.get(c, c) for c in at.occupied} | set(step.after)
        while True:
            outside: list[Form] = []
            target = self.hulls.get(step.place)
            if target is not None:
                # Where nothing was reachable before, whatever the step leads to is new.
                new: list[Form] = [{column: 1} for column in reached - target.columns()]
                pulled = [step.before(form) for form in (*new, *target.equalities())]
                outside = [form for form in pulled if not self.hulls[place].vanishes(form)]
                if not outside:
                    return
            found = at.vector(step.facts, outside)
            if found is None:
                return
            columns = [*reached, *self.system.grown.values()]
            after = {column: worth(step.before({column: 1}), found) for column in columns}
            self._join(step.place, {CONST: 1, **after})

    def _join(self, place: Place, vector: Mapping[int, Number]) -> None:
        if place not in self.hulls:
            self.hulls[place] = Hull(self.system.grown.values())
        if self.hulls[place].add(vector):
            self._left[place] = None
