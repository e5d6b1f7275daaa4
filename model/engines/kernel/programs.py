"""Programs: bytecode for what does not fit into masks and bits.

The kernel runs a program that reads few bits once for every value of them, and looks the answer up
from then on.
"""

from __future__ import annotations

import copy
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from model.engines.layout import WORD, Layout, base, number
from model.lang import Expr, Var
from model.lang.expr import (
    Add,
    And,
    Const,
    Count,
    Equal,
    IfElse,
    Implies,
    Less,
    Not,
    OneOf,
    Or,
    Subtract,
)

CONST, FIELD, ADD, SUBTRACT, LESS, EQUAL, NOT, AND, OR, IF_ELSE, MEMBER, CALL = range(12)
"""The words of bytecode, as in kernel.c."""
_BINARY = {Add: ADD, Subtract: SUBTRACT, Less: LESS, Equal: EQUAL}
_MANY = {And: (AND, 1), Or: (OR, 0), Count: (ADD, 0)}  # and what none of them makes
TABLE_BITS = 12
"""A program that reads no more bits than this becomes a table of results. As in kernel.c."""
STACK = 256
"""How many values a program may have on its stack. As in kernel.c."""


class Unsuitable(Exception):
    """The kernel has no room for the system; the message says why."""


class Programs:
    """Numbered programs over ``layout``, as flat lists of numbers."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._known: dict[tuple[int, ...], int] = {}
        self.code = array("i")
        self.code_at = array("i", [0])
        self.fields = array("i")
        self.fields_at = array("i", [0])

    def copied(self) -> Programs:
        """The same programs, to which others may be added by themselves."""
        other = copy.copy(self)
        for name, value in vars(self).items():
            if name != "_layout":
                setattr(other, name, copy.copy(value))
        return other

    def number(self, item: Expr[Any]) -> int:
        """The number of the program that computes ``item``. Raises Unsuitable."""
        read = self.read(item)
        small = self.bits(read) <= TABLE_BITS
        code = tuple(self._code(item, whole=small))
        if code not in self._known:
            if _depth(code) > STACK:
                raise Unsuitable(f"`{str(item)[:60]}...` is nested too deeply for the kernel")
            self._known[code] = len(self._known)
            self.code.extend(code)
            self.code_at.append(len(self.code))
            for shift, width in self._runs(read):
                self.fields.extend([*divmod(shift, WORD), width])
            self.fields_at.append(len(self.fields) // 3)
        return self._known[code]

    def read(self, item: Expr[Any]) -> list[Var[Any]]:
        """The variables that ``item`` reads, in the order of their fields."""
        return sorted(item.variables(), key=self._layout.shift.__getitem__)

    def _runs(self, variables: Sequence[Var[Any]]) -> list[tuple[int, int]]:
        """The variables' fields as (shift, width), those beside each other in one."""
        runs: list[tuple[int, int]] = []
        for variable in variables:
            shift, width = self._layout.shift[variable], self._layout.width[variable]
            if runs and sum(runs[-1]) == shift and shift % WORD:
                runs[-1] = (runs[-1][0], runs[-1][1] + width)
            else:
                runs.append((shift, width))
        return runs

    def bits(self, variables: Iterable[Var[Any]]) -> int:
        """How many bits the variables have together."""
        return sum(self._layout.width[variable] for variable in variables)

    def _place(self, variable: Var[Any]) -> tuple[int, int]:
        return divmod(self._layout.shift[variable], WORD)

    def _code(self, item: Expr[Any], *, whole: bool) -> list[int]:
        """Bytecode for ``item``; unless it is to be ``whole``, small operands are called."""
        match item:
            case Const():
                return [CONST, number(item.value)]
            case Var():
                return [FIELD, *self._place(item), self._layout.width[item], base(item)]
        if not whole and self.bits(self.read(item)) <= TABLE_BITS:
            return [CALL, self.number(item)]
        match item:
            case And() | Or() | Count():
                return self._joined(item, whole=whole)
            case OneOf():
                values = [number(value) for value in item.values]
                return [*self._operands(item, whole=whole), MEMBER, len(values), *values]
            case Not():
                return [*self._operands(item, whole=whole), NOT]
            case IfElse():
                return [*self._operands(item, whole=whole), IF_ELSE]
            case Implies(children=(when, then)):
                return self._code(Or((Not(when), then)), whole=whole)
            case Add() | Subtract() | Less() | Equal():
                return [*self._operands(item, whole=whole), _BINARY[type(item)]]
        raise Unsuitable(f"the kernel has no word for {type(item).__name__}")

    def _operands(self, item: Expr[Any], *, whole: bool) -> list[int]:
        return [part for child in item.children for part in self._code(child, whole=whole)]

    def _joined(self, item: Expr[Any], *, whole: bool) -> list[int]:
        """``item`` with one operand after the other, so that the stack stays low."""
        operation, none = _MANY[type(item)]
        if not item.children:
            return [CONST, none]
        code = self._code(item.children[0], whole=whole)
        for child in item.children[1:]:
            code += [*self._code(child, whole=whole), operation]
        return code


def _depth(code: Sequence[int]) -> int:
    """How many values the bytecode has on its stack at most."""
    depth = most = at = 0
    while at < len(code):
        word = code[at]
        if word in (CONST, FIELD, CALL):
            depth, at = depth + 1, at + (5 if word == FIELD else 2)
        elif word == MEMBER:
            at += 2 + code[at + 1]
        else:
            depth, at = depth - {NOT: 0, IF_ELSE: 2}.get(word, 1), at + 1
        most = max(most, depth)
    return most
