"""Linear forms over counts, and the affine hull of vectors of counts, in exact rationals.

A form is a mapping from columns to coefficients. The column of a local state is its number, those
of the integers that grow with the family come after COUNTED, and CONST is that of the constant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import lcm
from typing import TypeAlias

CONST = -1
COUNTED = 1_000_000

Number: TypeAlias = int | Fraction
Form: TypeAlias = dict[int, Number]


def plus(left: Form, right: Form, factor: Number = 1) -> Form:
    """``left`` + ``factor`` * ``right``."""
    total = dict(left)
    for column, number in right.items():
        total[column] = total.get(column, 0) + factor * number
    return {column: number for column, number in total.items() if number}


def constant(form: Form) -> Number | None:
    """The form's value, if it has the same one everywhere."""
    if not form:
        return 0
    return form[CONST] if len(form) == 1 and CONST in form else None


def below(form: Form) -> Form:
    """The form that is not negative exactly where ``form`` is, in integers."""
    return plus({CONST: -1}, form, -1)


def worth(form: Form, vector: Mapping[int, Number]) -> Number:
    """What ``form`` comes to at ``vector``, which has 1 at CONST."""
    return sum((number * vector.get(column, 0) for column, number in form.items()), start=0)


class Hull:
    """The smallest set that contains some vectors and is given by linear equalities.

    Only the columns ``always`` and those that are not 0 throughout are spoken of.
    """

    def __init__(self, always: Iterable[int] = ()) -> None:
        # Reduced row echelon form of the vectors, each with 1 in the column CONST.
        self._rows: dict[int, Form] = {}
        self._always = frozenset(always)
        self._given: dict[int, Form] | None = None

    def add(self, vector: Mapping[int, Number]) -> bool:
        """Enlarge the hull to hold ``vector``, which has 1 at CONST; whether that was needed."""
        left: Form = {c: Fraction(number) for c, number in vector.items() if number}
        for pivot in [column for column in left if column in self._rows]:
            left = plus(left, self._rows[pivot], -left[pivot])
        if not left:
            return False
        pivot = min(left)
        new = plus({}, left, Fraction(1) / left[pivot])
        for other, row in self._rows.items():
            if pivot in row:
                self._rows[other] = plus(row, new, -row[pivot])
        self._rows[pivot] = new
        self._given = None
        return True

    def columns(self) -> set[int]:
        """The columns that are not 0 throughout."""
        return {column for row in self._rows.values() for column in row}

    def vanishes(self, form: Form) -> bool:
        """Whether ``form`` is 0 throughout."""
        given = self._solved()
        left: Form = {}
        for column, number in form.items():
            if column in given:
                left = plus(left, given[column], number)
            elif column in self._rows:
                left = plus(left, {column: number})
        return not left

    def equalities(self) -> list[Form]:
        """Forms that are 0 in the hull and, where all other columns are 0, nowhere else."""
        found = []
        for column, row in sorted(self._solved().items()):
            scale = lcm(*(Fraction(number).denominator for number in row.values()))
            found.append(plus({column: -scale}, row, scale))
        return found

    def _solved(self) -> dict[int, Form]:
        """What each column without a row is, as a form over those that have one."""
        if self._given is None:
            self._given = {
                column: {pivot: row[column] for pivot, row in self._rows.items() if column in row}
                for column in (self.columns() | self._always) - set(self._rows)
            }
        return self._given
