"""Properties: what is claimed of a system, one sentence each.

A property is a function, called once per instance like an action, that returns the condition it
claims. ``ground`` makes a ``Claim`` of it for one system; engines decide claims.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from model.lang.entities import Field
from model.lang.errors import Location, ModelError, building, described
from model.lang.expr import And, Const, Expr, Implies, NeverBoth, Not, Or, truth
from model.lang.fairness import Fairness, WeaklyFair, grounded
from model.lang.grounding import answer, instances, location, plain
from model.lang.system import System


class Kind(enum.Enum):
    """How a claim is to be read."""

    INVARIANT = "holds in every reachable state"
    POSSIBLE = "can still happen, from every reachable state"
    LEADS_TO = "happens in the end, on every fair run"
    REACHABLE = "happens in some reachable state"
    TYPES = "every variable stays in its domain"
    DEADLOCK = "some action can always be taken"
    FIRES = "every action is taken somewhere"


TRUE: Expr[bool] = Const(True)


@dataclass(frozen=True, eq=False)
class Possible:
    """From every reachable state that meets ``when``, some run reaches ``goal``.

    Up to there the run stays within ``during``.
    """

    goal: Expr[bool]
    when: Expr[bool] = TRUE
    during: Expr[bool] = TRUE


@dataclass(frozen=True, eq=False)
class LeadsTo:
    """From every reachable state that meets ``when``, every fair run reaches ``goal``.

    A run is fair if it starves none of the sets in ``fair``; nothing else is assumed of it.
    """

    when: Expr[bool]
    goal: Expr[bool]
    fair: Sequence[WeaklyFair]


@dataclass(frozen=True, eq=False)
class Case:
    """A claim for particular entities. ``title`` names them.

    ``when`` matters to POSSIBLE and LEADS_TO only, ``during`` to the former and ``fair`` to the
    latter.
    """

    title: str
    that: Expr[bool]
    when: Expr[bool] = TRUE
    during: Expr[bool] = TRUE
    fair: tuple[Fairness, ...] = ()


Answer: TypeAlias = Expr[bool] | Possible | LeadsTo | None
"""What a property's function says of one instance; None is nothing."""


@dataclass(frozen=True, eq=False)
class Claim:
    """A property grounded in one system.

    ``doc`` states it, ``broken`` is the sentence that ends a counterexample.
    """

    name: str
    kind: Kind
    cases: tuple[Case, ...]
    doc: str
    broken: str

    @property
    def that(self) -> Expr[bool]:
        """All cases as one condition."""
        return And(case.that for case in self.cases)

    def exercised_by(self) -> tuple[tuple[str, Expr[bool]], ...]:
        """What must be reached, each with its name, lest the claim be vacuous."""
        return tuple((what, Or(case.that for case in cases)) for what, cases in self.exercises())

    def exercises(self) -> tuple[tuple[str, tuple[Case, ...]], ...]:
        """What must be reached lest the claim be vacuous: of each, one of the cases.

        An implication needs a state that meets its premise, and ``never_both`` one for either
        side. A POSSIBLE or LEADS_TO claim needs a state that meets its ``when``.
        """
        if self.kind in (Kind.POSSIBLE, Kind.LEADS_TO):
            return (("its premise", tuple(Case(case.title, case.when) for case in self.cases)),)
        if self.kind is not Kind.INVARIANT:
            return ()
        if not self.cases:
            return (("any instance of it", ()),)
        implied = [(case.title, case.that) for case in self.cases if isinstance(case.that, Implies)]
        needed = [
            ("its premise", [Case(title, item.children[0]) for title, item in implied]),
            (
                "what it forbids",
                [
                    Case(title, Not(item.children[1]))
                    for title, item in implied
                    if isinstance(item, NeverBoth)
                ],
            ),
        ]
        return tuple((what, tuple(cases)) for what, cases in needed if cases)


