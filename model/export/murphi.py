"""Murphi, for Rumur: a rule for each action, named as traces name it, and the invariants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from model.export.names import Names, encode
from model.export.source import Check, Step, Subject, in_turn, starts, value_name
from model.export.walk import Infix
from model.lang import Expr, Kind, Update, Value, Var, show

_WORDS = (
    "alias array assert assume begin bits boolean by case clear const cover do else elsif end "
    "endalias endexists endfor endforall endfunction endif endprocedure endrecord endrule "
    "endruleset endstartstate endswitch endwhile enum error exists false for forall function if "
    "import in integer invariant isundefined liveness log2 multiset multisetadd multisetcount "
    "multisetremove multisetremovepred of pragma print procedure process program property put "
    "real record return rule ruleset scalarset self startstate switch then to traceuntil true "
    "type undefine union var while"
)
_RESERVED = frozenset(_WORDS.split())


class _Murphi(Infix):
    EQUAL = "="
    AND = "&"
    OR = "|"
    IF = "({} ? {} : {})"

    def implied(self, when: Expr[bool], then: Expr[bool]) -> str:
        return f"{self.inner(when)} -> {self.inner(then)}"


def murphi(subject: Subject) -> dict[str, str]:
    """The file for Rumur, by its name."""
    name = f"{encode(subject.system.name)}.m"
    return {name: "\n".join(_Writer(subject, name).lines()) + "\n"}


class _Writer:
    def __init__(self, subject: Subject, file: str) -> None:
        self.subject = subject
        self.file = file
        # Murphi does not tell END from end.
        self.names = Names(lambda made: made.lower() in _RESERVED)
        self.say = _Murphi(self.names)

    def lines(self) -> Iterator[str]:
        yield from _comment(self.subject.heading(self._run()))
        yield ""
        yield from self._types()
        yield "var"
        for variable in self.subject.system.variables:
            told = next(_comment([variable.doc])) if variable.doc else ""
            yield f"  {self._declared(variable)};  {told}".rstrip()
        for start in starts(self.subject.system):
            yield from self._start(start)
        for step in self.subject.steps:
            yield from self._step(step)
        for check in self.subject.checks:
            if check.kind is not Kind.DEADLOCK:  # which is an option of Rumur's
                yield from self._check(check)

    def _run(self) -> list[str]:
        deadlocks = "stuck" if self.subject.has(Kind.DEADLOCK) else "off"
        return [
            f"Run: rumur --deadlock-detection {deadlocks} --value-type int32_t --threads 1 \\",
            f"       -o rumur.c {self.file} && gcc -O2 rumur.c -lpthread && ./a.out",
            "With one thread the search is breadth first, so that a counterexample is a shortest",
            "one. That every variable stays in its domain is checked by its type.",
        ]

    def _types(self) -> Iterator[str]:
        if self.subject.enums:
            yield "type"
        for kind in self.subject.enums:
            members = ", ".join(self.names(value_name(value), value) for value in kind)
            yield f"  {self.names(kind.__name__, kind)}: enum {{ {members} }};"
        if self.subject.enums:
            yield ""

    def _declared(self, variable: Var[Any]) -> str:
        return f"{self.say.variable(variable)}: {self._type(variable)}"

    def _type(self, variable: Var[Any]) -> str:
        if variable.kind is bool:
            return "boolean"
        if variable.domain.is_integer:
            return f"{variable.domain.values[0]}..{variable.domain.values[-1]}"
        return self.names(variable.kind.__name__, variable.kind)

    def _start(self, start: list[tuple[Var[Any], Value]]) -> Iterator[str]:
        chosen = dict(start)
        told = ", ".join(f"{variable.name} = {show(value)}" for variable, value in start)
        yield ""
        yield f"startstate {self._title(told or 'initially', 'initially')}"
        yield "begin"
        for variable in self.subject.system.variables:
            value = chosen.get(variable, variable.initial[0])
            yield f"  {self.say.variable(variable)} := {self.say.constant(value)};"
        yield "endstartstate;"

    def _step(self, step: Step) -> Iterator[str]:
        kept, ordered = in_turn(step.action.updates)
        yield ""
        yield from _comment(step.comment)
        yield f"rule {self._title(step.action.title, encode(step.name))}"
        yield f"  {self.say.spell(step.guard)}"
        yield "==>"
        if kept:
            yield "var"
            yield from (f"  {self._declared(update.variable)};" for update in kept)
        yield "begin"
        if step.inside is not None:
            yield f'  assert ({self.say.spell(step.inside)}) "type_invariant";'
        for update in [*kept, *ordered]:
            yield f"  {self._update(update)};"
        yield "endrule;"

    def _update(self, update: Update) -> str:
        return f"{self.say.variable(update.variable)} := {self.say.spell(update.value)}"

    def _check(self, check: Check) -> Iterator[str]:
        yield ""
        yield from _comment([check.doc])
        word = "cover" if check.witness else "invariant"
        yield f'{word} "{self.names(check.name, check)}"'
        yield f"  {self.say.lines(check.cases, '  ')};"

    @staticmethod
    def _title(title: str, plain: str) -> str:
        """``title`` as a text, or ``plain`` where a text cannot hold it."""
        fits = title.isascii() and title.isprintable() and not set('"\\') & set(title)
        return f'"{title if fits else plain}"'


def _comment(lines: list[str]) -> Iterator[str]:
    return (f"-- {line}".rstrip() for line in lines)
