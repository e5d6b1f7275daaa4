"""What the campaign asks: the gallery, mutants of two designs, and random systems."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from model.designs import DESIGNS, driver_managed_dma
from model.designs.releases import reset_fences_claims
from model.engines.result import Limits
from model.lang import Claim, System
from model.linux.design import Design, Size
from properties import PROPERTIES
from tests.mutants.mutate import Mutation, Mutator
from tests.random_cells import random_cells
from tests.reductions.compare import asked_of

RANDOM = 1000
"""So many random systems are compared."""
FIRST = 10_000
"""The first seed: far beyond those that the tests take."""
LARGEST = 5_000
"""A random system with more states than that is passed over."""
MOST = 4_000_000
"""Other systems with more states than that are noted as too large."""


@dataclass(frozen=True)
class Item:
    """A system and its claims, made when they are needed. ``limits`` are those of each search."""

    kind: str
    name: str
    made: Callable[[], tuple[System, list[Claim]]]
    limits: Limits


def seeded() -> Iterator[Item]:
    """Random systems without end."""
    return map(_cells, itertools.count(FIRST))


def items() -> Iterator[Item]:
    """The mutants and the gallery, what is quick first."""
    yield from _mutants(driver_managed_dma.design, Size(1, 1))
    yield from (_design(design, Size(1, 1)) for design in DESIGNS)
    yield from _mutants(reset_fences_claims.design, Size(1, 1))
    yield from _mutants(driver_managed_dma.design, Size(3, 0))
    yield from (_design(design, Size(2, 1)) for design in DESIGNS)


def _mutants(design: Design, size: Size) -> Iterator[Item]:
    return (_mutant(design, mutation, size) for mutation in _mutations(design))


@functools.cache
def _mutations(design: Design) -> tuple[Mutation, ...]:
    return Mutator(design.system(Size())).mutations()


def _cells(seed: int) -> Item:
    """Three or four cells or two pairs of them, some with notes only, some that start unalike."""
    cells, hubs = [(3, 1), (4, 1), (2, 2), (3, 1)][seed % 4]
    busy, alike = cells * hubs == 3 or seed % 3 == 0, seed % 5 > 0

    def made() -> tuple[System, list[Claim]]:
        return random_cells(seed, cells, hubs, notes=not busy, busy=busy, alike=alike)

    return Item("random systems", str(seed), made, Limits(LARGEST))


def _design(design: Design, size: Size) -> Item:
    def made() -> tuple[System, list[Claim]]:
        system = design.system(size)
        return system, asked_of(system)

    return Item(f"gallery, {size}", design.name, made, Limits(MOST))


def _mutant(design: Design, mutation: Mutation, size: Size) -> Item:
    def made() -> tuple[System, list[Claim]]:
        system = design.system(size)
        mutant = Mutator(system).mutant(mutation)
        # Those of the design: a mutant must not escape a property by not being what it is about.
        return mutant, [item.ground(mutant) for item in PROPERTIES if item.concerns(system)]

    return Item(f"mutants of {design}, {size}", mutation.key, made, Limits(MOST))
