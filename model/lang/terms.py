"""The words an author combines conditions with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from model.lang.actions import ActionTemplate
from model.lang.domains import Value
from model.lang.errors import ModelError, described
from model.lang.expr import And, Count, Enabled, Expr, IfElse, Implies, NeverBoth, Or, lift, truth

T = TypeVar("T", bound=Value)


def all_of(items: Iterable[Expr[bool]]) -> Expr[bool]:
    """Whether every one of ``items`` holds; true if there are none."""
    return And(truth(item, "all_of") for item in _several(items, "all_of"))


def any_of(items: Iterable[Expr[bool]]) -> Expr[bool]:
    """Whether at least one of ``items`` holds; false if there are none."""
    return Or(truth(item, "any_of") for item in _several(items, "any_of"))


def count(items: Iterable[Expr[bool]]) -> Expr[int]:
    """How many of ``items`` hold."""
    return Count(truth(item, "count") for item in _several(items, "count"))


def implies(when: Expr[bool], then: Expr[bool]) -> Expr[bool]:
    """Whether ``then`` holds wherever ``when`` does.

    As the outermost part of a claim it also says what exercises the claim: unless ``when`` is met
    somewhere, the claim is vacuous.
    """
    return Implies(truth(when, "implies"), truth(then, "implies"))


def never_both(one: Expr[bool], other: Expr[bool]) -> Expr[bool]:
    """Whether ``one`` and ``other`` exclude each other.

    As the outermost part of a claim it also says what exercises the claim: unless each of them is
    met somewhere, the claim is vacuous.
    """
    return NeverBoth(truth(one, "never_both"), truth(other, "never_both"))


def ite(condition: Expr[bool], yes: Expr[T] | T, no: Expr[T] | T) -> Expr[T]:
    """``yes`` where ``condition`` holds, else ``no``. Raises ModelError if their types differ."""
    one, other = lift(yes), lift(no)
    if one.kind is not other.kind:
        raise ModelError(
            f"ite() would give `{one}` or `{other}`, which are of different types",
            "give both branches values of one type",
        )
    return IfElse(truth(condition, "ite"), one, other)


def enabled(action: str | ActionTemplate[Any], *arguments: object) -> Expr[bool]:
    """Whether ``action``, grounded with ``arguments``, could be taken.

    ``action`` is a name or the action itself. The name is looked up when the claim meets a
    system; an unknown one is a ModelError there.
    """
    if not isinstance(action, str | ActionTemplate):
        raise ModelError(
            f"enabled() is given {described(action)}",
            "name an action, or pass a function decorated with @action",
        )
    return Enabled(action if isinstance(action, str) else action.name, arguments)


def _several(items: object, word: str) -> Iterable[Expr[bool]]:
    if isinstance(items, Expr) or not isinstance(items, Iterable):
        raise ModelError(
            f"{word}() takes several conditions and is given "
            + (f"`{items}`" if isinstance(items, Expr) else described(items)),
            f"write {word}([a, b]) or {word}(... for e in g.devices)",
        )
    return items
