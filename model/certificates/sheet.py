"""One file of questions in SMT-LIB 2, logic QF_LIA, about linear forms over whole numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from model.certificates.form import CONSTANT, Form

_COUNT = re.compile(r"c[0-9]+")
_Linear: TypeAlias = tuple[tuple[str, int], ...]


def is_count(column: str) -> bool:
    """Whether a column is how many devices are in a local state."""
    return bool(_COUNT.fullmatch(column))


class Sheet:
    """A file of questions, each to be answered ``unsat``.

    A sum that comes up is declared once, as an integer of its own, and named from then on.
    """

    def __init__(self, *about: str) -> None:
        self._about = about
        self._declared: dict[str, None] = {}
        self._sums: dict[_Linear, str] = {}
        self._given: list[str] = []
        self._questions: list[str] = []
        self._label = ""

    def assume(self, parts: Iterable[str]) -> None:
        """Have ``parts`` hold in all questions."""
        self._given += parts

    def ask(self, label: str, parts: Iterable[str]) -> None:
        """Ask whether ``parts`` can all be so at once. ``label`` says what follows if not."""
        if label != self._label:
            self._questions.append(f'(echo "{label}")')
            self._label = label
        asserted = (f"(assert {part})" for part in parts)
        self._questions += ["(push 1)", *asserted, "(check-sat)", "(pop 1)"]

    def __str__(self) -> str:
        lines = [f"; {line}" for line in self._about]
        lines += ["; Every check-sat must be answered unsat.", "(set-logic QF_LIA)"]
        lines += [f"(declare-const {name} Int)" for name in self._declared]
        for linear, name in self._sums.items():
            terms = " ".join(_product(column, number) for column, number in linear)
            lines.append(f"(declare-const {name} Int)")
            lines.append(f"(assert (= {name} (+ 0 {terms})))")
        lines += [f"(assert {part})" for part in self._given]
        return "\n".join([*lines, *self._questions, ""])

    # -- what is said of a form ------------------------------------------------------------------

    def not_negative(self, form: Form) -> str:
        """``form`` is 0 or more."""
        name, sign, constant = self._said(form)
        if not name:
            return "true" if constant >= 0 else "false"
        return f"({'>=' if sign > 0 else '<='} {name} {_number(-sign * constant)})"

    def zero(self, form: Form) -> str:
        """``form`` is 0."""
        name, sign, constant = self._said(form)
        if not name:
            return "false" if constant else "true"
        return f"(= {name} {_number(-sign * constant)})"

    def _said(self, form: Form) -> tuple[str, int, int]:
        """A name, a sign and a constant, so that ``form`` is the sign times the name, and that."""
        total: dict[str, int] = {}
        for column, number in form:
            total[column] = total.get(column, 0) + number
        constant = total.pop(CONSTANT, 0)
        linear = tuple(sorted((column, number) for column, number in total.items() if number))
        if not linear:
            return "", 1, constant
        sign = 1 if linear[0][1] > 0 else -1
        if sign < 0:
            linear = tuple((column, -number) for column, number in linear)
        return self._name(linear), sign, constant

    def _name(self, linear: _Linear) -> str:
        if linear not in self._sums:
            self._declared |= dict.fromkeys(_symbol(column) for column, _ in linear)
            if len(linear) == 1 and linear[0][1] == 1:
                return _symbol(linear[0][0])
            self._sums[linear] = f"sum{len(self._sums)}"
        return self._sums[linear]


def either(parts: Sequence[str]) -> str:
    """One of ``parts`` at least."""
    return f"(or false {' '.join(parts)})"


def denied(part: str) -> str:
    """The opposite of ``part``."""
    return f"(not {part})"


def _symbol(column: str) -> str:
    return column if is_count(column) else f"|{column}|"


def _number(number: int) -> str:
    return str(number) if number >= 0 else f"(- {-number})"


def _product(column: str, number: int) -> str:
    name = _symbol(column)
    return name if number == 1 else f"(* {_number(number)} {name})"