@dataclass(frozen=True, eq=False)
class Property:
    """A claim before it is grounded.

    ``about`` lists fields without which it says nothing: a system whose actions change none of
    them is not what the property is about.
    """

    name: str
    kind: Kind
    doc: str
    broken: str
    where: Location
    function: Callable[..., Answer] | None = None
    about: tuple[Field[Any], ...] = ()

    def concerns(self, system: System) -> bool:
        """Whether ``system`` ever gives the fields that this property is about a new value."""
        return all(
            any(
                item.name in entity.field_names() and getattr(entity, item.name) in system.changed
                for entity in system.entities
            )
            for item in self.about
        )

    def ground(self, system: System) -> Claim:
        """The claim for ``system``. Raises ModelError for whatever is malformed."""
        with building(f"property {self.name}", self.where):
            cases = tuple(self._cases(system)) if self.function else ()
        return Claim(self.name, self.kind, cases, self.doc, self.broken)

    def _cases(self, system: System) -> Iterator[Case]:
        if self.function is None:
            return
        for arguments in instances(self.function, system.entities, system.values):
            made = answer(self.function, arguments)
            if made is None:
                continue
            title = ", ".join(str(argument) for argument in arguments)
            own = self.kind if self.kind in _OWN_ANSWERS.values() else None
            if _OWN_ANSWERS.get(type(made)) is not own:
                raise ModelError(
                    f"the function returned {described(made)}",
                    "return Possible(goal=..., when=..., during=...) from a @possible function, "
                    "LeadsTo(when=..., goal=..., fair=[...]) from a @leads_to one and a condition "
                    "from any other",
                )
            yield _case(title, made, system)


_OWN_ANSWERS: dict[type, Kind] = {Possible: Kind.POSSIBLE, LeadsTo: Kind.LEADS_TO}
"""What is said by an answer of a class of its own; everything else is said by a condition."""


def _case(title: str, made: Expr[bool] | Possible | LeadsTo, system: System) -> Case:
    def condition(given: Expr[bool], at: str) -> Expr[bool]:
        return system.resolve(truth(given, at))

    if isinstance(made, LeadsTo):
        return Case(
            title,
            condition(made.goal, "goal"),
            when=condition(made.when, "when"),
            fair=grounded(made.fair, system),
        )
    if isinstance(made, Possible):
        return Case(
            title,
            condition(made.goal, "goal"),
            when=condition(made.when, "when"),
            during=condition(made.during, "during"),
        )
    return Case(title, condition(made, "return"))


def _property(kind: Kind, broken: str, about: Sequence[Field[Any]]) -> Callable[..., Property]:
    def decorate(function: Callable[..., Answer]) -> Property:
        plain(function, f"@{kind.name.lower()}")
        doc = " ".join((inspect.getdoc(function) or "").split())
        where = location(function)
        if not doc or not broken:
            raise ModelError(
                f"property {function.__name__} lacks its sentence",
                "say what it claims in the docstring and what is wrong otherwise in broken=",
                where=where,
            )
        for item in about:
            if not isinstance(item, Field):
                raise ModelError(
                    f"about= of {function.__name__} lists {described(item)}",
                    "list fields by their class, such as Group.owner",
                    where=where,
                )
        return Property(function.__name__, kind, doc, broken, where, function, tuple(about))

    return decorate


def invariant(*, broken: str, about: Sequence[Field[Any]] = ()) -> Callable[..., Property]:
    """The decorated function's condition holds in every reachable state.

    ``broken`` is the sentence that ends a counterexample; ``about`` lists the fields without
    which the claim says nothing.
    """
    return _property(Kind.INVARIANT, broken, about)


def possible(*, broken: str, about: Sequence[Field[Any]] = ()) -> Callable[..., Property]:
    """What the decorated function returns as ``Possible`` can still happen, wherever it says."""
    return _property(Kind.POSSIBLE, broken, about)


def leads_to(*, broken: str, about: Sequence[Field[Any]] = ()) -> Callable[..., Property]:
    """What the decorated function returns as ``LeadsTo`` happens in the end, on every fair run."""
    return _property(Kind.LEADS_TO, broken, about)


def reachable(*, broken: str, about: Sequence[Field[Any]] = ()) -> Callable[..., Property]:
    """The decorated function's condition is met in some reachable state, for each instance."""
    return _property(Kind.REACHABLE, broken, about)


def _whole(kind: Kind, name: str, doc: str, broken: str) -> Property:
    return Property(name, kind, doc, broken, Location(__file__, 1))


type_invariant = _whole(
    Kind.TYPES,
    "type_invariant",
    "No step takes a variable outside its domain.",
    "This step takes a variable outside its domain.",
)
no_deadlock = _whole(
    Kind.DEADLOCK,
    "no_deadlock",
    "In every reachable state some step can be taken.",
    "No step can be taken from here.",
)
every_action_fires = _whole(
    Kind.FIRES,
    "every_action_fires",
    "Every action is taken somewhere, so that no verdict rests on a part that never runs.",
    "Some action is never taken.",
)
