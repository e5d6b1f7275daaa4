"""Tables: a system's actions and conditions as ``kernel.c`` reads them.

Nothing is compiled for a system: actions become masks and bits, and whatever does not fit into
those becomes a program, which is bytecode for a stack. The kernel runs a program that reads few
bits once for every value of them, and looks the answer up from then on.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from model.engines.kernel.clauses import Clause, clauses
from model.engines.layout import (
    WORD,
    Layout,
    base,
    dispatch_on,
    number,
    stays,
    stored,
    to_words,
)
from model.lang import Expr, GroundAction, Var
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
MOST_WORDS, STACK = 16, 256
"""What the kernel has room for. As in kernel.c."""


Members = list[tuple[int, int]]


class Group(NamedTuple):
    """Programs one of which must be true, and what to look at if none is.

    ``members`` are programs with the numbers of the claims that they are parts of.
    """

    programs: list[int]
    members: Members


@dataclass
class _Gathered:
    """Conditions that together read no more bits than a table may."""

    read: set[Var[Any]] = field(default_factory=set)
    all: list[Expr[bool]] = field(default_factory=list)
    members: Members = field(default_factory=list)


class Unsuitable(Exception):
    """The kernel has no room for the system; the message says why."""


@dataclass(frozen=True)
class Part:
    """One of several interchangeable parts of a state: its bits, and the block it belongs to."""

    shift: int
    width: int
    block: int


class Tables:
    """``layout``'s system and ``parts`` as flat lists of numbers.

    The names are those of the fields of ``struct model``. Raises Unsuitable.
    """

    def __init__(self, layout: Layout, parts: Sequence[Part] = ()) -> None:
        if layout.words > MOST_WORDS:
            raise Unsuitable(f"a state has {layout.bits} bits, and the kernel takes 1024")
        self.layout = layout
        self.parts = parts
        self._programs: dict[tuple[int, ...], int] = {}
        self.code = array("i")
        self.code_at = array("i", [0])
        self.fields = array("i")
        self.fields_at = array("i", [0])
        self.guard_mask, self.guard_value = array("Q"), array("Q")
        self.keep_mask, self.set_value = array("Q"), array("Q")
        self.tests, self.tests_at = array("i"), array("i", [0])
        self.updates, self.updates_at = array("i"), array("i", [0])
        self.valid = array("Q")
        self.dispatch, self.rows, self.row = array("i"), array("i"), array("i")
        for action in layout.system.actions:
            self._add(action)
        self.always = self._sort_by_pins()
        self.slot = array("i")
        for part in parts:
            self.slot.extend([*divmod(part.shift, WORD), part.width, part.block])

    # -- programs ------------------------------------------------------------------------------

    def program(self, item: Expr[Any]) -> int:
        """The number of the program that computes ``item``."""
        read = self._read(item)
        small = self._bits(read) <= TABLE_BITS
        code = tuple(self._code(item, whole=small))
        if code not in self._programs:
            if _depth(code) > STACK:
                raise Unsuitable(f"`{str(item)[:60]}...` is nested too deeply for the kernel")
            self._programs[code] = len(self._programs)
            self.code.extend(code)
            self.code_at.append(len(self.code))
            for shift, width in self._runs(read):
                self.fields.extend([*divmod(shift, WORD), width])
            self.fields_at.append(len(self.fields) // 3)
        return self._programs[code]

    def grouped(self, conditions: Iterable[tuple[Expr[bool], int]]) -> list[Group]:
        """Numbered conditions in groups that are cheap to look at together.

        Each group is about few bits, or is one clause of which the first true part is enough.
        """
        small: list[_Gathered] = []
        large: list[Group] = []
        for condition, claim in conditions:
            for clause in clauses(condition):
                whole = Or(clause)
                if self._bits(self._read(whole)) > TABLE_BITS:
                    parts = [self.program(Or(part)) for part in self._split(clause)]
                    large.append(Group(parts, [(self.program(whole), claim)]))
                else:
                    gathered = self._gather(whole, small)
                    gathered.members.append((self.program(whole), claim))
        return [Group([self.program(And(g.all))], g.members) for g in small] + large

    def _gather(self, condition: Expr[bool], into: list[_Gathered]) -> _Gathered:
        """Put ``condition`` beside others that read much the same; a table has room for all."""
        read = set(self._read(condition))
        for gathered in into:
            if self._bits(gathered.read | read) <= TABLE_BITS:
                break
        else:
            gathered = _Gathered()
            into.append(gathered)
        gathered.read |= read
        gathered.all.append(condition)
        return gathered

    def _split(self, clause: Clause) -> list[list[Expr[bool]]]:
        """The clause's conditions in lists, each about as many bits as a table takes."""
        lists: list[_Gathered] = []
        for condition in clause:
            self._gather(condition, lists)
        return [gathered.all for gathered in lists]

    def _read(self, item: Expr[Any]) -> list[Var[Any]]:
        """The variables that ``item`` reads, in the order of their fields."""
        found = dict.fromkeys(node for node in item.walk() if isinstance(node, Var))
        return sorted(found, key=self.layout.shift.__getitem__)

    def _runs(self, variables: Sequence[Var[Any]]) -> list[tuple[int, int]]:
        """The variables' fields as (shift, width), those beside each other in one."""
        runs: list[tuple[int, int]] = []
        for variable in variables:
            shift, width = self.layout.shift[variable], self.layout.width[variable]
            if runs and sum(runs[-1]) == shift and shift % WORD:
                runs[-1] = (runs[-1][0], runs[-1][1] + width)
            else:
                runs.append((shift, width))
        return runs

    def _bits(self, variables: Iterable[Var[Any]]) -> int:
        return sum(self.layout.width[variable] for variable in variables)

    def _place(self, variable: Var[Any]) -> tuple[int, int]:
        return divmod(self.layout.shift[variable], WORD)

    def _code(self, item: Expr[Any], *, whole: bool) -> list[int]:
        """Bytecode for ``item``; unless it is to be ``whole``, small operands are called."""
        match item:
            case Const():
                return [CONST, number(item.value)]
            case Var():
                return [FIELD, *self._place(item), self.layout.width[item], base(item)]
        if not whole and self._bits(self._read(item)) <= TABLE_BITS:
            return [CALL, self.program(item)]
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

    # -- actions -------------------------------------------------------------------------------

    def _add(self, action: GroundAction) -> None:
        layout = self.layout
        guard = [clause for item in action.guard for clause in clauses(item)]
        mask, value, others = layout.conjunction([c[0] if len(c) == 1 else Or(c) for c in guard])
        self.tests.extend(self.program(item) for item in others)
        self.tests_at.append(len(self.tests))
        changed, fixed = 0, 0
        for update in action.updates:
            variable = update.variable
            changed |= layout.mask(variable) << layout.shift[variable]
            if isinstance(update.value, Const):
                fixed |= layout.field(variable, update.value.value)[1]
                continue
            valid = -1 if stays(update.value, variable) else self._valid(variable)
            place, width = self._place(variable), layout.width[variable]
            self.updates.extend([self.program(update.value), *place, base(variable), width, valid])
        self.updates_at.append(len(self.updates) // 6)
        everything = (1 << WORD * layout.words) - 1
        for row, bits in (
            (self.guard_mask, mask),
            (self.guard_value, value),
            (self.keep_mask, everything & ~changed),
            (self.set_value, fixed),
        ):
            row.extend(to_words(bits, layout.words))

    def _valid(self, variable: Var[Any]) -> int:
        """Where the set of ``variable``'s values begins, one bit for each."""
        at = len(self.valid)
        values = sum(1 << stored(variable, value) for value in variable.domain.values)
        words = -(-(1 << self.layout.width[variable]) // WORD)
        self.valid.extend(to_words(values, words))
        return at

    def _sort_by_pins(self) -> int:
        """Fill the lists that say which actions a state's pinned fields let through."""
        always: list[int] = []
        by_pin: dict[Var[Any], dict[int, list[int]]] = {}
        for k, action in enumerate(self.layout.system.actions):
            pin = dispatch_on(action)
            if pin is None:
                always.append(k)
            else:
                by_pin.setdefault(pin[0], {}).setdefault(pin[1], []).append(k)
        self.row.extend(always)
        for variable, by_value in by_pin.items():
            width = self.layout.width[variable]
            self.dispatch.extend([*self._place(variable), width, len(self.rows)])
            for value in range(1 << width):
                self.rows.append(len(self.row))
                self.row.extend(by_value.get(value, []))
            self.rows.append(len(self.row))
        return len(always)


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
