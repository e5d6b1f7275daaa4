"""Lowering: a system's states as integers and its actions as Python source over them.

A state is one integer in which every variable has a bit field. A condition that pins fields to
fixed values becomes one mask and one comparison, an update to fixed values one ``and`` and one
``or``. Actions are sorted by the field that their guard pins, so that only the few that can be
taken are looked at.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from model.lang import Expr, GroundAction, State, System, Value, Var
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

Successors: TypeAlias = Callable[[int], list[tuple[int, int]]]
"""Gives (action number, state after it) for each step; ~number if it leaves a domain."""
Condition: TypeAlias = Callable[[int], bool]


class Lowered:
    """``system`` over packed integers: its layout and its compiled successor function."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._shift: dict[Var[Any], int] = {}
        self._mask: dict[Var[Any], int] = {}
        position = 0
        for variable in system.variables:
            width = max(1, max(_stored(variable, v) for v in variable.domain.values).bit_length())
            self._shift[variable] = position
            self._mask[variable] = (1 << width) - 1
            position += width
        self.bits = position
        self._values = {
            variable: {_stored(variable, value): value for value in variable.domain.values}
            for variable in system.variables
        }
        self.successors = self._compile_successors()

    def pack(self, state: State) -> int:
        """``state`` as an integer."""
        return sum(
            _stored(variable, value) << self._shift[variable]
            for variable, value in zip(self.system.variables, state, strict=True)
        )

    def unpack(self, packed: int) -> State:
        """The state that ``packed`` stands for."""
        return tuple(
            values[packed >> self._shift[variable] & self._mask[variable]]
            for variable, values in self._values.items()
        )

    def condition(self, expression: Expr[bool]) -> Condition:
        """A resolved condition as a function of a packed state."""
        found: Condition = eval(f"lambda s: {self._truth(expression)}")  # noqa: S307  # our own source
        return found

    def answers(self, expressions: Sequence[Expr[bool]]) -> Callable[[Sequence[int]], list[int]]:
        """Resolved conditions as a function of many packed states: for each state, which hold.

        Bit k of a state's answer stands for the k-th condition.
        """
        terms = " | ".join(f"({self._truth(e)}) << {k}" for k, e in enumerate(expressions))
        source = f"lambda states: [{terms or 0} for s in states]"
        found: Callable[[Sequence[int]], list[int]] = eval(source)  # noqa: S307  # our own source
        return found

    # -- conditions ----------------------------------------------------------------------------

    def _truth(self, item: Expr[bool]) -> str:
        pinned = self._pinned(item)
        if pinned is not None:
            return self._compare(*pinned)
        match item:
            case And():
                return self._conjunction(item.children)
            case Or():
                return "(" + (" or ".join(map(self._truth, item.children)) or "False") + ")"
            case Not(children=(inner,)):
                pinned = self._pinned(inner)
                if pinned is not None:
                    return self._compare(*pinned, "!=")
                return f"(not {self._truth(inner)})"
            case Implies(children=(when, then)):
                return f"(not {self._truth(when)} or {self._truth(then)})"
            case Equal(children=(left, right)):
                return f"({self._value(left)} == {self._value(right)})"
            case Less(children=(left, right)):
                return f"({self._value(left)} < {self._value(right)})"
            case OneOf(children=(inner,)):
                numbers = {_number(value) for value in item.values}
                if isinstance(inner, Var) and inner.kind is not int:
                    members = sum(1 << number for number in numbers)
                    return f"({members} >> ({self._value(inner)}) & 1)"
                return f"({self._value(inner)} in {sorted(numbers)})"
            case _:
                return f"({self._value(item)})"

    def _pinned(self, item: Expr[bool]) -> tuple[int, int] | None:
        """(mask, value) if ``item`` says just that fields have fixed values, else None."""
        match item:
            case (
                Equal(children=(Var() as variable, Const() as constant))
                | Equal(children=(Const() as constant, Var() as variable))
            ):
                return self._field(variable, constant.value)
            case OneOf(children=(Var() as variable,)) if len(item.values) == 1:
                if item.values[0] not in variable.domain:
                    return None
                return self._field(variable, item.values[0])
            case Var():
                return self._field(item, value=True)
            case Not(children=(Var() as variable,)):
                return self._field(variable, value=False)
            case _:
                return None

    def _field(self, variable: Var[Any], value: Value) -> tuple[int, int]:
        shift = self._shift[variable]
        return self._mask[variable] << shift, _stored(variable, value) << shift

    def _conjunction(self, items: Sequence[Expr[bool]]) -> str:
        mask, value, others = 0, 0, []
        for item in _flat(items):
            pinned = self._pinned(item)
            if pinned is None or mask & pinned[0]:
                others.append(self._truth(item))
            else:
                mask, value = mask | pinned[0], value | pinned[1]
        parts = ([self._compare(mask, value)] if mask else []) + others
        return "(" + (" and ".join(parts) or "True") + ")"

    @staticmethod
    def _compare(mask: int, value: int, operator: str = "==") -> str:
        return f"(s & {mask} {operator} {value})"

    def _value(self, item: Expr[Any]) -> str:
        match item:
            case Const():
                return str(_number(item.value))
            case Var():
                shifted = f"s >> {self._shift[item]} & {self._mask[item]}"
                return f"(({shifted}) + {_base(item)})" if _base(item) else f"({shifted})"
            case IfElse(children=(condition, yes, no)):
                return f"({self._value(yes)} if {self._truth(condition)} else {self._value(no)})"
            case Add(children=(left, right)):
                return f"({self._value(left)} + {self._value(right)})"
            case Subtract(children=(left, right)):
                return f"({self._value(left)} - ({self._value(right)}))"
            case Count():
                return (
                    "("
                    + (" + ".join(f"bool({self._truth(c)})" for c in item.children) or "0")
                    + ")"
                )
            case _:
                return f"bool({self._truth(item)})"

    # -- actions -------------------------------------------------------------------------------

    def _compile_successors(self) -> Successors:
        """One function that dispatches on the pinned fields to the actions that may be taken."""
        names: dict[str, Any] = {}
        always: list[str] = []
        tables: dict[Var[Any], dict[int, list[str]]] = {}
        for number, action in enumerate(self.system.actions):
            lines = self._action(number, action)
            pin = self._dispatch_on(action)
            if pin is None:
                always += lines
            else:
                variable, value = pin
                tables.setdefault(variable, {}).setdefault(value, []).extend(lines)
        body = ["def successors(s):", " out = []", *(f" {line}" for line in always)]
        for k, (variable, by_value) in enumerate(tables.items()):
            table: list[object] = [None] * (self._mask[variable] + 1)
            for value, lines in by_value.items():
                source = [f"def take(s, out, t{k}=None):", *(f" {line}" for line in lines)]
                table[value] = _define(source, "take", {})
            names[f"t{k}"] = table
            body += [
                f" f = t{k}[s >> {self._shift[variable]} & {self._mask[variable]}]",
                " if f: f(s, out)",
            ]
        made: Successors = _define([*body, " return out"], "successors", names)
        return made

    def _dispatch_on(self, action: GroundAction) -> tuple[Var[Any], int] | None:
        """The pinned field with the most values: the one that tells actions apart best."""
        best: tuple[Var[Any], int] | None = None
        for item in _flat(action.guard):
            match item:
                case Equal(children=(Var() as variable, Const() as constant)):
                    if best is None or len(variable.domain.values) > len(best[0].domain.values):
                        best = variable, _stored(variable, constant.value)
        return best

    def _action(self, number: int, action: GroundAction) -> list[str]:
        mask, value, terms, inside = 0, 0, [], []
        lines = [f"if {self._conjunction(action.guard)}:"]
        for k, update in enumerate(action.updates):
            variable = update.variable
            mask |= self._mask[variable] << self._shift[variable]
            if isinstance(update.value, Const):
                value |= self._field(variable, update.value.value)[1]
                continue
            name, base = f"v{k}", _base(variable)
            lines.append(f" {name} = {self._value(update.value)}")
            if not _stays(update.value, variable):
                inside.append(_is_value(name, variable))
            terms.append(f"({name} - {base}) << {self._shift[variable]}")
        after = f"s & {~mask}" if mask else "s"
        after += f" | {value}" if value else ""
        after += "".join(f" | {term}" for term in terms)
        take = f"out.append(({number}, {after}))"
        if not inside:
            return [*lines, f" {take}"]
        return [*lines, f" if {' and '.join(inside)}: {take}", f" else: out.append(({~number}, s))"]


