"""What an expression is worth where only the named members and what is shared are known.

Whatever depends on how many further members there are, or on an integer that grows with them, is
a question whether a linear form is negative. Every way to answer the questions is a path.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

from model.lang import Domain, Expr, Value, Var
from model.lang.expr import (
    Add,
    And,
    Const,
    Count,
    Equal,
    IfElse,
    Implies,
    Less,
    NeverBoth,
    Not,
    OneOf,
    Or,
    Subtract,
)
from model.proof.linear import CONST, Form, Number, below, constant, plus
from model.proof.quantified import HowMany, Some

T = TypeVar("T")
Known: TypeAlias = Mapping[Var[Any], Any]


class States:
    """What local states say of the member that stands for all others, its variables ``stand``."""

    def __init__(self, stand: Sequence[Var[Any]], states: Sequence[tuple[Value, ...]]) -> None:
        self._stand = stand
        self._states = states
        self._known: dict[int, dict[Var[Any], Value]] = {}
        self._holds: dict[Expr[bool], dict[int, bool] | None] = {}

    def variables(self, number: int) -> Mapping[Var[Any], Value]:
        """The values of the variables in the local state of this number."""
        if number not in self._known:
            self._known[number] = dict(zip(self._stand, self._states[number], strict=True))
        return self._known[number]

    def holds(self, template: Expr[bool], number: int) -> bool | None:
        """Whether ``template`` holds in a local state; None if it reads more than that."""
        if template not in self._holds:
            read = set(template.variables())
            self._holds[template] = {} if read <= set(self._stand) else None
        known = self._holds[template]
        if known is None:
            return None
        if number not in known:
            meaning = Meaning(Path(), self.variables(number), NOBODY)
            known[number] = bool(meaning.value(template))
        return known[number]


class Further(NamedTuple):
    """The members besides the named ones: the local states that anybody may be in."""

    occupied: Collection[int]
    named: tuple[int, ...]
    states: States

    def counts(self, numbers: Sequence[int]) -> Form:
        """How many further members are in the local states ``numbers``, all different."""
        form: Form = dict.fromkeys(numbers, 1)
        named = sum(number in form for number in self.named)
        if named:
            form[CONST] = -named
        return form


NOBODY = Further((), (), States((), ()))


class Path:
    """One way to answer the questions; ``facts`` are the forms that are then not negative."""

    def __init__(self, answers: tuple[bool, ...] = ()) -> None:
        self._wanted = answers
        self.answers: list[bool] = []
        self.facts: list[Form] = []
        self._known: dict[frozenset[tuple[int, Number]], bool] = {}

    def at_least_zero(self, form: Form) -> bool:
        """Whether ``form`` is not negative on this path."""
        fixed = constant(form)
        if fixed is not None:
            return fixed >= 0
        key = frozenset(form.items())
        if key not in self._known:
            number = len(self.answers)
            answer = self._wanted[number] if number < len(self._wanted) else True
            self.answers.append(answer)
            self.facts.append(form if answer else below(form))
            self._known[key] = answer
            self._known[frozenset(below(form).items())] = not answer
        return self._known[key]


def paths(meaning: Callable[[Path], T]) -> Iterator[tuple[Path, T]]:
    """Every path of ``meaning``, with what it comes to there."""
    left: list[tuple[bool, ...]] = [()]
    while left:
        wanted = left.pop()
        path = Path(wanted)
        result = meaning(path)
        new = range(len(wanted), len(path.answers))
        left += [(*path.answers[:number], not path.answers[number]) for number in new]
        yield path, result


class Meaning:
    """The value of expressions on one path.

    ``known`` gives variables their value, or the form that it is.
    """

    def __init__(
        self,
        path: Path,
        known: Known,
        further: Further,
    ) -> None:
        self.path = path
        self.known = known
        self._further = further

    def of_member(self, state: Mapping[Var[Any], Value]) -> Meaning:
        """The same, where the member that stands for all others is in this local state."""
        return Meaning(self.path, {**self.known, **state}, self._further)

    def value(self, item: Expr[Any]) -> Any:
        """The value, or for an integer the form that it is."""
        return _VALUE[type(item)](self, item)

    def one_of(self, number: Any, domain: Domain) -> Value | None:
        """The value of ``domain`` that ``number`` is on this path, if it is one of them."""
        if not isinstance(number, dict):
            return number if number in domain else None
        return next((v for v in domain.values if self.equal(number, v)), None)

    def further(self, number: int) -> Form:
        """How many members besides the named ones are in the local state of this number."""
        return self._further.counts([number])

    def how_many(self, template: Expr[bool]) -> Form:
        """Of how many further members ``template`` holds."""
        states = self._further.states
        there = []
        for number in self._further.occupied:
            holds = states.holds(template, number)
            if holds is None:
                holds = self.of_member(states.variables(number)).value(template)
            if holds:
                there.append(number)
        return self._further.counts(there)

    def equal(self, left: Any, right: Any) -> bool:
        """Whether two values, or forms, are the same on this path."""
        if not (isinstance(left, dict) or isinstance(right, dict)):
            return bool(left == right)
        difference = plus(as_form(left), as_form(right), -1)
        return self.path.at_least_zero(difference) and self.path.at_least_zero(
            plus({}, difference, -1)
        )

    def less(self, left: Any, right: Any) -> bool:
        """Whether one integer is below the other on this path."""
        return self.path.at_least_zero(plus(plus(as_form(right), as_form(left), -1), {CONST: -1}))


def _among(meaning: Meaning, number: Any, values: tuple[Value, ...]) -> bool:
    return any(meaning.equal(number, value) for value in values)


def as_form(number: Any) -> Form:
    """An integer as a form."""
    return number if isinstance(number, dict) else plus({}, {CONST: int(number)})


_VALUE: dict[type, Callable[[Meaning, Any], Any]] = {
    Const: lambda _, e: e.value,
    Var: lambda m, e: m.known[e],
    Equal: lambda m, e: m.equal(m.value(e.children[0]), m.value(e.children[1])),
    OneOf: lambda m, e: _among(m, m.value(e.children[0]), e.values),
    Less: lambda m, e: m.less(m.value(e.children[0]), m.value(e.children[1])),
    Not: lambda m, e: not m.value(e.children[0]),
    And: lambda m, e: all(m.value(c) for c in e.children),
    Or: lambda m, e: any(m.value(c) for c in e.children),
    Implies: lambda m, e: not m.value(e.children[0]) or m.value(e.children[1]),
    NeverBoth: lambda m, e: not m.value(e.children[0]) or m.value(e.children[1]),
    IfElse: lambda m, e: m.value(e.children[1] if m.value(e.children[0]) else e.children[2]),
    Add: lambda m, e: plus(as_form(m.value(e.children[0])), as_form(m.value(e.children[1]))),
    Subtract: lambda m, e: plus(
        as_form(m.value(e.children[0])), as_form(m.value(e.children[1])), -1
    ),
    Count: lambda m, e: sum(1 for c in e.children if m.value(c)),
    Some: lambda m, e: m.path.at_least_zero(plus(m.how_many(e.template), {CONST: -1})),
    HowMany: lambda m, e: m.how_many(e.template),
}
