"""What every export is written from: the steps and the checks of one system."""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from model.export.names import CannotExport
from model.lang import Claim, Expr, GroundAction, Kind, System, Update, Value, Var
from model.lang.expr import And, Const, IfElse, Less, Not, OneOf, Or

SAID = (Kind.INVARIANT, Kind.TYPES, Kind.DEADLOCK)
"""The kinds of property that an export says by itself."""
WHEN_NAMED = (*SAID, Kind.REACHABLE)
"""The kinds that it says when asked to: a witness looks like an error to most checkers."""

MOST_STARTS = 1024


@dataclass(frozen=True, eq=False)
class Step:
    """An action with what must hold for its new values to stay in their domains.

    ``inside`` is None where it can be seen that they always do.
    """

    action: GroundAction
    inside: Expr[bool] | None

    @property
    def guard(self) -> Expr[bool]:
        """The guard as one condition."""
        return And(self.action.guard)

    @property
    def name(self) -> str:
        """The action and its arguments with dots between: ``bind_store.dev0.VFIO``."""
        return ".".join([self.action.name, *map(_argument, self.action.arguments)])

    @property
    def comment(self) -> list[str]:
        """What a reader wants to know of it: its title, what it does, what it stands for."""
        action = self.action
        lines = [f"{action.title}: {action.label}" if action.label else action.title]
        lines += [action.doc] if action.doc else []
        return [*lines, str(action.source)] if action.source else lines


@dataclass(frozen=True, eq=False)
class Check:
    """A condition on states, in one case or several.

    It must hold in every reachable state or, if its ``kind`` is REACHABLE, in some.
    """

    name: str
    kind: Kind
    doc: str
    cases: tuple[Expr[bool], ...]

    @property
    def witness(self) -> bool:
        """Whether a state that a checker reports is no violation but what was looked for."""
        return self.kind is Kind.REACHABLE

    @property
    def broken(self) -> Expr[bool]:
        """Whether a state is one that a checker should report: a violation, or a witness."""
        return And(self.cases) if self.witness else Not(And(self.cases))


