"""BTOR2, for hardware model checkers: an input chooses the action of each step.

An input that chooses no action, or one whose guard does not hold, changes nothing. That makes no
counterexample shorter, so that the least bound at which a checker finds one is its length.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import Any

from model.export.names import Names, encode
from model.export.source import Step, Subject, integer_range
from model.export.walk import Spelling
from model.lang import Expr, Kind, Value, Var
from model.lang.expr import Add, And, Const, Count, IfElse, Not, Subtract


def btor2(subject: Subject) -> dict[str, str]:
    """The file, by its name."""
    name = f"{encode(subject.system.name)}.btor2"
    return {name: "\n".join(_Writer(subject, name).lines()) + "\n"}


class _Nodes(Spelling[int]):
    """Numbered lines, none of them written twice. Every integer has ``width`` bits and a sign."""

    def __init__(self, names: Names, width: int) -> None:
        self.names = names
        self.width = width
        self.written: list[str] = []
        self._known: dict[str, int] = {}
        self._number = 0

    def node(self, *words: object, symbol: str = "") -> int:
        """The number of the line that says ``words``; one with a ``symbol`` is always new."""
        text = " ".join(map(str, words))
        if symbol or text not in self._known:
            self._number += 1
            self.written.append(f"{self._number} {text} {symbol}".rstrip())
            if symbol:
                return self._number
            self._known[text] = self._number
        return self._known[text]

    def sort(self, width: int) -> int:
        return self.node("sort bitvec", width)

    @property
    def truth(self) -> int:
        return self.sort(1)

    def sort_of(self, kind: type) -> int:
        if issubclass(kind, enum.Enum):
            return self.sort(max(1, (len(kind) - 1).bit_length()))
        return self.truth if kind is bool else self.sort(self.width)

    def constant(self, value: Value) -> int:
        number = list(type(value)).index(value) if isinstance(value, enum.Enum) else int(value)
        return self.node("constd", self.sort_of(type(value)), number)

    def variable(self, variable: Var[Any]) -> int:
        # Written before any expression, so that it is known.
        return self._states[variable]

    def declare(self, variables: Sequence[Var[Any]]) -> None:
        """Write the state of every variable."""
        for variable in variables:
            self.constant(variable.initial[0])  # first: a state comes after its initial value
        self._states = {
            v: self.node("state", self.sort_of(v.kind), symbol=self.names(v.name, v))
            for v in variables
        }

    def equal(self, left: Expr[Any], right: Expr[Any]) -> int:
        return self._call("eq", bool, left, right)

    def less(self, left: Expr[int], right: Expr[int]) -> int:
        return self._call("slt", bool, left, right)

    def opposite(self, item: Expr[bool]) -> int:
        return self._call("not", bool, item)

    def every(self, items: Sequence[Expr[bool]]) -> int:
        return self._folded("and", bool, items, Const(True))

    def some(self, items: Sequence[Expr[bool]]) -> int:
        return self._folded("or", bool, items, Const(False))

    def choice(self, condition: Expr[bool], yes: Expr[Any], no: Expr[Any]) -> int:
        return self._call("ite", yes.kind, condition, yes, no)

    def sum(self, items: Sequence[Expr[int]]) -> int:
        return self._folded("add", int, items, Const(0))

    def difference(self, left: Expr[int], right: Expr[int]) -> int:
        return self._call("sub", int, left, right)

    def _call(self, operator: str, kind: type, *items: Expr[Any]) -> int:
        return self.node(operator, self.sort_of(kind), *map(self.spell, items))

    def _folded(
        self, operator: str, kind: type, items: Sequence[Expr[Any]], none: Expr[Any]
    ) -> int:
        first, *rest = map(self.spell, items or [none])
        for other in rest:
            first = self.node(operator, self.sort_of(kind), first, other)
        return first


class _Writer:
    def __init__(self, subject: Subject, file: str) -> None:
        self.subject = subject
        self.file = file
        self.variables = subject.system.variables
        self.nodes = _Nodes(Names(lambda _: False, kept=".-"), _width(subject))

    def lines(self) -> Iterator[str]:
        yield from _comment(self.subject.heading(self._run()))
        yield from _comment(["", "The input `action` chooses:"])
        for number, step in enumerate(self.subject.steps):
            yield from _comment([f"  {number}: {step.comment[0]}"])
            yield from _comment([f"       {line}" for line in step.comment[1:]])
        for kind in self.subject.enums:
            members = ", ".join(f"{number} {value.name}" for number, value in enumerate(kind))
            yield from _comment([f"{kind.__name__}: {members}"])
        self._write()
        yield from self.nodes.written

    def _run(self) -> list[str]:
        return [
            f"Run: btormc -kmax 30 {self.file}",
            "A bad state at bound k is a counterexample of k steps; none is no proof.",
        ]

    def _write(self) -> None:
        nodes = self.nodes
        nodes.declare(self.variables)
        self._start()
        width = max(1, len(self.subject.steps).bit_length())  # one more value than actions: none
        chosen = nodes.node("input", nodes.sort(width), symbol="action")
        taken = {
            step: self._and(
                nodes.node("eq", nodes.truth, chosen, nodes.node("constd", nodes.sort(width), i)),
                nodes.spell(step.guard),
            )
            for i, step in enumerate(self.subject.steps)
        }
        for variable in self.variables:
            self._next(variable, taken)
        self._bad(taken)

    def _and(self, one: int, other: int) -> int:
        return self.nodes.node("and", self.nodes.truth, one, other)

    def _start(self) -> None:
        """Fixed initial values; a constraint on the first state where there are several."""
        nodes = self.nodes
        several = [variable for variable in self.variables if len(variable.initial) > 1]
        for variable in self.variables:
            if len(variable.initial) == 1:
                value = nodes.constant(variable.initial[0])
                nodes.node("init", nodes.sort_of(variable.kind), nodes.variable(variable), value)
        if several:
            no, yes = nodes.constant(value=False), nodes.constant(value=True)
            started = nodes.node("state", nodes.truth, symbol="started")
            nodes.node("init", nodes.truth, started, no)
            nodes.node("next", nodes.truth, started, yes)
            among = nodes.spell(And(variable.is_in(*variable.initial) for variable in several))
            nodes.node("constraint", nodes.node("or", nodes.truth, started, among))

    def _next(self, variable: Var[Any], taken: dict[Step, int]) -> None:
        nodes = self.nodes
        sort = nodes.sort_of(variable.kind)
        after = nodes.variable(variable)
        for step, when in taken.items():
            for update in step.action.updates:
                if update.variable is variable:
                    inside = when
                    if step.inside is not None:
                        inside = self._and(when, nodes.spell(step.inside))
                    after = nodes.node("ite", sort, inside, nodes.spell(update.value), after)
        nodes.node("next", sort, nodes.variable(variable), after)

    def _bad(self, taken: dict[Step, int]) -> None:
        nodes = self.nodes
        if self.subject.has(Kind.TYPES):
            bad = nodes.constant(value=False)
            for step, when in taken.items():
                if step.inside is not None:
                    leaves = self._and(when, nodes.spell(Not(step.inside)))
                    bad = nodes.node("or", nodes.truth, bad, leaves)
            nodes.node("bad", bad, symbol=nodes.names("type_invariant", Kind.TYPES))
        for check in self.subject.checks:
            nodes.node("bad", nodes.spell(check.broken), symbol=nodes.names(check.name, check))


def _width(subject: Subject) -> int:
    """How many bits hold every integer that any expression comes to, with its sign."""
    system = subject.system
    expressions: list[Expr[Any]] = [condition for c in subject.checks for condition in c.cases]
    for step in subject.steps:
        expressions += [step.guard, *(update.value for update in step.action.updates)]
    numbers = [0]
    for expression in [*system.variables, *expressions]:
        for node in expression.walk():
            if node.kind is int:
                numbers += _bounds(node)
    return 1 + max(number.bit_length() for number in numbers)


def _bounds(item: Expr[int]) -> tuple[int, int]:
    """The least and the greatest value that an integer expression could come to."""
    match item:
        case Const():
            return item.value, item.value
        case Var():
            return integer_range(item)
        case Count():
            return 0, len(item.children)
        case IfElse(children=(_, yes, no)):
            one, other = _bounds(yes), _bounds(no)
            return min(one[0], other[0]), max(one[1], other[1])
        case Add(children=(left, right)):
            one, other = _bounds(left), _bounds(right)
            return one[0] + other[0], one[1] + other[1]
        case Subtract(children=(left, right)):
            one, other = _bounds(left), _bounds(right)
            return one[0] - other[1], one[1] - other[0]
        case _:
            raise TypeError(f"{type(item).__name__} is no integer expression")


def _comment(lines: list[str]) -> Iterator[str]:
    return (f"; {line}".rstrip() for line in lines)
