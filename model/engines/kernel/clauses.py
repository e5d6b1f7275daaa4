"""Clauses: a condition as a conjunction of disjunctions, each about as little as possible."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import TypeAlias

from model.lang import Expr
from model.lang.expr import And, Implies, Not, Or

Clause: TypeAlias = tuple[Expr[bool], ...]
"""Holds where any of its conditions does."""

_MOST = 4
"""What would become more clauses than this is one, some of whose conditions are conjunctions."""


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
            return _any_of([clauses(child) for child in item.children])
        case And():
            return _any_of([clauses(child, holds=False) for child in item.children])
        case Implies(children=(when, then)):
            return _any_of([clauses(when, holds=False), clauses(then)])
        case _:
            return [(item if holds else Not(item),)]


def _all_of(parts: Iterable[list[Clause]]) -> list[Clause]:
    return list(itertools.chain.from_iterable(parts))


def _any_of(parts: list[list[Clause]]) -> list[Clause]:
    """The parts' disjunction as clauses."""
    if math.prod(map(len, parts)) <= _MOST:
        return [
            tuple(itertools.chain.from_iterable(chosen)) for chosen in itertools.product(*parts)
        ]
    whole = [part[0] if len(part) == 1 else (And(map(Or, part)),) for part in parts]
    return [tuple(itertools.chain.from_iterable(whole))]
