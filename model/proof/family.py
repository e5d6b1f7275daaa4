"""A family of systems, one for each number of members, and the rules that make all of them.

The rules are read off the system with READ_AT members. They are then written out again for every
size of CHECKED_AT and compared with what the design itself says there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from model.lang import Claim, Expr, GroundAction, System, Value, Var, show
from model.lang.expr import And
from model.proof.members import Members, inverse, kind_of_members
from model.proof.quantified import (
    Assignment,
    NotUniform,
    Reading,
    Renaming,
    canonical,
    instantiate,
    step_text,
    updates_text,
)

READ_AT = 4
CHECKED_AT = (1, 2, 3, 4, 5, 7)
_MOST_NAMED = 2

Systems = Callable[[int], System]
"""Gives the family's system with this many members."""


@dataclass(frozen=True, eq=False)
class Rule:
    """What a step does, for whichever ``named`` members it is taken by.

    ``updates`` are of what is shared and of the named members; ``others`` are of every further
    member, written for the one that stands for all of them.
    """

    name: str
    title: str
    named: int
    guard: Expr[bool]
    updates: tuple[Assignment, ...]
    others: tuple[Assignment, ...]


@dataclass(frozen=True, eq=False)
class Condition:
    """A case of a claim, for whichever ``named`` members it is about."""

    named: int
    that: Expr[bool]


@dataclass(frozen=True, eq=False)
class Counted:
    """A shared integer whose domain grows: from ``low`` to ``slope`` for each member + ``base``."""

    variable: Var[int]
    low: int
    slope: int
    base: int


