"""The counter system: how many members are in each local state, and the steps between such counts.

A place is a value for every variable that belongs to no member and has a fixed domain. Beside it
a state has one count for each local state and the integers that grow with the family. A step goes
from place to place, for given local states of the members it names, under linear conditions.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from model.lang import Expr, Value, Var
from model.proof.branching import Further, Known, Meaning, Path, States, as_form, paths
from model.proof.family import Condition, Counted, Family, Rule
from model.proof.guards import Guard, denied, reads_only
from model.proof.linear import CONST, COUNTED, Form, below, plus

Place: TypeAlias = tuple[Value, ...]
Local: TypeAlias = tuple[Value, ...]


@dataclass(frozen=True, eq=False)
class Step:
    """One rule, for members in the local states ``named``, where no form of ``facts`` is negative.

    ``after`` are the local states of the named members after it. ``moves`` says where every other
    member goes that does not stay; ``counted`` gives the growing integers their new values.
    ``leaves`` holds, for each variable that may leave its domain, the facts under which it does.
    """

    rule: Rule
    named: tuple[int, ...]
    facts: tuple[Form, ...]
    place: Place
    after: tuple[int, ...]
    moves: Mapping[int, int]
    counted: Mapping[int, Form]
    occupied: frozenset[int]
    leaves: tuple[tuple[str, tuple[Form, ...]], ...] = ()

    def before(self, form: Form) -> Form:
        """``form``, said of the state after the step, as a form over the state before it."""
        total: Form = {CONST: form[CONST]} if CONST in form else {}
        for column, number in form.items():
            if column >= COUNTED:
                total = plus(total, self.counted.get(column, {column: 1}), number)
            elif column in self.occupied:
                total[column] = total.get(column, 0) + number
        for old, new in self.moves.items():
            total = plus(total, {old: form.get(new, 0) - form.get(old, 0)})
        for old, new in zip(self.named, self.after, strict=True):
            moved = self.moves.get(old, old)
            total = plus(total, {CONST: form.get(new, 0) - form.get(moved, 0)})
        return total


class CounterSystem:
    """The counter system of ``family``. Local states get a number when they are first met."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.locals: list[Local] = []
        self._number: dict[Local, int] = {}
        self.grown = {c.variable: COUNTED + k for k, c in enumerate(family.counted)}
        self._shared = {v: k for k, v in enumerate(family.shared)}
        self._field = {
            v: (k, field) for k, stand in enumerate(family.stands) for field, v in enumerate(stand)
        }
        self._split = {rule: Guard(rule.guard, family) for rule in family.rules}
        self._denied: dict[Condition, Guard] = {}
        self.states = States(family.stands[-1], self.locals)
        # Whether a rule moves others by what the place and each of them is, and where it does so.
        known = {*family.shared, *family.stands[-1]}
        self._plain = {
            rule: all(reads_only(new, known) for _, new in rule.others) for rule in family.rules
        }
        self._gone: dict[tuple[Rule, Place], dict[int, tuple[int, str]]] = {}

    def number(self, state: Local) -> int:
        """The number of a local state."""
        if state not in self._number:
            self._number[state] = len(self.locals)
            self.locals.append(state)
        return self._number[state]

    def places(self) -> list[Place]:
        """The places to start from."""
        return list(itertools.product(*(v.initial for v in self.family.shared)))

    def starts(self) -> list[Form]:
        """Vectors whose hull are all vectors to start from, for any number of members."""
        every = itertools.product(*(v.initial for v in self.family.stands[0]))
        base: Form = {CONST: 1}
        for grown in self.family.counted:
            base[self.grown[grown.variable]] = grown.variable.initial[0]
        return [base, *({**base, self.number(state): 1} for state in every)]

    def steps(self, place: Place, occupied: Sequence[int]) -> Iterator[Step]:
        """Every step from ``place``, where all members are in local states of ``occupied``."""
        for rule in self.family.rules:
            split = self._split[rule]
            for named in self._named(split, rule.named, place, occupied):
                yield from self._steps(rule, split.rest, place, named, occupied)

    def leaving(self, step: Step) -> list[tuple[str, tuple[Form, ...]]]:
        """Each way in which ``step`` may leave a domain: the variable, and the further facts."""
        found = [*step.leaves]
        for counted in self.family.counted:
            new = step.counted.get(self.grown[counted.variable])
            if new is not None:
                sides = outside(counted, new, sorted(step.occupied))
                found += [(counted.variable.name, (side,)) for side in sides]
        return found

    def broken(
        self, condition: Condition, place: Place, occupied: Sequence[int]
    ) -> Iterator[tuple[tuple[int, ...], tuple[Form, ...]]]:
        """The named members and the facts, for each case in which ``condition`` does not hold."""
        if condition not in self._denied:
            self._denied[condition] = Guard(denied(condition.that), self.family)
        split = self._denied[condition]
        for named in self._named(split, condition.named, place, occupied):
            known, further = self._given(place, named, occupied)

            def false(path: Path, known: Known = known, further: Further = further) -> bool:
                return bool(Meaning(path, known, further).value(split.rest))

            for path, holds in paths(false):
                if holds:
                    yield named, (*self.present(named), *path.facts)

    def _named(
        self, split: Guard, how_many: int, place: Place, occupied: Sequence[int]
    ) -> Iterator[tuple[int, ...]]:
        """The local states of named members that ``split`` does not rule out at ``place``."""
        if not split.allows(place):
            return iter(())
        choices = [
            [n for n in occupied if split.fits(k, n, self.locals[n])] for k in range(how_many)
        ]
        return itertools.product(*choices)

    @staticmethod
    def present(named: tuple[int, ...]) -> list[Form]:
        """The facts that there are members in the local states ``named``."""
        return [plus({n: 1}, {CONST: -named.count(n)}) for n in sorted(set(named))]

    def _given(
        self, place: Place, named: tuple[int, ...], occupied: Sequence[int]
    ) -> tuple[Known, Further]:
        """What is known at ``place`` with the named members in these local states."""
        known: dict[Var[Any], Any] = dict(zip(self.family.shared, place, strict=True))
        known.update({v: {column: 1} for v, column in self.grown.items()})
        for stand, number in zip(self.family.stands, named, strict=False):
            known.update(zip(stand, self.locals[number], strict=True))
        return known, Further(occupied, named, self.states)

    def _steps(
        self,
        rule: Rule,
        guard: Expr[bool],
        place: Place,
        named: tuple[int, ...],
        occupied: Sequence[int],
    ) -> Iterator[Step]:
        known, further = self._given(place, named, occupied)

        def taken(path: Path) -> Step | None:
            meaning = Meaning(path, known, further)
            if not meaning.value(guard):
                return None
            return self._taken(rule, meaning, place, named, occupied)

        for path, step in paths(taken):
            if step is not None:
                yield replace(step, facts=(*self.present(named), *path.facts))

    def _taken(
        self,
        rule: Rule,
        meaning: Meaning,
        place: Place,
        named: tuple[int, ...],
        occupied: Sequence[int],
    ) -> Step:
        leaves: list[tuple[str, tuple[Form, ...]]] = []
        shared = list(place)
        members = [list(self.locals[n]) for n in named]
        counted: dict[int, Form] = {}
        for variable, new in rule.updates:
            value = meaning.value(new)
            if variable in self.grown:
                counted[self.grown[variable]] = as_form(value)
                continue
            fixed = meaning.one_of(value, variable.domain)
            if fixed is None:
                leaves.append((variable.name, ()))
            elif variable in self._shared:
                shared[self._shared[variable]] = fixed
            else:
                which, field = self._field[variable]
                members[which][field] = fixed
        moves = {}
        for number in occupied if rule.others else ():
            moved, left = self._moved(rule, meaning, place, number)
            if left:
                leaves.append((left, (plus(meaning.further(number), {CONST: -1}),)))
            if moved != number:
                moves[number] = moved
        after = tuple(self.number(tuple(m)) for m in members)
        return Step(
            rule,
            named,
            (),
            tuple(shared),
            after,
            moves,
            counted,
            frozenset(occupied),
            tuple(leaves),
        )

    def _moved(self, rule: Rule, meaning: Meaning, place: Place, number: int) -> tuple[int, str]:
        """Where a further member in this local state goes; a variable that leaves its domain."""
        if not self._plain[rule]:
            return self._moving(rule, meaning, number)
        known = self._gone.setdefault((rule, place), {})
        if number not in known:
            known[number] = self._moving(rule, meaning, number)
        return known[number]

    def _moving(self, rule: Rule, meaning: Meaning, number: int) -> tuple[int, str]:
        state = list(self.locals[number])
        here = meaning.of_member(self.states.variables(number))
        left = ""
        for variable, new in rule.others:
            fixed = here.one_of(here.value(new), variable.domain)
            if fixed is None:
                left = variable.name
            else:
                state[self._field[variable][1]] = fixed
        return self.number(tuple(state)), left


def outside(counted: Counted, new: Form, occupied: Sequence[int]) -> list[Form]:
    """Facts, one for either side, that say that a growing integer's new value is outside."""
    high: Form = plus({CONST: counted.base}, dict.fromkeys(occupied, 1), counted.slope)
    return [below(plus(new, {CONST: -counted.low})), below(plus(high, new, -1))]
