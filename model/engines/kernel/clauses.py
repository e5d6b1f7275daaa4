"""Clauses: a condition as a conjunction of disjunctions, each about as little as possible."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TypeAlias

from model.lang import Expr
from model.lang.expr import And, Implies, Not, Or

Clause: TypeAlias = tuple[Expr[bool], ...]
"""Holds where any of its conditions does."""

_MOST = 64
"""What would become more clauses than this stays in one piece."""


def clauses(item: Expr[bool], *, holds: bool = True) -> list[Clause]:
    """Clauses that together say that ``item`` ``holds``, or that it does not."""
    match item:
        case Not(children=(inner,)):
            return clauses(inner, holds=not holds)
        case And() if holds:
            return _all_of(clauses(child) for child in item.children)
        case Or() if not holds:
            return _all_of(clauses(child, holds=False) for child in item.children)
        case Implies(children=(when, then)) if not holds:
            return _all_of([clauses(when), clauses(then, holds=False)])
        case Or():
            found = _any_of([clauses(child) for child in item.children])
        case And():
            found = _any_of([clauses(child, holds=False) for child in item.children])
        case Implies(children=(when, then)):
            found = _any_of([clauses(when, holds=False), clauses(then)])
        case _:
            found = []
    return found or [(item if holds else Not(item),)]


def _all_of(parts: Iterable[list[Clause]]) -> list[Clause]:
    return list(itertools.chain.from_iterable(parts))


def _any_of(parts: list[list[Clause]]) -> list[Clause]:
    """The parts' disjunction as clauses, or none if there would be too many."""
    made: list[Clause] = [()]
    for part in parts:
        if len(made) * len(part) > _MOST:
            return []
        made = [(*clause, *other) for clause in made for other in part]
    return made
