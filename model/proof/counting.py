"""The counter system: how many members are in each local state, and the steps between such counts.

A place is a value for every variable that belongs to no member and has a fixed domain. Beside it
a state has one count for each local state and the integers that grow with the family. A step goes
from place to place, for given local states of the members it names, under linear conditions.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from model.lang import Value, Var
from model.proof.bounds import bits, mask_of
from model.proof.branching import Further, Known, Meaning, Path, States, as_form, paths
from model.proof.family import Condition, Counted, Family, Rule
from model.proof.guards import Guard, Reads, denied
from model.proof.linear import CONST, COUNTED, Form, below, plus
from model.proof.steps import Effect, Place, Step, within

Local: TypeAlias = tuple[Value, ...]
_Fixed: TypeAlias = tuple[tuple[int, Value], ...]  # fields of a local state, and new values


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
        self._reads = {rule: Reads(rule, family) for rule in family.rules}
        self._denied: dict[Condition, Guard] = {}
        self._cases: dict[tuple[object, ...], list[tuple[Form, ...]]] = {}
        self.states = States(family.stands[-1], self.locals)
        self._places: dict[Local, Place] = {}
        # Effects by what they read of the place, with everybody who may have a part in them; what
        # is left of them beside some only; and local states by some new values.
        self._known: dict[
            tuple[Rule, Local, tuple[int, ...]], tuple[frozenset[int], list[Effect]]
        ] = {}
        self._parts: dict[tuple[Effect, frozenset[int]], Effect | None] = {}
        self._changed: dict[_Fixed, dict[int, int]] = {}

    def number(self, state: Local) -> int:
        """The number of a local state."""
        if state not in self._number:
            self._number[state] = len(self.locals)
            self.locals.append(state)
        return self._number[state]

    def place(self, values: Local) -> Place:
        """The place with these values: one object for each."""
        return self._places.get(values) or self._places.setdefault(values, Place(values))

    def places(self) -> list[Place]:
        """The places to start from."""
        return [*map(self.place, itertools.product(*(v.initial for v in self.family.shared)))]

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
            yield from self.steps_of(rule, place, occupied)

    def alone(self, rule: Rule) -> bool:
        """Whether nobody but the members that ``rule`` names has a part in its steps."""
        return self._reads[rule].alone

    def steps_of(
        self, rule: Rule, place: Place, occupied: Sequence[int], fresh: int = -1
    ) -> Iterator[Step]:
        """The steps by ``rule`` in which a named member is in a state of the mask ``fresh``."""
        everybody = frozenset(occupied)
        for named in self._named(self._reads[rule].split, rule.named, place, occupied):
            if fresh == -1 or any(fresh >> number & 1 for number in named):
                yield from self._steps(rule, place, named, everybody)

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
        others = frozenset(occupied) if split.asks else None
        for named in self._named(split, condition.named, place, occupied):
            key = condition, split.of(place), named, others
            if key not in self._cases:
                known, further = self._given(place, named, occupied)

                def false(path: Path, known: Known = known, further: Further = further) -> bool:
                    return bool(Meaning(path, known, further).value(split.rest))

                self._cases[key] = [
                    (*self.present(named), *path.facts) for path, holds in paths(false) if holds
                ]
            for facts in self._cases[key]:
                yield named, facts

    def _named(
        self, split: Guard, how_many: int, place: Place, occupied: Sequence[int]
    ) -> Iterator[tuple[int, ...]]:
        """The local states of named members that ``split`` does not rule out at ``place``."""
        if not split.allows(place):
            return iter(())
        here = mask_of(occupied)
        choices = [bits(here & split.fitting(k, self.locals)) for k in range(how_many)]
        return itertools.product(*choices)

    @staticmethod
    def present(named: tuple[int, ...]) -> list[Form]:
        """The facts that there are members in the local states ``named``."""
        return [plus({n: 1}, {CONST: -named.count(n)}) for n in sorted(set(named))]

    def _given(
        self, place: Place, named: tuple[int, ...], occupied: Collection[int]
    ) -> tuple[Known, Further]:
        """What is known at ``place`` with the named members in these local states."""
        known: dict[Var[Any], Any] = dict(zip(self.family.shared, place, strict=True))
        known.update({v: {column: 1} for v, column in self.grown.items()})
        for stand, number in zip(self.family.stands, named, strict=False):
            known.update(zip(stand, self.locals[number], strict=True))
        return known, Further(occupied, named, self.states)

    def _steps(
        self, rule: Rule, place: Place, named: tuple[int, ...], occupied: frozenset[int]
    ) -> Iterator[Step]:
        reads = self._reads[rule]
        for effect in self._effects(rule, reads, place, named, occupied):
            end = self.place(reads.moved(place, effect.place)) if reads.writes else place
            yield Step(effect, end, occupied)

    def _effects(
        self,
        rule: Rule,
        reads: Reads,
        place: Place,
        named: tuple[int, ...],
        occupied: frozenset[int],
    ) -> Sequence[Effect]:
        """The effects that steps from ``place`` have: the same objects wherever they are so."""
        key = rule, reads.of(place), named
        everybody, known = self._known.get(key, (frozenset(), None))
        if known is None or not (reads.alone or occupied <= everybody):
            everybody |= occupied
            known = list(self._worked_out(rule, place, named, everybody))
            # A variable that would leave its domain stays as it is at the place.
            if not any(effect.leaves for effect in known):
                self._known[key] = everybody, known
        if reads.alone:
            return known
        return [found for effect in known if (found := self._within(effect, occupied))]

    def _within(self, effect: Effect, occupied: frozenset[int]) -> Effect | None:
        """``effect`` where nobody is outside ``occupied``."""
        key = effect, effect.others & occupied
        if key not in self._parts:
            self._parts[key] = within(effect, occupied)
        return self._parts[key]

    def _worked_out(
        self, rule: Rule, place: Place, named: tuple[int, ...], occupied: frozenset[int]
    ) -> Iterator[Effect]:
        known, further = self._given(place, named, occupied)
        guard = self._reads[rule].split.rest

        def taken(path: Path) -> Effect | None:
            meaning = Meaning(path, known, further)
            if not meaning.value(guard):
                return None
            return self._taken(rule, meaning, place, named, occupied)

        for path, effect in paths(taken):
            if effect is not None:
                yield replace(effect, facts=(*self.present(named), *path.facts))

    def _taken(
        self,
        rule: Rule,
        meaning: Meaning,
        place: Place,
        named: tuple[int, ...],
        occupied: frozenset[int],
    ) -> Effect:
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
        moves: dict[int, int] = {}
        for alike in self._reads[rule].sorted_out(occupied, self.locals):
            given, left = self._moving(rule, meaning, alike[0])
            for number in alike:
                if left:
                    leaves.append((left, (plus(meaning.further(number), {CONST: -1}),)))
                moved = self._with(number, given)
                if moved != number:
                    moves[number] = moved
        after = tuple(self.number(tuple(m)) for m in members)
        end = self.place(tuple(shared))
        return Effect(rule, named, (), end, after, moves, counted, tuple(leaves))

    def _moving(self, rule: Rule, meaning: Meaning, number: int) -> tuple[_Fixed, str]:
        """What a further member in this local state gets; a variable that leaves its domain."""
        new: list[tuple[int, Value]] = []
        here = meaning.of_member(self.states.variables(number))
        left = ""
        for variable, value in rule.others:
            if (fixed := here.one_of(here.value(value), variable.domain)) is None:
                left = variable.name
            else:
                new.append((self._field[variable][1], fixed))
        return tuple(new), left

    def _with(self, number: int, new: _Fixed) -> int:
        """The number of a local state with new values."""
        known = self._changed.setdefault(new, {})
        if number not in known:
            state = list(self.locals[number])
            for field, value in new:
                state[field] = value
            known[number] = self.number(tuple(state))
        return known[number]


def outside(counted: Counted, new: Form, occupied: Sequence[int]) -> list[Form]:
    """Facts, one for either side, that say that a growing integer's new value is outside."""
    high: Form = plus({CONST: counted.base}, dict.fromkeys(occupied, 1), counted.slope)
    return [below(plus(new, {CONST: -counted.low})), below(plus(high, new, -1))]
