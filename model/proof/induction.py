"""The invariant of a counter system: linear equalities at every place that no step breaks.

At each place the invariant is the affine hull of some vectors of counts; counts are not negative,
and growing integers have a lower bound.
It starts with the states to start from and those of a small search. Where a step leads out of it,
from any rational counts that it allows, the state after that step joins it, until none does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import TypeAlias

import z3  # type: ignore[import-untyped]  # Z3 ships no type information

from model.engines.solving import Clock, GaveUp
from model.engines.translation import Term
from model.lang import Value
from model.proof.counting import CounterSystem
from model.proof.family import Condition
from model.proof.linear import (
    CONST,
    COUNTED,
    Form,
    Hull,
    Number,
    below,
    constant,
    plus,
    worth,
)
from model.proof.steps import Place, Step

MOST_DIGITS = 60
"""Longer rational numbers come up only where one equality after the other is lost."""


class At:
    """What the invariant says at one place, for Z3."""

    def __init__(
        self,
        hull: Hull,
        least: Iterable[Form],
        clock: Clock,
        never: Iterable[Iterable[Form]] = (),
    ) -> None:
        """``never`` are facts of which one is not so, in whole numbers."""
        self.occupied = sorted(c for c in hull.columns() if 0 <= c < COUNTED)
        self._clock = clock
        self._solver = z3.SolverFor("QF_LRA")
        self._count: dict[int, Term] = {}
        self._solver.add([self._column(column) >= 0 for column in self.occupied])
        self._solver.add([self._term(form) == 0 for form in hull.equalities()])
        self._solver.add([self._term(form) >= 0 for form in least])
        self._solver.add([self._missed(facts) for facts in never])
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
        return self._vector([self._missed(facts) for facts in steps])

    def _missed(self, facts: Iterable[Form]) -> Term:
        """One of ``facts`` is not so."""
        return z3.Or([self._term(below(form)) >= 0 for form in facts])

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
            number = model.eval(term, model_completion=True)
            if len(number.sexpr()) > MOST_DIGITS:
                raise _TooWeak
            found[column] = Fraction(number.as_fraction())
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


Alone: TypeAlias = tuple[int, Value]
"""A value that at most one member has at a time, with the position of its variable."""
Cell: TypeAlias = tuple[Place, tuple[int, ...]]
"""A place, and for each value that at most one member has whether one has it: 0 or 1."""


class _TooWeak(GaveUp):
    """No invariant was found with the cells that were tried."""

    def __init__(self) -> None:
        super().__init__("no linear equalities were found that every step keeps")


class Invariant:
    """The strongest invariant of its kind that the seeds and the steps lead to.

    ``seeds`` are reachable states: a place, and a vector with 1 at CONST. Of states where one of
    ``given`` does not hold it says nothing: no step is taken from there. The constructor raises
    GaveUp. ``hulls`` are the equalities, by cell; in all other cells nothing is reachable.
    ``alone`` are the values that tell cells of one place apart: none, if that is enough.
    """

    def __init__(
        self,
        system: CounterSystem,
        seeds: Iterable[tuple[Place, Form]],
        clock: Clock,
        given: Sequence[Condition] = (),
    ) -> None:
        self.system = system
        self.given = given
        self._clock = clock
        known = list(seeds)
        tried: list[list[Alone]] = [[], *([v] for v in self._never_twice(v for _, v in known))]
        for number, self.alone in enumerate(tried, 1):
            try:
                self._find(known)
            except _TooWeak:
                if number == len(tried):
                    raise
            else:
                return

    def at(self, cell: Cell) -> At:
        """What is known in ``cell``."""
        hull, place = self.hulls[cell], cell[0]
        occupied = sorted(c for c in hull.columns() if 0 <= c < COUNTED)
        never = [
            facts
            for condition in self.given
            for _, facts in self.system.broken(condition, place, occupied)
        ]
        return At(hull, self.least(cell), self._clock, never)

    def least(self, cell: Cell) -> list[Form]:
        """Forms that are not negative in ``cell``: what growing integers have there at least."""
        bounds = self._least[cell].items()
        return [plus({column: 1}, {CONST: -bound}) for column, bound in bounds]

    def _find(self, seeds: Iterable[tuple[Place, Form]]) -> None:
        self.hulls: dict[Cell, Hull] = {}
        self._least: dict[Cell, dict[int, int]] = {}
        self._left: dict[Cell, None] = {}
        nobody = (0,) * len(self.alone)
        for place in self.system.places():
            for vector in self.system.starts():
                self._join((place, nobody), vector)
        for place, vector in seeds:
            held = tuple(
                int(sum(vector[n] for n in self._having(value, vector))) for value in self.alone
            )
            self._join((place, held), vector)
        while self._left:
            cell = next(iter(self._left))
            del self._left[cell]
            at = self.at(cell)
            for step in self.system.steps(cell[0], at.occupied):
                self._close(cell, at, step)

    def target(self, cell: Cell, at: At, step: Step) -> Cell | None:
        """The cell that ``step`` leads to; None if the invariant does not allow it here.

        Raises GaveUp.
        """
        held = []
        for value, number in zip(self.alone, cell[1], strict=True):
            reached = {step.moves.get(c, c) for c in at.occupied} | set(step.after)
            before = self._having(value, at.occupied)
            new = constant(plus(step.before(self._having(value, reached)), before, -1))
            if new is None or not 0 <= number + new <= 1:
                if at.vector(step.facts) is None:
                    return None
                raise _TooWeak
            held.append(number + int(new))
        return step.place, tuple(held)

    def _having(self, value: Alone, states: Iterable[int]) -> Form:
        position, wanted = value
        local = self.system.locals
        return {n: 1 for n in states if 0 <= n < COUNTED and local[n][position] == wanted}

    def _never_twice(self, vectors: Iterable[Form]) -> list[Alone]:
        """The values that one member has in some of ``vectors`` and two in none.

        A value to start with is none of them: all members may have it.
        """
        fields = self.system.family.stands[0]
        seen: set[Alone] = set()
        twice: set[Alone] = {(k, v) for k, field in enumerate(fields) for v in field.initial}
        for vector in vectors:
            here: set[Alone] = set()
            for column, number in vector.items():
                if 0 <= column < COUNTED:
                    values = set(enumerate(self.system.locals[column]))
                    twice |= values if number > 1 else values & here
                    here |= values
            seen |= here
        # Flags first: they tell more.
        return sorted(seen - twice, key=lambda v: (len(fields[v[0]].domain.values), str(v)))

    def _close(self, cell: Cell, at: At, step: Step) -> None:
        """Let everything that ``step`` leads to from here be in the invariant."""
        reached = {step.moves.get(c, c) for c in at.occupied} | set(step.after)
        end = self.target(cell, at, step)
        while end is not None:
            outside: list[Form] = []
            target = self.hulls.get(end)
            if target is not None:
                # Where nothing was reachable before, whatever the step leads to is new.
                new: list[Form] = [{column: 1} for column in reached - target.columns()]
                pulled = [step.before(form) for form in (*new, *target.equalities())]
                outside = [form for form in pulled if not self.hulls[cell].vanishes(form)]
            found = at.vector(step.facts, outside) if outside or target is None else None
            if found is None:
                found = self._lower(cell, at, step, end) if target is not None else None
            if found is None:
                return
            columns = [*reached, *self.system.grown.values()]
            after = {column: worth(step.before({column: 1}), found) for column in columns}
            self._join(end, {CONST: 1, **after})

    def _lower(self, cell: Cell, at: At, step: Step, end: Cell) -> Mapping[int, Number] | None:
        """Counts from which ``step`` takes a growing integer below what it has there at least."""
        for column, bound in self._least[end].items():
            after = step.before({column: 1})
            if after == {column: 1} and self._least[cell].get(column, bound - 1) >= bound:
                continue
            found = at.vector([*step.facts, plus({CONST: bound - 1}, after, -1)])
            if found is not None:
                return found
        return None

    def _join(self, cell: Cell, vector: Mapping[int, Number]) -> None:
        new = cell not in self.hulls
        if new:
            self.hulls[cell] = Hull(self.system.grown.values())
            self._least[cell] = {c: floor(vector.get(c, 0)) for c in self.system.grown.values()}
        if self.hulls[cell].add(vector):
            self._left[cell] = None
        for column, bound in list(self._least[cell].items()):
            if vector.get(column, 0) < bound:
                # At once to 0, and then to nothing: a bound is not lowered one by one.
                del self._least[cell][column]
                if bound > 0 and vector.get(column, 0) >= 0:
                    self._least[cell][column] = 0
                self._left[cell] = None
