"""TLA+, for TLC: a module with an operator for each action and invariant, and its .cfg."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any

from model.export.names import Names, encode
from model.export.source import Check, Step, Subject
from model.export.walk import Infix
from model.lang import Expr, Kind, Value, Var

_WORDS = (
    "ACTION ASSUME ASSUMPTION AXIOM BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY DEF DEFINE DEFS "
    "DOMAIN ELSE ENABLED EXCEPT EXTENDS HAVE HIDE IF IN INSTANCE LAMBDA LEMMA LET LOCAL MODULE NEW "
    "OBVIOUS OMITTED ONLY OTHER PICK PROOF PROPOSITION PROVE QED RECURSIVE STATE SUBSET SUFFICES "
    "TAKE TEMPORAL THEN THEOREM UNCHANGED UNION USE VARIABLE VARIABLES WITH WITNESS TRUE FALSE "
    # What the module Integers defines, and what every module here does.
    "BOOLEAN STRING Nat Int Init Next Spec TypeOK vars"
)
_RESERVED = frozenset(_WORDS.split())


class _Tla(Infix):
    EQUAL = "="
    DIFFERENT = "#"
    AND = "/\\"
    OR = "\\/"
    NOT = "~"
    TRUTH = ("FALSE", "TRUE")
    IF = "(IF {} THEN {} ELSE {})"

    def constant(self, value: Value) -> str:
        # Texts, because TLC prints them; a variable is never compared with another Enum's.
        return (
            f'"{encode(value.name)}"' if isinstance(value, enum.Enum) else super().constant(value)
        )

    def implied(self, when: Expr[bool], then: Expr[bool]) -> str:
        return f"{self.inner(when)} => {self.inner(then)}"

    def one_of(self, values: tuple[Value, ...]) -> str:
        """The set of ``values``."""
        return f"{{{', '.join(map(self.constant, values))}}}"


def tla(subject: Subject) -> dict[str, str]:
    """The module and TLC's configuration, by the names of their files."""
    writer = _Writer(subject)
    return {
        f"{writer.module}.tla": "\n".join(writer.lines()) + "\n",
        f"{writer.module}.cfg": "\n".join(writer.configuration()) + "\n",
    }


class _Writer:
    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        # WF_ and SF_ at the start of a name mean fairness.
        self.names = Names(lambda made: made in _RESERVED or made.startswith(("WF_", "SF_")))
        self.say = _Tla(self.names)
        self.module = self.names(subject.system.name, subject)
        self.variables = subject.system.variables
        # TLC looks for deadlocks by itself.
        self.checks = [check for check in subject.checks if check.kind is not Kind.DEADLOCK]

    def lines(self) -> Iterator[str]:
        yield f"---- MODULE {self.module} ----"
        yield from _comment(self.subject.heading(self._run()))
        yield ""
        yield "EXTENDS Integers"
        yield ""
        yield "VARIABLES"
        for i, variable in enumerate(self.variables, 1):
            comma = "," if i < len(self.variables) else ""
            yield f"  {self.say.variable(variable)}{comma}  \\* {variable.doc or variable.name}"
        yield ""
        yield f"vars == {self._tuple(self.variables)}"
        yield ""
        for kind in self.subject.enums:
            yield f"{self.names(kind.__name__, kind)} == {self.say.one_of(tuple(kind))}"
        yield ""
        yield "TypeOK =="
        for variable in self.variables:
            yield f"  /\\ {self.say.variable(variable)} \\in {self._domain(variable)}"
        yield ""
        yield "Init =="
        for variable in self.variables:
            yield f"  /\\ {self._start(variable)}"
        for step in self.subject.steps:
            yield from self._step(step)
        yield ""
        yield "Next =="
        for step in self.subject.steps:
            yield f"  \\/ {self.names(step.name, step)}"
        yield ""
        yield "Spec == Init /\\ [][Next]_vars"
        for check in self.checks:
            yield from self._check(check)
        yield ""
        yield "===="

    def configuration(self) -> Iterator[str]:
        """The lines of the .cfg file."""
        yield "SPECIFICATION Spec"
        if self.subject.has(Kind.TYPES):
            yield "INVARIANT TypeOK"
        for check in self.checks:
            yield f"INVARIANT {self._name(check)}"
        yield f"CHECK_DEADLOCK {self.say.constant(self.subject.has(Kind.DEADLOCK))}"

    def _run(self) -> list[str]:
        return [
            f"Run: java -cp tla2tools.jar tlc2.TLC {self.module}.tla",
            "TLC numbers the states of a counterexample, so that it has one more than steps.",
        ]

    def _tuple(self, variables: list[Var[Any]] | tuple[Var[Any], ...]) -> str:
        return f"<<{', '.join(map(self.say.variable, variables))}>>"

    def _domain(self, variable: Var[Any]) -> str:
        values = variable.domain.values
        if variable.domain.is_integer:
            return f"{self.say.constant(values[0])}..{self.say.constant(values[-1])}"
        if variable.kind is bool and len(values) == 2:  # noqa: PLR2004  # both truth values
            return "BOOLEAN"
        if variable.kind in self.subject.enums and values == tuple(variable.kind):
            return self.names(variable.kind.__name__, variable.kind)
        return self.say.one_of(values)

    def _start(self, variable: Var[Any]) -> str:
        name = self.say.variable(variable)
        if len(variable.initial) > 1:
            return f"{name} \\in {self.say.one_of(variable.initial)}"
        return f"{name} = {self.say.constant(variable.initial[0])}"

    def _step(self, step: Step) -> Iterator[str]:
        yield ""
        yield from _comment(step.comment)
        yield f"{self.names(step.name, step)} =="
        for condition in step.action.guard:
            yield f"  /\\ {self.say.spell(condition)}"
        for update in step.action.updates:
            value = self.say.inner(update.value)  # `=` binds tighter than most
            yield f"  /\\ {self.say.variable(update.variable)}' = {value}"
        changed = {update.variable for update in step.action.updates}
        same = [variable for variable in self.variables if variable not in changed]
        if same:
            yield f"  /\\ UNCHANGED {self._tuple(same)}"

    def _check(self, check: Check) -> Iterator[str]:
        yield ""
        told = " A violation of this is a run to a state where it is so." if check.witness else ""
        yield from _comment([check.doc + told])
        yield f"{self._name(check)} =="
        if not check.cases:
            yield "  TRUE"
        for case in check.cases:
            text = self.say.spell(case)
            yield f"  /\\ {f'~({text})' if check.witness else text}"

    def _name(self, check: Check) -> str:
        return self.names(f"never.{check.name}" if check.witness else check.name, check)


def _comment(lines: list[str]) -> Iterator[str]:
    return (f"\\* {line}".rstrip() for line in lines)
