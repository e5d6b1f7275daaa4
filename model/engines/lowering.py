"""Lowering: a system's states as integers and its actions as Python source over them.

A state is one integer in which every variable has a bit field. A condition that pins fields to
fixed values becomes one mask and one comparison, an update to fixed values one ``and`` and one
``or``. Actions are sorted by the field that their guard pins, so that only the few that can be
taken are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from model.engines.layout import Layout, base, dispatch_on, number, stays
from model.lang import Expr, GroundAction, State, System, Var
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
        self.layout = Layout(system)
        self.successors = self._compile_successors()

    def pack(self, state: State) -> int:
        """``state`` as an integer."""
        return self.layout.pack(state)

    def unpack(self, packed: int) -> State:
        """The state that ``packed`` stands for."""
        return self.layout.unpack(packed)

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
        pinned = self.layout.pinned(item)
        if pinned is not None:
            return self._compare(*pinned)
        match item:
            case And():
                return self._conjunction(item.children)
            case Or():
                return "(" + (" or ".join(map(self._truth, item.children)) or "False") + ")"
            case Not(children=(inner,)):
                pinned = self.layout.pinned(inner)
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
                numbers = {number(value) for value in item.values}
                if isinstance(inner, Var) and inner.kind is not int:
                    members = sum(1 << n for n in numbers)
                    return f"({members} >> ({self._value(inner)}) & 1)"
                return f"({self._value(inner)} in {sorted(numbers)})"
            case _:
                return f"({self._value(item)})"

    def _conjunction(self, items: Sequence[Expr[bool]]) -> str:
        mask, value, others = self.layout.conjunction(items)
        parts = [self._compare(mask, value)] if mask else []
        return "(" + (" and ".join([*parts, *map(self._truth, others)]) or "True") + ")"

    @staticmethod
    def _compare(mask: int, value: int, operator: str = "==") -> str:
        return f"(s & {mask} {operator} {value})"

    def _value(self, item: Expr[Any]) -> str:
        match item:
            case Const():
                return str(number(item.value))
            case Var():
                shifted = self._field(item)
                return f"({shifted} + {base(item)})" if base(item) else shifted
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
        for k, action in enumerate(self.system.actions):
            lines = self._action(k, action)
            pin = dispatch_on(action)
            if pin is None:
                always += lines
            else:
                variable, value = pin
                tables.setdefault(variable, {}).setdefault(value, []).extend(lines)
        body = ["def successors(s):", " out = []", *(f" {line}" for line in always)]
        for k, (variable, by_value) in enumerate(tables.items()):
            table: list[object] = [None] * (self.layout.mask(variable) + 1)
            for value, lines in by_value.items():
                source = [f"def take(s, out, t{k}=None):", *(f" {line}" for line in lines)]
                table[value] = _define(source, "take", {})
            names[f"t{k}"] = table
            body += [
                f" f = t{k}[{self._field(variable)}]",
                " if f: f(s, out)",
            ]
        made: Successors = _define([*body, " return out"], "successors", names)
        return made

    def _field(self, variable: Var[Any]) -> str:
        return f"(s >> {self.layout.shift[variable]} & {self.layout.mask(variable)})"

    def _action(self, own: int, action: GroundAction) -> list[str]:
        mask, value, terms, inside = 0, 0, [], []
        lines = [f"if {self._conjunction(action.guard)}:"]
        for k, update in enumerate(action.updates):
            variable = update.variable
            shift = self.layout.shift[variable]
            mask |= self.layout.mask(variable) << shift
            if isinstance(update.value, Const):
                value |= self.layout.field(variable, update.value.value)[1]
                continue
            name = f"v{k}"
            lines.append(f" {name} = {self._value(update.value)}")
            if not stays(update.value, variable):
                inside.append(_is_value(name, variable))
            terms.append(f"({name} - {base(variable)}) << {shift}")
        after = f"s & {~mask}" if mask else "s"
        after += f" | {value}" if value else ""
        after += "".join(f" | {term}" for term in terms)
        take = f"out.append(({own}, {after}))"
        if not inside:
            return [*lines, f" {take}"]
        return [*lines, f" if {' and '.join(inside)}: {take}", f" else: out.append(({~own}, s))"]


def _define(lines: list[str], name: str, names: dict[str, Any]) -> Any:
    space = dict(names)
    exec("\n".join(lines), space)  # noqa: S102  # our own source, made above from numbers only
    return space[name]


def _is_value(name: str, variable: Var[Any]) -> str:
    """Generated source that tells whether ``name`` is a value of ``variable``."""
    numbers = sorted(number(value) for value in variable.domain.values)
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]} <= {name} <= {numbers[-1]}"
    return f"{name} in {set(numbers)}"
