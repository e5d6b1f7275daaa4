"""SMT-LIB 2: the initial states, the steps and the properties as functions, and one query."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from model.export.names import Names, encode
from model.export.source import Check, Step, Subject, updated_values, value_name
from model.export.walk import Spelling
from model.lang import Expr, Kind, Value, Var
from model.lang.expr import And, Not

_WORDS = (
    "_ ! as let exists forall match par assert and or not xor ite distinct true false "
    "abs div mod is Bool Int Real Array String RegLan select store "
    # What every file here defines; the states of its query are called s0, s1, ...
    "State state init trans enabled"
)
_RESERVED = frozenset(_WORDS.split())


class _Smt(Spelling[str]):
    """Expressions over the state called ``s``."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def constant(self, value: Value) -> str:
        if isinstance(value, enum.Enum):
            return self.names(value_name(value), value)
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value) if value >= 0 else f"(- {-value})"

    def variable(self, variable: Var[Any]) -> str:
        return f"({self.names(variable.name, variable)} s)"

    def equal(self, left: Expr[Any], right: Expr[Any]) -> str:
        return self._call("=", left, right)

    def less(self, left: Expr[int], right: Expr[int]) -> str:
        return self._call("<", left, right)

    def opposite(self, item: Expr[bool]) -> str:
        return self._call("not", item)

    def every(self, items: Sequence[Expr[bool]]) -> str:
        return self._several("and", items, "true")

    def some(self, items: Sequence[Expr[bool]]) -> str:
        return self._several("or", items, "false")

    def implied(self, when: Expr[bool], then: Expr[bool]) -> str:
        return self._call("=>", when, then)

    def choice(self, condition: Expr[bool], yes: Expr[Any], no: Expr[Any]) -> str:
        return self._call("ite", condition, yes, no)

    def sum(self, items: Sequence[Expr[int]]) -> str:
        return self._several("+", items, "0")

    def difference(self, left: Expr[int], right: Expr[int]) -> str:
        return self._call("-", left, right)

    def _call(self, function: str, *items: Expr[Any]) -> str:
        return f"({function} {' '.join(map(self.spell, items))})"

    def _several(self, function: str, items: Sequence[Expr[Any]], none: str) -> str:
        if len(items) > 1:
            return self._call(function, *items)
        return self.spell(items[0]) if items else none


def smtlib(subject: Subject, k: int) -> dict[str, str]:
    """The script, by its file's name: whether a property is broken after exactly ``k`` steps."""
    name = f"{encode(subject.system.name)}.smt2"
    return {name: "\n".join(_Writer(subject, name, k).lines()) + "\n"}


class _Writer:
    def __init__(self, subject: Subject, file: str, k: int) -> None:
        self.subject = subject
        self.file = file
        self.k = k
        self.names = Names(
            lambda made: made in _RESERVED or (made[:1] == "s" and made[1:].isdigit()), kept=".-"
        )
        self.say = _Smt(self.names)
        self.types = self.names("type_invariant", Kind.TYPES)

    def lines(self) -> Iterator[str]:
        yield from _comment(self.subject.heading(self._run()))
        yield "(set-logic ALL)"
        yield ""
        for kind in self.subject.enums:
            members = " ".join(f"({self.names(value_name(value), value)})" for value in kind)
            yield f"(declare-datatypes (({self.names(kind.__name__, kind)} 0)) (({members})))"
        yield "(declare-datatypes ((State 0)) (((state"
        for variable in self.subject.system.variables:
            name = self.names(variable.name, variable)
            yield f"  ({name} {self._sort(variable)})  ; {variable.doc}".removesuffix("  ; ")
        yield "))))"
        yield ""
        yield "(define-fun init ((s State)) Bool (and"
        for variable in self.subject.system.variables:
            yield f"  {self.say.spell(variable.is_in(*variable.initial))}"
        yield "))"
        for step in self.subject.steps:
            yield from self._step(step)
        yield ""
        yield "; Some step leads from s to t."
        yield "(define-fun trans ((s State) (t State)) Bool (or"
        yield from (f"  ({self.names(step.name, step)} s t)" for step in self.subject.steps)
        yield "))"
        yield ""
        yield from self._properties()
        yield from self._query()

    def _run(self) -> list[str]:
        return [
            f"Run: z3 {self.file}",
            f"sat: a property is broken after exactly {self.k} steps, and the values tell how;",
            "unsat: none is. That says nothing about other lengths: --k N asks for them.",
        ]

    def _sort(self, variable: Var[Any]) -> str:
        known = {bool: "Bool", int: "Int"}.get(variable.kind)
        return known or self.names(variable.kind.__name__, variable.kind)

    def _step(self, step: Step) -> Iterator[str]:
        yield ""
        yield from _comment(step.comment)
        yield f"(define-fun {self.names(step.name, step)} ((s State) (t State)) Bool (and"
        yield f"  {self.say.spell(step.guard)}"
        if step.inside is not None:
            yield f"  {self.say.spell(step.inside)}"
        yield "  (= t (state"
        for _, value in updated_values(step, self.subject.system.variables):
            yield f"    {self.say.spell(value)}"
        yield "  ))"
        yield "))"

    def _properties(self) -> Iterator[str]:
        if self.subject.has(Kind.TYPES):
            leaving = [
                And((s.guard, Not(s.inside))) for s in self.subject.steps if s.inside is not None
            ]
            yield "; No step takes a variable outside its domain."
            yield from self._function(self.types, [Not(item) for item in leaving])
        for check in self.subject.checks:
            yield from _comment([check.doc])
            yield from self._function(self.names(check.name, check), check.cases)

    def _function(self, name: str, cases: Sequence[Expr[bool]]) -> Iterator[str]:
        yield f"(define-fun {name} ((s State)) Bool (and true"
        yield from (f"  {self.say.spell(case)}" for case in cases)
        yield "))"

    def _query(self) -> Iterator[str]:
        yield ""
        states = [f"s{i}" for i in range(self.k + 1)]
        yield from (f"(declare-const {state} State)" for state in states)
        yield "(assert (init s0))"
        for before, after in itertools.pairwise(states):
            yield f"(assert (trans {before} {after}))"
        yield "(assert (or"
        yield from (f"  {text}" for text in self._broken(states[-1]))
        yield "  false))"
        yield "(check-sat)"
        yield "; After sat:"
        yield f"; (get-value ({' '.join(states)}))"

    def _broken(self, state: str) -> Iterator[str]:
        if self.subject.has(Kind.TYPES):
            yield f"(not ({self.types} {state}))"
        for check in self.subject.checks:
            yield self._reported(check, state)

    def _reported(self, check: Check, state: str) -> str:
        met = f"({self.names(check.name, check)} {state})"
        return met if check.witness else f"(not {met})"


def _comment(lines: list[str]) -> Iterator[str]:
    return (f"; {line}".rstrip() for line in lines)
