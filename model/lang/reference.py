"""What expressions and actions mean: slow, plain, and the judge of every other reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from model.lang.actions import GroundAction
from model.lang.domains import Value, show
from model.lang.expr import (
    Add,
    And,
    Const,
    Count,
    Equal,
    Expr,
    IfElse,
    Implies,
    Less,
    Not,
    OneOf,
    Or,
    Subtract,
    Var,
)
from model.lang.system import State, System


class OutOfDomain(Exception):
    """A step would give ``variable`` the value ``value``, which its domain does not hold."""

    def __init__(self, action: GroundAction, variable: Var[Any], value: Value) -> None:
        self.action = action
        self.variable = variable
        self.value = value
        super().__init__(
            f"{action.title} takes {variable.name} to {show(value)}, outside {variable.domain}"
        )


def evaluate(expression: Expr[Any], system: System, state: State) -> Value:
    """The value of a resolved ``expression`` in ``state``."""

    def value(node: Expr[Any]) -> Any:
        match node:
            case Const():
                return node.value
            case Var():
                return state[system.index[node]]
            case Equal(children=(left, right)):
                return value(left) == value(right)
            case OneOf(children=(item,)):
                return value(item) in node.values
            case Less(children=(left, right)):
                return value(left) < value(right)
            case Not(children=(item,)):
                return not value(item)
            case And():
                return all(value(item) for item in node.children)
            case Or():
                return any(value(item) for item in node.children)
            case Implies(children=(when, then)):
                return not value(when) or value(then)
            case IfElse(children=(condition, yes, no)):
                return value(yes) if value(condition) else value(no)
            case Add(children=(left, right)):
                return value(left) + value(right)
            case Subtract(children=(left, right)):
                return value(left) - value(right)
            case Count():
                return sum(1 for item in node.children if value(item))
            case _:
                raise TypeError(f"{type(node).__name__} has no value in a state: resolve it first")

    return cast("Value", value(expression))


def is_enabled(action: GroundAction, system: System, state: State) -> bool:
    """Whether ``action`` can be taken in ``state``."""
    return all(evaluate(condition, system, state) for condition in action.guard)


def apply(action: GroundAction, system: System, state: State) -> State:
    """The state after ``action``, whose guard must hold. Raises OutOfDomain."""
    after = list(state)
    for update in action.updates:
        value = evaluate(update.value, system, state)
        if value not in update.variable.domain:
            raise OutOfDomain(action, update.variable, value)
        after[system.index[update.variable]] = value
    return tuple(after)


def successors(system: System, state: State) -> Iterator[tuple[GroundAction, State]]:
    """Every action that can be taken in ``state``, with the state after it. Raises OutOfDomain."""
    for action in system.actions:
        if is_enabled(action, system, state):
            yield action, apply(action, system, state)
