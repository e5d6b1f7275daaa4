"""Expressions: what a guard or an invariant says about a state, as a tree that others read.

An expression is built by writing it: ``d.stage == Stage.IDLE``, ``g.owner_cnt + 1``,
``~busy & (idle | gone)``. It never has a truth value of its own while a model is being built;
Python's ``and``, ``or``, ``not``, ``if`` and chained comparisons are refused with the mend.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, TypeVar, cast

from model.lang.domains import Domain, Value, one_of, show, show_all, written
from model.lang.errors import ModelError, a, described

if TYPE_CHECKING:
    from model.lang.actions import Update

T = TypeVar("T", bound=Value)
A = TypeVar("A", bound=Value)


class Expr(Generic[T]):
    """A value that depends on the state. ``kind`` is the Python type of that value."""

    __slots__ = ("_variables", "children", "kind")

    def __init__(self, kind: type, children: tuple[Expr[Any], ...] = ()) -> None:
        self.kind = kind
        self.children = children
        self._variables: tuple[Var[Any], ...] | None = None

    # `==` builds a node instead of comparing, as in every expression language embedded in Python.
    def __eq__(self, other: object) -> Expr[bool]:  # type: ignore[override]
        return Equal(*_same_kind(self, other, "=="))

    def __ne__(self, other: object) -> Expr[bool]:  # type: ignore[override]
        return Not(Equal(*_same_kind(self, other, "!=")))

    __hash__ = object.__hash__

    def __lt__(self, other: Expr[int] | int) -> Expr[bool]:
        return Less(*_integers(self, other, "<"))

    def __le__(self, other: Expr[int] | int) -> Expr[bool]:
        return Not(Less(*reversed(_integers(self, other, "<="))))

    def __gt__(self, other: Expr[int] | int) -> Expr[bool]:
        return Less(*reversed(_integers(self, other, ">")))

    def __ge__(self, other: Expr[int] | int) -> Expr[bool]:
        return Not(Less(*_integers(self, other, ">=")))

    def __add__(self, other: Expr[int] | int) -> Expr[int]:
        return Add(*_integers(self, other, "+"))

    def __sub__(self, other: Expr[int] | int) -> Expr[int]:
        return Subtract(*_integers(self, other, "-"))

    def __and__(self, other: Expr[bool]) -> Expr[bool]:
        return And((truth(self, "&"), truth(other, "&")))

    def __or__(self, other: Expr[bool]) -> Expr[bool]:
        return Or((truth(self, "|"), truth(other, "|")))

    def __rand__(self, other: object) -> NoReturn:
        raise _precedence(other, "&", self)

    def __ror__(self, other: object) -> NoReturn:
        raise _precedence(other, "|", self)

    def __radd__(self, other: int) -> Expr[int]:
        return Add(*_integers(other, self, "+"))

    def __rsub__(self, other: int) -> Expr[int]:
        return Subtract(*_integers(other, self, "-"))

    def __invert__(self) -> Expr[bool]:
        return Not(truth(self, "~"))

    def is_in(self, *values: A) -> Expr[bool]:
        """Whether the value is one of ``values``. Raises ModelError for a value of another type."""
        if not values:
            raise ModelError("is_in() names no value, so it is never true", "name at least one")
        for value in values:
            if isinstance(value, Expr | list | tuple | set | frozenset):
                raise ModelError(
                    f"is_in() is given {_what(value)}, which is no single fixed value",
                    "write is_in(A, B) without brackets, and == for an expression",
                )
            _same_kind(self, value, "is_in")
        return OneOf(self, values)

    def __bool__(self) -> NoReturn:
        raise ModelError(
            f"`{self}` was used as a Python truth value, which it has only in a state",
            "write & | ~ for and/or/not, is_in() for in, ite(c, a, b) for `a if c else b`, "
            "all_of()/any_of() for all()/any(), and split chained comparisons",
        )

    def __repr__(self) -> str:
        return str(self)

    def walk(self) -> Iterator[Expr[Any]]:
        """This node and every node below it, each before its operands."""
        left: list[Expr[Any]] = [self]
        while left:
            node = left.pop()
            yield node
            left.extend(reversed(node.children))

    def variables(self) -> tuple[Var[Any], ...]:
        """The variables that it reads, in the order in which it does, each once."""
        if self._variables is None:
            read = (variable for child in self.children for variable in child.variables())
            self._variables = tuple(dict.fromkeys(read))
        return self._variables

    def rebuild(self, children: tuple[Expr[Any], ...]) -> Expr[T]:
        """The same operation over other operands."""
        made: Expr[T] = cast("Any", type(self))(*children)
        return made

    def rewrite(self, leaf: Callable[[Expr[Any]], Expr[Any]]) -> Expr[T]:
        """The same tree with ``leaf`` applied to every node that has no operands."""
        if not self.children:
            return leaf(self)
        return self.rebuild(tuple(child.rewrite(leaf) for child in self.children))


class Const(Expr[T]):
    """A fixed value."""

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        super().__init__(type(value))
        self.value = value

    def __str__(self) -> str:
        return show(self.value)


class Var(Expr[T]):
    """One variable of a system: a field of one entity, such as ``dev0.stage``.

    ``initial`` holds every value it may start with, ``doc`` says what it stands for.
    """

    __slots__ = ("doc", "domain", "initial", "name")

    def __init__(self, name: str, domain: Domain, initial: tuple[T, ...], doc: str = "") -> None:
        super().__init__(domain.kind)
        self._variables = (self,)
        self.name = name
        self.domain = domain
        self.doc = doc
        self.initial = initial
        for value in initial:
            if value not in domain:
                raise ModelError(
                    f"the variable starts as {described(value)}, which is outside {domain}",
                    f"start it as {one_of(domain)}, or as a tuple of several",
                )
        if not initial or len(set(initial)) < len(initial):
            raise ModelError(
                "the variable starts as none of its values, or as one of them twice",
                "name each possible value once",
            )

    def becomes(self, value: Expr[T] | T) -> Update:
        """The update that gives this variable ``value``, evaluated before the step.

        Raises ModelError for a fixed value outside the domain or an expression of another type.
        """
        from model.lang.actions import Update  # an Update names a Var: a cycle in meaning

        _, right = _same_kind(self, value, "becomes")
        return Update(self, right)

    def __str__(self) -> str:
        return self.name


class Infix(Expr[T]):
    """An operation that is written between its two operands."""

    __slots__ = ()
    symbol: ClassVar[str]

    def __str__(self) -> str:
        return f"{_inner(self.children[0])} {self.symbol} {_inner(self.children[1])}"


class Equal(Infix[bool]):
    """Whether two values of one type are the same."""

    __slots__ = ()
    symbol = "=="

    def __init__(self, left: Expr[Any], right: Expr[Any]) -> None:
        super().__init__(bool, (left, right))


class OneOf(Expr[bool]):
    """Whether a value is one of several fixed ones."""

    __slots__ = ("values",)

    def __init__(self, item: Expr[Any], values: tuple[Value, ...]) -> None:
        super().__init__(bool, (item,))
        self.values = values

    def rebuild(self, children: tuple[Expr[Any], ...]) -> Expr[bool]:
        return OneOf(children[0], self.values)

    def __str__(self) -> str:
        return f"{_inner(self.children[0])} in {{{show_all(self.values)}}}"


class Less(Infix[bool]):
    """Whether one integer is smaller than another."""

    __slots__ = ()
    symbol = "<"

    def __init__(self, left: Expr[int], right: Expr[int]) -> None:
        super().__init__(bool, (left, right))


class Not(Expr[bool]):
    """The opposite."""

    __slots__ = ()

    def __init__(self, item: Expr[bool]) -> None:
        super().__init__(bool, (item,))

    def __str__(self) -> str:
        return f"~{_inner(self.children[0])}"


class And(Expr[bool]):
    """Whether all of several hold (true for none)."""

    __slots__ = ()

    def __init__(self, items: Iterable[Expr[bool]]) -> None:
        super().__init__(bool, tuple(items))

    def rebuild(self, children: tuple[Expr[Any], ...]) -> Expr[bool]:
        return And(children)

    def __str__(self) -> str:
        return " & ".join(_inner(child) for child in self.children) or "true"


class Or(Expr[bool]):
    """Whether any of several holds (false for none)."""

    __slots__ = ()

    def __init__(self, items: Iterable[Expr[bool]]) -> None:
        super().__init__(bool, tuple(items))

    def rebuild(self, children: tuple[Expr[Any], ...]) -> Expr[bool]:
        return Or(children)

    def __str__(self) -> str:
        return " | ".join(_inner(child) for child in self.children) or "false"


class Implies(Infix[bool]):
    """Whether the second holds wherever the first does."""

    __slots__ = ()
    symbol = "=>"

    def __init__(self, when: Expr[bool], then: Expr[bool]) -> None:
        super().__init__(bool, (when, then))


class NeverBoth(Implies):
    """Whether two conditions exclude each other: an implication that both sides must exercise."""

    __slots__ = ()

    def __init__(self, one: Expr[bool], other: Expr[bool]) -> None:
        super().__init__(one, Not(other))

    def rebuild(self, children: tuple[Expr[Any], ...]) -> Expr[bool]:
        return NeverBoth(children[0], children[1].children[0])


class IfElse(Expr[T]):
    """One of two values, chosen by a condition."""

    __slots__ = ()

    def __init__(self, condition: Expr[bool], yes: Expr[T], no: Expr[T]) -> None:
        super().__init__(yes.kind, (condition, yes, no))

    def __str__(self) -> str:
        return f"ite({', '.join(map(str, self.children))})"


class Add(Infix[int]):
    """The sum of two integers."""

    __slots__ = ()
    symbol = "+"

    def __init__(self, left: Expr[int], right: Expr[int]) -> None:
        super().__init__(int, (left, right))


class Subtract(Infix[int]):
    """The difference of two integers."""

    __slots__ = ()
    symbol = "-"

    def __init__(self, left: Expr[int], right: Expr[int]) -> None:
        super().__init__(int, (left, right))


class Count(Expr[int]):
    """How many of several conditions hold."""

    __slots__ = ()

    def __init__(self, items: Iterable[Expr[bool]]) -> None:
        super().__init__(int, tuple(items))

    def rebuild(self, children: tuple[Expr[Any], ...]) -> Expr[int]:
        return Count(children)

    def __str__(self) -> str:
        return f"count({', '.join(map(str, self.children))})"


class Enabled(Expr[bool]):
    """Whether an action of the system could be taken. ``System.resolve`` puts its guard here.

    ``action`` is the action's name and ``arguments`` the entities and values it was grounded with.
    """

    __slots__ = ("action", "arguments")

    def __init__(self, action: str, arguments: tuple[object, ...]) -> None:
        super().__init__(bool)
        self.action = action
        self.arguments = arguments

    def __str__(self) -> str:
        arguments = ", ".join(
            show(a) if isinstance(a, enum.Enum | bool | int) else str(a) for a in self.arguments
        )
        return f"enabled({self.action}({arguments}))"


def truth(item: object, operator: str) -> Expr[bool]:
    """``item`` as a condition. Raises ModelError if it is none."""
    if isinstance(item, Expr):
        if item.kind is bool:
            return item
        raise ModelError(
            f"`{item}` stands where a condition is needed (at `{operator}`)",
            f"compare it in brackets, such as `({item} == ...)`: & | ~ bind tighter than ==",
        )
    if isinstance(item, bool):
        raise ModelError(
            f"the Python value {item} stands where a condition is needed (at `{operator}`)",
            "`is`, `not` and a comparison without a variable are decided by Python at once: "
            "compare a variable with ==, or return None where the instance does not apply",
        )
    raise ModelError(
        f"{_what(item)} stands where a condition is needed (at `{operator}`)",
        "write a comparison of variables, such as `d.stage == Stage.IDLE`; updates go to update=",
    )


def lift(value: object) -> Expr[Any]:
    """``value`` as an expression. Raises ModelError for anything no variable could hold."""
    if isinstance(value, Expr):
        return value
    if isinstance(value, bool | int | enum.Enum):
        return Const(value)
    raise ModelError(
        f"{_what(value)} is no value of a variable",
        "use an enum member, a truth value, an integer or an expression; "
        "becomes() goes around ite(), not inside",
    )


def _precedence(left: object, operator: str, right: Expr[Any]) -> ModelError:
    return ModelError(
        f"`{left} {operator} {_inner(right)}` combines a fixed value with a condition",
        f"{operator} binds tighter than ==: write (a == b) {operator} (c == d)",
    )


def _what(item: object) -> str:
    from model.lang.actions import Update  # as in becomes()

    if isinstance(item, Update):
        return f"the update `{item}`"
    return f"`{item}`" if isinstance(item, Expr) else described(item)


def _inner(item: Expr[Any]) -> str:
    plain = isinstance(item, Const | Var | Not | Enabled | Count | IfElse) or not item.children
    return str(item) if plain else f"({item})"


def _same_kind(left: Expr[Any], right: object, operator: str) -> tuple[Expr[Any], Expr[Any]]:
    other = lift(right)
    if other.kind is not left.kind:
        raise ModelError(
            f"`{left}` holds {_kind(left)} and `{other}` is {_kind(other)} (at `{operator}`)",
            f"use {_kind(left)}, such as {_example(left)}",
        )
    for variable, constant in ((left, other), (other, left)):
        if (
            isinstance(variable, Var)
            and isinstance(constant, Const)
            and constant.value not in variable.domain
        ):
            raise ModelError(
                f"{constant} is outside {variable.name}'s domain {variable.domain} "
                f"(at `{operator}`)",
                f"use {one_of(variable.domain)}",
            )
    return left, other


def _kind(item: Expr[Any]) -> str:
    return {bool: "a truth value", int: "an integer"}.get(item.kind, a(item.kind.__name__))


def _example(item: Expr[Any]) -> str:
    if issubclass(item.kind, enum.Enum):
        return written(next(iter(item.kind)))
    return "True" if item.kind is bool else "0"


def _integers(left: object, right: object, operator: str) -> tuple[Expr[int], Expr[int]]:
    pair = lift(left), lift(right)
    for side in pair:
        if side.kind is not int:
            raise ModelError(
                f"`{side}` is {_kind(side)}, and `{operator}` needs integers",
                "compare values of other types with == or is_in(), "
                "and add up conditions with count([...])",
            )
    return cast("tuple[Expr[int], Expr[int]]", pair)
