"""Promela, for SPIN: one process whose every option is one action, and one for each property."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from model.export.names import CannotExport, Names, encode
from model.export.source import Check, Step, Subject, in_turn, integer_range, starts, value_name
from model.export.walk import Infix
from model.lang import Kind, Update, Value, Var, show

_WORDS = (
    # Promela's words, C's, those that the preprocessor knows, and the process's name.
    "active arrow assert atomic bit bool break byte c_code c_decl c_expr c_state c_track chan cond "
    "d_proctype d_step do else empty enabled end eval fi for full get_p get_priority goto guard "
    "hidden if in init inline int len local ltl mtype nempty never nfull np_ od of pc_value pid "
    "printf printm priority proctype progress provided return run select set_p short show "
    "skip timeout trace notrace true false typedef unless unsigned xr xs "
    "auto case char const continue default double enum extern float long register signed sizeof "
    "static struct switch union void volatile while linux unix i386 system now"
)
_RESERVED = frozenset(_WORDS.split())
_MOST_NAMES = 255  # SPIN keeps an mtype in one byte


def promela(subject: Subject) -> dict[str, str]:
    """The file for SPIN, by its name."""
    name = f"{encode(subject.system.name)}.pml"
    return {name: "\n".join(_Writer(subject, name).lines()) + "\n"}


class _Writer:
    def __init__(self, subject: Subject, file: str) -> None:
        self.subject = subject
        self.file = file
        self.names = Names(_RESERVED.__contains__)
        self.say = Infix(self.names)
        self.starts = starts(subject.system)
        self.kept: dict[Var[Any], None] = {}
        # The name of the check that every step makes, whether or not it is asked about.
        self.types = self.names("type_invariant", Kind.TYPES)

    def lines(self) -> Iterator[str]:
        body = list(self._process())  # first, because it tells which old values it keeps
        yield from _comment(self.subject.heading(self._run()))
        yield ""
        yield from self._types()
        yield from self._variables()
        yield from self._names_of_checks()
        yield ""
        yield from body

    def _run(self) -> list[str]:
        counts = ["SPIN stores as many states as the system has; an error's depth is its steps."]
        if len(self.starts) > 1:
            counts = [
                "SPIN stores one state more than the system has, and errors are one step deeper:",
                "the choice among the initial states is a step of its own.",
            ]
        return [
            f"Run: spin -a {self.file} && gcc -O2 -DBFS -DSAFETY -o pan pan.c && ./pan",
            f"That stops at a shortest counterexample; spin -t {self.file} prints its steps.",
            "./pan -c0 goes on; a property's first line tells how long its shortest one is.",
            *counts,
            "A deadlock is no error by itself, but breaks no_deadlock where that is exported.",
        ]

    def _types(self) -> Iterator[str]:
        enums = self.subject.enums
        if sum(len(kind) for kind in enums) > _MOST_NAMES:
            raise CannotExport(
                f"{self.subject.system} has more than {_MOST_NAMES} enum members, "
                "which are more than SPIN can tell apart"
            )
        for kind in enums:
            members = ", ".join(self.names(value_name(value), value) for value in kind)
            yield f"mtype:{self.names(kind.__name__, kind)} = {{ {members} }};"
        if enums:
            yield ""

    def _variables(self) -> Iterator[str]:
        for variable in self.subject.system.variables:
            yield from _comment([f"{variable.name}: {variable.doc or variable.domain}"])
            yield f"{self._declared(variable)};"
        for variable in self.kept:
            yield f"{self._declared(variable)};"
        yield ""

    def _declared(self, variable: Var[Any]) -> str:
        value = self.say.constant(variable.initial[0])
        return f"{self._type(variable)} {self.say.variable(variable)} = {value}"

    def _type(self, variable: Var[Any]) -> str:
        if variable.kind is bool:
            return "bool"
        if not variable.domain.is_integer:
            return f"mtype:{self.names(variable.kind.__name__, variable.kind)}"
        low, high = integer_range(variable)
        for name, least, most in (("byte", 0, 0xFF), ("short", -0x8000, 0x7FFF)):
            if least <= low and high <= most:
                return name
        return "int"

    def _names_of_checks(self) -> Iterator[str]:
        yield from _comment(
            [
                "SPIN reports a failed assertion by its text. Each of these is always false,",
                "so that assert(p), where p is found broken, is reported by the name of p.",
            ]
        )
        names = [self.names(check.name, check) for check in self.subject.checks]
        for name in [*([self.types] if self._may_leave else []), *names]:
            yield f"bool {name} = false;"

    @property
    def _may_leave(self) -> bool:
        return any(step.inside is not None for step in self.subject.steps)

    def _process(self) -> Iterator[str]:
        yield "active proctype system()"
        yield "{"
        if len(self.starts) > 1:
            yield "\tif"
            for start in self.starts:
                yield f"\t:: d_step {{ {self._start(start)} }}"
            yield "\tfi;"
        yield "end:"
        yield "\tdo"
        for step in self.subject.steps:
            yield from self._step(step)
        for check in self.subject.checks:
            yield from self._check(check)
        yield "\tod"
        yield "}"

    def _start(self, start: list[tuple[Var[Any], Value]]) -> str:
        told = ", ".join(f"{variable.name} = {show(value)}" for variable, value in start)
        made = [f"{self.say.variable(v)} = {self.say.constant(value)}" for v, value in start]
        return "; ".join([f"printf({_text(f'initially: {told}')})", *made])

    def _step(self, step: Step) -> Iterator[str]:
        kept, ordered = in_turn(step.action.updates)
        self.kept.update((update.variable, None) for update in kept)
        # Old values are no part of a state: what kept them is as before when the step is over.
        forgotten = [
            f"{self.say.variable(u.variable)} = {self.say.constant(u.variable.initial[0])}"
            for u in kept
        ]
        made = [*map(self._update, [*kept, *ordered]), *forgotten]
        yield from _comment(step.comment, "\t")
        yield "\t:: d_step {"
        yield f"\t\t{self.say.spell(step.guard)} ->"
        told = f"printf({_text(step.action.title)})"
        if step.inside is None:
            yield "\t\t" + ";\n\t\t".join([told, *made])
        else:
            yield f"\t\t{told};"
            yield "\t\tif"
            yield f"\t\t:: {self.say.spell(step.inside)} ->"
            yield "\t\t\t" + ";\n\t\t\t".join(made)
            yield f"\t\t:: else -> assert({self.types})"
            yield "\t\tfi"
        yield "\t}"

    def _update(self, update: Update) -> str:
        return f"{self.say.variable(update.variable)} = {self.say.spell(update.value)}"

    def _check(self, check: Check) -> Iterator[str]:
        name = self.names(check.name, check)
        what = "What must be reachable; an error here is the run to it. " if check.witness else ""
        yield from _comment([f"{check.name}: {what}{check.doc}"], "\t")
        yield "\t:: d_step {"
        if check.witness:
            yield f"\t\t{self.say.spell(check.broken)} ->"
        else:
            yield f"\t\t!({self.say.lines(check.cases, chr(9) * 2 + '  ')}) ->"
        yield f"\t\tassert({name})"
        yield "\t}"


def _comment(lines: list[str], indent: str = "") -> Iterator[str]:
    safe = [line.replace("*/", "* /").replace("/*", "/ *") for line in lines]
    yield f"{indent}/* {safe[0]}" + (" */" if len(safe) == 1 else "")
    for i, line in enumerate(safe[1:], 2):
        yield f"{indent} * {line}".rstrip() + (" */" if i == len(safe) else "")


def _text(told: str) -> str:
    """``told`` as a line that printf prints."""
    return json.dumps(told.replace("%", "%%") + "\n")
