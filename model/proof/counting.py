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
from model.lang.expr import And
from model.proof.branching import Further, Known, Meaning, Path, as_form, paths
from model.proof.family import Condition, Family, Rule
from model.proof.linear import CONST, COUNTED, Form, plus

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
        self._split = {rule: _Guard(rule.guard, family) for rule in family.rules}

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
            if not split.allows(place):
                continue
            choices = [[n for n in occupied if split.fits(k, n, self)] for k in range(rule.named)]
            for named in itertools.product(*choices):
                yield from self._steps(rule, split.rest, place, named, occupied)

    def broken(
        self, condition: Condition, place: Place, occupied: Sequence[int]
    ) -> Iterator[tuple[Form, ...]]:
        """The facts, for each case in which ``condition`` does not hold."""
        for named in itertools.product(occupied, repeat=condition.named):
            known, further = self._given(place, named, occupied)

            def true(path: Path, known: Known = known, further: Further = further) -> bool:
                return bool(Meaning(path, known, further).value(condition.that))

            for path, holds in paths(true):
                if not holds:
                    yield (*self.present(named), *path.facts)

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
        further = {
            number: (
                plus({number: 1}, {CONST: -named.count(number)}),
                dict(zip(self.family.stands[-1], self.locals[number], strict=True)),
            )
            for number in occupied
        }
        return known, further

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
            moved, left = self._moved(rule, meaning, number)
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

    def _moved(self, rule: Rule, meaning: Meaning, number: int) -> tuple[int, str]:
        """Where a further member in this local state goes; a variable that leaves its domain."""
        state = list(self.locals[number])
        here = meaning.of_member(dict(zip(self.family.stands[-1], state, strict=True)))
        left = ""
        for variable, new in rule.others:
            fixed = here.one_of(here.value(new), variable.domain)
            if fixed is None:
                left = variable.name
            else:
                state[self._field[variable][1]] = fixed
        return self.number(tuple(state)), left


class _Guard:
    """A guard, split by what has to be known to judge its parts."""

    def __init__(self, guard: Expr[bool], family: Family) -> None:
        self._of_place: list[Expr[bool]] = []
        self._of_named: list[list[Expr[bool]]] = [[] for _ in family.stands]
        rest: list[Expr[bool]] = []
        self._shared = family.shared
        self._stands = family.stands
        whose = {v: k for k, stand in enumerate(family.stands) for v in stand}
        whose.update(dict.fromkeys(family.shared, -1))
        for part in _flat(guard):
            about = _about(part, whose)
            if about == {-1}:
                self._of_place.append(part)
            elif about is not None and len(about) == 1:
                self._of_named[about.pop()].append(part)
            else:
                rest.append(part)
        self.rest = And(rest)
        self._fitting: dict[tuple[int, int], bool] = {}

    def allows(self, place: Place) -> bool:
        """Whether what the guard says of the place alone is so."""
        known = dict(zip(self._shared, place, strict=True))
        meaning = Meaning(Path(), known, {})
        return all(meaning.value(part) for part in self._of_place)

    def fits(self, which: int, number: int, system: CounterSystem) -> bool:
        """Whether what the guard says of a named member alone is so in this local state."""
        if (which, number) not in self._fitting:
            known = dict(zip(self._stands[which], system.locals[number], strict=True))
            meaning = Meaning(Path(), known, {})
            fitting = all(meaning.value(part) for part in self._of_named[which])
            self._fitting[which, number] = fitting
        return self._fitting[which, number]


def _flat(item: Expr[bool]) -> Iterator[Expr[bool]]:
    if isinstance(item, And):
        for child in item.children:
            yield from _flat(child)
    else:
        yield item


def _about(item: Expr[Any], whose: Mapping[Var[Any], int]) -> set[int] | None:
    """Whose variables ``item`` reads; None if it asks for more than fixed values."""
    found: set[int] = set()
    for node in item.walk():
        if isinstance(node, Var):
            if node not in whose:
                return None
            found.add(whose[node])
        elif type(node).__name__ in {"Some", "HowMany"}:
            return None
    return found
