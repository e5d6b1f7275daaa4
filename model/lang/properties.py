"""Properties: what is claimed of a system, one sentence each.

A property is a function, called once per instance like an action, that returns the condition it
claims. ``ground`` makes a ``Claim`` of it for one system; engines decide claims.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from model.lang.entities import Field
from model.lang.errors import Location, ModelError, building, described
from model.lang.expr import And, Const, Expr, Implies, NeverBoth, Not, Or, truth
from model.lang.grounding import answer, instances, location, plain
from model.lang.system import System


class Kind(enum.Enum):
    """How a claim is to be read."""

    INVARIANT = "holds in every reachable state"
    POSSIBLE = "can still happen, from every reachable state"
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
class Case:
    """A claim for particular entities. ``title`` names them.

    ``when`` and ``during`` matter to POSSIBLE only.
    """

    title: str
    that: Expr[bool]
    when: Expr[bool] = TRUE
    during: Expr[bool] = TRUE


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
        """What must be reached, each with its name, lest the claim be vacuous.

        An implication needs a state that meets its premise, and ``never_both`` one for either
        side. A POSSIBLE claim needs a state that meets its ``when``.
        """
        if self.kind is Kind.POSSIBLE:
            return (("its premise", Or(case.when for case in self.cases)),)
        if self.kind is not Kind.INVARIANT:
            return ()
        if not self.cases:
            return (("any instance of it", Or(())),)
        implied = [case.that for case in self.cases if isinstance(case.that, Implies)]
        excluded = [item for item in implied if isinstance(item, NeverBoth)]
        needed = []
        if implied:
            needed.append(("its premise", Or(item.children[0] for item in implied)))
        if excluded:
            needed.append(("what it forbids", Or(Not(item.children[1]) for item in excluded)))
        return tuple(needed)


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
    function: Callable[..., Expr[bool] | Possible | None] | None = None
    about: tuple[Field[Any], ...] = ()

    def concerns(self, system: System) -> bool:
        """Whether ``system`` ever gives the fields that this property is about a new value."""
        changed = {
            variable
            for action in system.actions
            for variable, new in ((update.variable, update.value) for update in action.updates)
            if not (isinstance(new, Const) and new.value in variable.initial)
        }
        return all(
            any(
                item.name in entity.field_names() and getattr(entity, item.name) in changed
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
            if isinstance(made, Possible) is not (self.kind is Kind.POSSIBLE):
                raise ModelError(
                    f"the function returned {described(made)}",
                    "return Possible(goal=..., when=..., during=...) from a @possible function "
                    "and a condition from any other",
                )
            parts = (
                {"goal": made.goal, "when": made.when, "during": made.during}
                if isinstance(made, Possible)
                else {"return": made}
            )
            yield Case(title, *(system.resolve(truth(part, at)) for at, part in parts.items()))


def _property(kind: Kind, broken: str, about: Sequence[Field[Any]]) -> Callable[..., Property]:
    def decorate(function: Callable[..., Expr[bool] | Possible | None]) -> Property:
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