class Subject:
    """A system and its claims, as exports look at them.

    ``title`` names it, ``about`` says more about it, each item a line. ``named`` tells whether
    the user chose the claims. Raises CannotExport for a chosen one that no state can break.
    """

    def __init__(
        self,
        system: System,
        claims: Sequence[Claim],
        *,
        title: str,
        about: Sequence[str] = (),
        named: bool = False,
    ) -> None:
        self.system = system
        self.title = title
        self.about = tuple(about)
        said = WHEN_NAMED if named else SAID
        self.left_out = tuple(claim for claim in claims if claim.kind not in said)
        if named and self.left_out:
            claim = self.left_out[0]
            raise CannotExport(
                f"{claim.name} is about runs and not about single states ({claim.kind.value}), "
                "and is not exported"
            )
        self.claims = tuple(claim for claim in claims if claim.kind in said)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Every action of the system, in its order."""
        return tuple(Step(action, _all_inside(action.updates)) for action in self.system.actions)

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """What is asked of states: all but the type invariant, which is about steps.

        What must be reachable is one check for each instance.
        """
        return tuple(check for claim in self.claims for check in self._checks(claim))

    def _checks(self, claim: Claim) -> Iterator[Check]:
        cases = tuple(self.system.resolve(case.that) for case in claim.cases)
        if claim.kind is Kind.INVARIANT:
            yield Check(claim.name, claim.kind, claim.doc, cases)
        elif claim.kind is Kind.DEADLOCK:
            enabled = Or(step.guard for step in self.steps)
            yield Check(claim.name, claim.kind, claim.doc, (enabled,))
        elif claim.kind is Kind.REACHABLE:
            for case, condition in zip(claim.cases, cases, strict=True):
                name = ".".join([claim.name, *case.title.split(", ")])
                yield Check(name, claim.kind, claim.doc, (condition,))

    def has(self, kind: Kind) -> bool:
        """Whether a property of this kind is exported."""
        return any(claim.kind is kind for claim in self.claims)

    @cached_property
    def enums(self) -> tuple[type[enum.Enum], ...]:
        """The Enum classes that a variable is over."""
        kinds = dict.fromkeys(variable.kind for variable in self.system.variables)
        return tuple(kind for kind in kinds if issubclass(kind, enum.Enum))

    def heading(self, run: Sequence[str]) -> list[str]:
        """The lines that an exported file begins with; ``run`` says how to use it."""
        lines = [self.title, *self.about, "", *run]
        if self.left_out:
            lines += ["", "Left out, because they are about runs and not about single states"]
            lines += ["or because a checker would take a witness for an error:"]
            lines += [f"  {claim.name}: {claim.kind.value}" for claim in self.left_out]
        return lines


def in_turn(updates: Sequence[Update]) -> tuple[list[Update], list[Update]]:
    """``updates`` in an order in which they can be made one after the other.

    The first list keeps old values that the second, the updates themselves, would otherwise lose.
    """
    waiting, kept, ordered = list(updates), [], []
    while waiting:
        free = next((u for u in waiting if not _read_by_others(u, waiting)), None)
        if free is None:  # some read each other in a ring
            free = waiting[0]
            old = Var(f"old.{free.variable.name}", free.variable.domain, free.variable.initial)
            kept.append(Update(old, free.variable))
            waiting = [
                u if u is free else Update(u.variable, _replaced(u.value, free.variable, old))
                for u in waiting
            ]
        waiting.remove(free)
        ordered.append(free)
    return kept, ordered


def updated_values(
    step: Step, variables: Iterable[Var[Any]]
) -> Iterator[tuple[Var[Any], Expr[Any]]]:
    """Each of ``variables`` with its value after ``step``: itself, where it is unchanged."""
    after = {update.variable: update.value for update in step.action.updates}
    for variable in variables:
        yield variable, after.get(variable, variable)


def in_domain(value: Expr[Any], variable: Var[Any]) -> Expr[bool]:
    """Whether ``value`` is one that ``variable`` may have."""
    values = variable.domain.values
    if variable.domain.is_integer:
        low, high = map(Const, integer_range(variable))
        return And((Not(Less(value, low)), Not(Less(high, value))))
    return OneOf(value, values)


def integer_range(variable: Var[int]) -> tuple[int, int]:
    """The least and the greatest value that an integer ``variable`` may have."""
    values = variable.domain.values
    return cast("int", values[0]), cast("int", values[-1])


def _all_inside(updates: Sequence[Update]) -> Expr[bool] | None:
    needed = [in_domain(u.value, u.variable) for u in updates if not _stays(u.value, u.variable)]
    return And(needed) if needed else None


def _stays(value: Expr[Any], variable: Var[Any]) -> bool:
    match value:
        case Const():
            return value.value in variable.domain
        case Var():
            return set(value.domain.values) <= set(variable.domain.values)
        case IfElse(children=(_, yes, no)):
            return _stays(yes, variable) and _stays(no, variable)
        case _:
            return value.kind is bool and set(variable.domain.values) == {False, True}


def _read_by_others(update: Update, waiting: Sequence[Update]) -> bool:
    return any(
        node is update.variable for u in waiting if u is not update for node in u.value.walk()
    )


def _replaced(value: Expr[Any], variable: Var[Any], old: Var[Any]) -> Expr[Any]:
    return value.rewrite(lambda leaf: old if leaf is variable else leaf)


def _argument(item: object) -> str:
    return item.name if isinstance(item, enum.Enum) else str(item)


def starts(system: System) -> list[list[tuple[Var[Any], Value]]]:
    """The initial states, each by the values of the variables that may start as several.

    Raises CannotExport if there are too many to be listed.
    """
    several = [v for v in system.variables if len(v.initial) > 1]
    count = math.prod(len(v.initial) for v in several)
    if count > MOST_STARTS:
        raise CannotExport(
            f"{system} has {count} initial states, and no more than {MOST_STARTS} can be listed"
        )
    values = itertools.product(*(v.initial for v in several))
    return [list(zip(several, chosen, strict=True)) for chosen in values]


def value_name(value: Value) -> str:
    """What an Enum member is called, with its class."""
    assert isinstance(value, enum.Enum)  # noqa: S101  # numbers and truth values have no name
    return f"{type(value).__name__}.{value.name}"
