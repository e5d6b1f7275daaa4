"""The one walk over expressions: what is left to a target is how it writes each operation."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

from model.export.names import Names
from model.export.source import value_name
from model.lang import Expr, Value, Var
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

T = TypeVar("T")


class Spelling(ABC, Generic[T]):
    """How a target writes expressions; ``T`` is what it makes of one, such as a text."""

    def spell(self, item: Expr[Any]) -> T:
        """A resolved expression in the target's language."""
        match item:
            case Const():
                return self.constant(item.value)
            case Var():
                return self.variable(item)
            case OneOf(children=(inner,)):
                return self.spell(Or(Equal(inner, Const(value)) for value in item.values))
            case Implies(children=(when, then)):
                return self.implied(when, then)
            case Equal(children=(left, right)):
                return self.equal(left, right)
            case Less(children=(left, right)):
                return self.less(left, right)
            case Not(children=(inner,)):
                return self.opposite(inner)
            case And():
                return self.every(item.children)
            case Or():
                return self.some(item.children)
            case IfElse(children=(condition, yes, no)):
                return self.choice(condition, yes, no)
            case Add(children=(left, right)):
                return self.sum([left, right])
            case Subtract(children=(left, right)):
                return self.difference(left, right)
            case Count():
                ones = [IfElse(child, Const(1), Const(0)) for child in item.children]
                return self.sum(ones) if ones else self.constant(0)
            case _:
                raise TypeError(f"{type(item).__name__} cannot be spelled: resolve it first")

    def implied(self, when: Expr[bool], then: Expr[bool]) -> T:
        """An implication; most languages have to write it as an alternative."""
        return self.spell(Or((Not(when), then)))

    @abstractmethod
    def constant(self, value: Value) -> T:
        """A fixed value."""

    @abstractmethod
    def variable(self, variable: Var[Any]) -> T:
        """The value of a variable."""

    @abstractmethod
    def equal(self, left: Expr[Any], right: Expr[Any]) -> T:
        """Whether two values are the same."""

    @abstractmethod
    def less(self, left: Expr[int], right: Expr[int]) -> T:
        """Whether one integer is smaller than another."""

    @abstractmethod
    def opposite(self, item: Expr[bool]) -> T:
        """The opposite of a condition."""

    @abstractmethod
    def every(self, items: Sequence[Expr[bool]]) -> T:
        """Whether all of several conditions hold; true for none."""

    @abstractmethod
    def some(self, items: Sequence[Expr[bool]]) -> T:
        """Whether any of several conditions holds; false for none."""

    @abstractmethod
    def choice(self, condition: Expr[bool], yes: Expr[Any], no: Expr[Any]) -> T:
        """One of two values, chosen by a condition."""

    @abstractmethod
    def sum(self, items: Sequence[Expr[int]]) -> T:
        """The sum of several integers."""

    @abstractmethod
    def difference(self, left: Expr[int], right: Expr[int]) -> T:
        """The difference of two integers."""


class Infix(Spelling[str]):
    """Languages that write operators between operands, each with its own signs."""

    EQUAL: ClassVar[str] = "=="
    DIFFERENT: ClassVar[str] = "!="
    AND: ClassVar[str] = "&&"
    OR: ClassVar[str] = "||"
    NOT: ClassVar[str] = "!"
    TRUTH: ClassVar[tuple[str, str]] = ("false", "true")
    IF: ClassVar[str] = "({} -> {} : {})"

    def __init__(self, names: Names) -> None:
        self.names = names

    def constant(self, value: Value) -> str:
        if isinstance(value, enum.Enum):
            return self.names(value_name(value), value)
        if isinstance(value, bool):
            return self.TRUTH[value]
        return str(value) if value >= 0 else f"({value})"

    def variable(self, variable: Var[Any]) -> str:
        return self.names(variable.name, variable)

    def equal(self, left: Expr[Any], right: Expr[Any]) -> str:
        return f"{self.inner(left)} {self.EQUAL} {self.inner(right)}"

    def less(self, left: Expr[int], right: Expr[int]) -> str:
        return f"{self.inner(left)} < {self.inner(right)}"

    def opposite(self, item: Expr[bool]) -> str:
        match item:
            case Not(children=(inner,)):
                return self.spell(inner)
            case Equal(children=(left, right)):
                return f"{self.inner(left)} {self.DIFFERENT} {self.inner(right)}"
            case Less(children=(left, right)):
                return f"{self.inner(right)} <= {self.inner(left)}"
            case _:
                return f"{self.NOT}{self.inner(item)}"

    def every(self, items: Sequence[Expr[bool]]) -> str:
        return self._joined(items, self.AND, self.TRUTH[True])

    def some(self, items: Sequence[Expr[bool]]) -> str:
        return self._joined(items, self.OR, self.TRUTH[False])

    def choice(self, condition: Expr[bool], yes: Expr[Any], no: Expr[Any]) -> str:
        return self.IF.format(*(self.inner(item) for item in (condition, yes, no)))

    def sum(self, items: Sequence[Expr[int]]) -> str:
        return " + ".join(map(self.inner, items))

    def difference(self, left: Expr[int], right: Expr[int]) -> str:
        return f"{self.inner(left)} - {self.inner(right)}"

    def lines(self, items: Sequence[Expr[bool]], indent: str) -> str:
        """All of ``items``, each on a line of its own; every line but the first is indented."""
        if len(items) == 1:
            return self.spell(items[0])
        return f" {self.AND}\n{indent}".join(map(self.inner, items)) or self.TRUTH[True]

    def inner(self, item: Expr[Any]) -> str:
        """``item`` as an operand: in brackets unless it is a name, a value or a choice."""
        text = self.spell(item)
        return text if isinstance(item, Const | Var | IfElse) else f"({text})"

    def _joined(self, items: Sequence[Expr[bool]], sign: str, none: str) -> str:
        if len(items) == 1:
            return self.spell(items[0])
        return f" {sign} ".join(map(self.inner, items)) or none
