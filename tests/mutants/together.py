"""Mutations that break nothing alone: which can be made at once, and which are twins.

Two conditions that stand in for each other look idle when either is dropped. Only with both gone
does it show what they are for.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tests.mutants.mutate import Mutation

Broken: TypeAlias = Callable[[Sequence[Mutation]], tuple[str, ...]]
"""Which properties break when all of these mutations are made at once."""


@dataclass(frozen=True)
class LeftOut:
    """A mutation that breaks something beside ``chosen``, and nothing alone."""

    mutation: Mutation
    chosen: tuple[Mutation, ...]


@dataclass(frozen=True)
class Twins:
    """``mutations`` that break ``broken`` together."""

    mutations: tuple[Mutation, ...]
    broken: tuple[str, ...]


def related(alone: Sequence[Mutation]) -> list[tuple[Mutation, Mutation]]:
    """The pairs that may well be twins: of one action, or about the same condition or field."""

    def about(mutation: Mutation) -> set[str]:
        return {mutation.what, mutation.of or mutation.what}

    return [
        (one, other)
        for one, other in itertools.combinations(alone, 2)
        if one.action == other.action or about(one) & about(other)
    ]


def together(alone: Sequence[Mutation], broken: Broken) -> tuple[list[Mutation], list[LeftOut]]:
    """Those of ``alone`` that break nothing even at once, and the others.

    ``alone`` break nothing one at a time. One mutation may hide what two others break: twins that
    are known already ``broken`` has to know itself.
    """
    chosen: list[Mutation] = []
    left_out: list[LeftOut] = []

    def add(items: Sequence[Mutation]) -> None:
        if not broken([*chosen, *items]):
            chosen.extend(items)
        elif len(items) == 1:
            left_out.append(LeftOut(items[0], tuple(chosen)))
        else:
            add(items[: len(items) // 2])
            add(items[len(items) // 2 :])

    add(alone)
    return chosen, left_out


def twins(left_out: LeftOut, broken: Broken) -> Twins:
    """The mutation and as few of those chosen before it as it takes to break something."""
    needed, others = [left_out.mutation], left_out.chosen
    while not (found := broken(needed)):
        # All of the others break something. The shortest beginning of them that does so ends with
        # one that it takes.
        low, high = 1, len(others)
        while low < high:
            middle = (low + high) // 2
            if broken([*needed, *others[:middle]]):
                high = middle
            else:
                low = middle + 1
        needed.append(others[high - 1])
        others = others[: high - 1]
    return Twins(tuple(needed), found)