def _define(lines: list[str], name: str, names: dict[str, Any]) -> Any:
    space = dict(names)
    exec("\n".join(lines), space)  # noqa: S102  # our own source, made above from numbers only
    return space[name]


def _number(value: Value) -> int:
    """A value as generated source holds it: enum members by position, integers as they are."""
    if isinstance(value, enum.Enum):
        return list(type(value)).index(value)
    return int(value)


def _base(variable: Var[Any]) -> int:
    """What a field's 0 stands for: an integer's lowest value, an enum's first member."""
    first = variable.domain.values[0]
    return first if type(first) is int else 0


def _stored(variable: Var[Any], value: Value) -> int:
    """``value`` as the bits of ``variable``'s field."""
    return _number(value) - _base(variable)


def _is_value(name: str, variable: Var[Any]) -> str:
    """Generated source that tells whether ``name`` is a value of ``variable``."""
    numbers = sorted(_number(value) for value in variable.domain.values)
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]} <= {name} <= {numbers[-1]}"
    return f"{name} in {set(numbers)}"


def _stays(value: Expr[Any], variable: Var[Any]) -> bool:
    """Whether ``value`` can be seen to give only values of ``variable``, whatever the state."""
    match value:
        case Const():
            return value.value in variable.domain
        case Var():
            return set(value.domain.values) <= set(variable.domain.values)
        case IfElse(children=(_, yes, no)):
            return _stays(yes, variable) and _stays(no, variable)
        case _:
            return value.kind is bool and len(variable.domain.values) == 2  # noqa: PLR2004  # both


def _flat(items: Sequence[Expr[bool]]) -> list[Expr[bool]]:
    """The conjuncts of ``items``, with nested conjunctions opened."""
    flat: list[Expr[bool]] = []
    for item in items:
        flat += _flat(item.children) if isinstance(item, And) else [item]
    return flat