class Family:
    """The systems of ``systems``, read as one. Raises NotUniform for whatever is not alike.

    ``shared`` are the variables that belong to no member and have a fixed domain, ``counted``
    those whose domain grows. ``stands`` holds the variables that members are written with: those
    of the named ones, and last of the one that stands for all others.
    """

    def __init__(self, systems: Systems) -> None:
        first = systems(READ_AT)
        kind = kind_of_members(first, READ_AT)
        self._read = Members(first, kind, READ_AT)
        self._sizes = [Members(systems(n), kind, n) for n in CHECKED_AT]
        self.name = first.name
        self.stands = [self._read.variables(k) for k in range(_MOST_NAMED)]
        self.stands.append(self._read.variables(READ_AT - 1))
        self.shared: list[Var[Any]] = []
        self.counted: list[Counted] = []
        for number, variable in enumerate(self._read.shared):
            self._sort(number, variable)
        self._start_alike()
        self.rules = tuple(map(self._rule, self._first_of_each_kind()))
        for size in self._sizes:
            self._compare(size)

    @property
    def every_shared(self) -> list[Var[Any]]:
        """The variables that belong to no member, whatever their domain."""
        return self._read.shared

    def told(self, place: Sequence[Value]) -> str:
        """A value for each of ``shared``, as a reason names it."""
        pairs = zip(self.shared, place, strict=True)
        return ", ".join(f"{variable} = {show(value)}" for variable, value in pairs)

    def of_size(self, count: int) -> Members:
        """The system with ``count`` members, one of CHECKED_AT."""
        return next(size for size in self._sizes if size.count == count)

    def conditions(self, ground: Callable[[System], Claim]) -> list[Condition]:
        """The cases of an invariant claim. Raises NotUniform for a claim that is not alike."""
        read: dict[tuple[int, str], Condition] = {}
        for case in ground(self._read.system).cases:
            named = self._few(self._read.told(case.title), "it")
            that = self._reading(named).read(case.that)
            read[len(named), canonical(that)] = Condition(len(named), that)
        for size in self._sizes:
            told = {canonical(case.that) for case in ground(size.system).cases}
            meant = {
                canonical(self._written(size, which, condition.that))
                for condition in read.values()
                for which in size.choices(condition.named)
            }
            if told - {"true"} != meant - {"true"}:
                raise NotUniform(f"with {size.count} members it claims something else")
        return list(read.values())

    # -- reading -------------------------------------------------------------------------------

    def _sort(self, number: int, variable: Var[Any]) -> None:
        """A shared variable's domain is the same at every size, or grows evenly."""
        domains = {size.count: size.shared[number].domain for size in self._sizes}
        if len({domain.values for domain in domains.values()}) == 1:
            self.shared.append(variable)
            return
        lows, highs = zip(*((d.values[0], d.values[-1]) for d in domains.values()), strict=True)
        high = dict(zip(domains, highs, strict=True))
        if len(variable.initial) > 1:
            raise NotUniform(f"{variable} grows with the members and starts as one of several")
        slope = high[2] - high[1] if variable.domain.is_integer else 0
        grown = [high[1] + slope * (n - 1) for n in domains]
        if not slope or set(lows) != {lows[0]} or grown != list(highs):
            raise NotUniform(f"the domain of {variable} does not grow evenly with the members")
        self.counted.append(Counted(variable, lows[0], slope, high[1] - slope))

    def _start_alike(self) -> None:
        for size in self._sizes:
            pairs = list(zip(self._read.shared, size.shared, strict=True))
            for number in range(size.count):
                pairs += zip(self.stands[0], size.variables(number), strict=True)
            for mine, theirs in pairs:
                if mine.initial != theirs.initial:
                    raise NotUniform(f"{theirs} does not start as {mine} does")

    def _reading(self, named: Sequence[int]) -> Reading:
        return Reading(
            self._read.to(self.stands, named), self._read.others_to(self.stands[-1], named)
        )

    def _first_of_each_kind(self) -> Iterator[GroundAction]:
        """The actions whose members are the first ones, in order."""
        for action in self._read.system.actions:
            named = self._few(self._read.named(action), f"the action {action.title}")
            if named == list(range(len(named))):
                yield action

    @staticmethod
    def _few(named: list[int], who: str) -> list[int]:
        if len(named) > _MOST_NAMED:
            raise NotUniform(f"{who} is about {len(named)} members at once")
        return named

    def _rule(self, action: GroundAction) -> Rule:
        named = self._read.named(action)
        reading = self._reading(named)
        renamed = self._read.to(self.stands, named)
        others = self._read.others_to(self.stands[-1], named)
        own: list[Assignment] = []
        theirs: list[list[Assignment]] = [[] for _ in others]
        try:
            guard = reading.read(And(action.guard))
            for update in action.updates:
                variable = update.variable
                other = next((k for k, one in enumerate(others) if variable in one), None)
                value = reading.read(update.value, other)
                if other is None:
                    own.append((renamed.get(variable, variable), value))
                else:
                    theirs[other].append((others[other][variable], value))
        except NotUniform as error:
            raise NotUniform(f"the action {action.title} singles out a member: {error}") from None
        if len({updates_text(one) for one in theirs}) > 1:
            raise NotUniform(
                f"the action {action.title} singles out a member: "
                "it does not change every other one alike"
            )
        return Rule(action.kind, action.title, len(named), guard, tuple(own), tuple(theirs[0]))

    # -- comparing -----------------------------------------------------------------------------

    def _compare(self, size: Members) -> None:
        """The rules, written out for ``size``, are what the design says there."""
        told = {
            step_text(a.kind, And(a.guard), [(u.variable, u.value) for u in a.updates]): a.title
            for a in size.system.actions
        }
        meant = {
            self._step_of(size, which, rule): rule.title
            for rule in self.rules
            for which in size.choices(rule.named)
        }
        odd = [told[text] for text in told if text and text not in meant]
        odd += [meant[text] for text in meant if text and text not in told]
        if odd:
            raise NotUniform(
                f"the action {odd[0]} singles out a member: "
                f"with {size.count} members it is not the same step for each"
            )

    def _step_of(self, size: Members, which: Sequence[int], rule: Rule) -> str:
        back = {**inverse(size.to(self.stands, which)), **size.shared_from(self._read.shared)}
        updates = [(back[v], self._written(size, which, e)) for v, e in rule.updates]
        for number in range(size.count):
            if number not in which:
                one = inverse(size.to([self.stands[-1]], [number]))
                updates += [(one[v], self._written(size, which, e, number)) for v, e in rule.others]
        return step_text(rule.name, self._written(size, which, rule.guard), updates)

    def _written(
        self, size: Members, which: Sequence[int], item: Expr[Any], current: int | None = None
    ) -> Expr[Any]:
        """``item`` as the system of ``size`` says it of the members ``which``."""
        back = {**inverse(size.to(self.stands, which)), **size.shared_from(self._read.shared)}
        rest = [k for k in range(size.count) if k not in which]
        others: list[Renaming] = [inverse(size.to([self.stands[-1]], [k])) for k in rest]
        return instantiate(item, back, others, None if current is None else rest.index(current))
