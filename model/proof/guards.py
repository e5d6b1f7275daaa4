"""A condition on named members, split by what has to be known to judge its parts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeAlias

from model.lang import Expr, Value, Var
from model.lang.expr import And, Implies, NeverBoth, Not, Or
from model.proof.branching import NOBODY, Meaning, Path
from model.proof.family import Family
from model.proof.quantified import HowMany, Some

Values: TypeAlias = tuple[Value, ...]


class Guard:
    """A guard, split by what has to be known to judge its parts."""

    def __init__(self, guard: Expr[bool], family: Family) -> None:
        self._of_place: list[Expr[bool]] = []
        self._of_named: list[list[Expr[bool]]] = [[] for _ in family.stands]
        rest: list[Expr[bool]] = []
        self._shared = family.shared
        self._stands = family.stands
        whose = {v: k for k, stand in enumerate(family.stands) for v in stand}
        whose.update(dict.fromkeys(family.shared, -1))
        for part in _flat(guard):
            about = _about(part, whose)
            if about == {-1}:
                self._of_place.append(part)
            elif about is not None and len(about) == 1:
                self._of_named[about.pop()].append(part)
            else:
                rest.append(part)
        self.rest = And(rest)
        self._fitting: dict[tuple[int, int], bool] = {}

    def allows(self, place: Values) -> bool:
        """Whether what the guard says of the place alone is so."""
        known = dict(zip(self._shared, place, strict=True))
        meaning = Meaning(Path(), known, NOBODY)
        return all(meaning.value(part) for part in self._of_place)

    def fits(self, which: int, number: int, state: Values) -> bool:
        """Whether what the guard says of a named member alone is so in this local state."""
        if (which, number) not in self._fitting:
            known = dict(zip(self._stands[which], state, strict=True))
            meaning = Meaning(Path(), known, NOBODY)
            fitting = all(meaning.value(part) for part in self._of_named[which])
            self._fitting[which, number] = fitting
        return self._fitting[which, number]


def reads_only(item: Expr[Any], variables: Collection[Var[Any]]) -> bool:
    """Whether ``item`` can be judged by these variables, without a look at other members."""
    return all(
        node in variables if isinstance(node, Var) else not isinstance(node, Some | HowMany)
        for node in item.walk()
    )


def _flat(item: Expr[bool]) -> Iterator[Expr[bool]]:
    if isinstance(item, And):
        for child in item.children:
            yield from _flat(child)
    else:
        yield item


def _about(item: Expr[Any], whose: Mapping[Var[Any], int]) -> set[int] | None:
    """Whose variables ``item`` reads; None if it asks for more than fixed values."""
    found: set[int] = set()
    for node in item.walk():
        if isinstance(node, Var):
            if node not in whose:
                return None
            found.add(whose[node])
        elif isinstance(node, Some | HowMany):
            return None
    return found


def denied(item: Expr[bool]) -> Expr[bool]:
    """The opposite of ``item``, with as many parts as can be judged by themselves."""
    match item:
        case Implies(children=(when, then)):
            return And([when, denied(then)])
        case NeverBoth():
            return And(item.children)
        case Or():
            return And(denied(child) for child in item.children)
        case Not(children=(inner,)):
            return inner
        case _:
            return Not(item)
