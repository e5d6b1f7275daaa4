"""Witnesses: variables that record what has happened, and that no step looks at.

Once every claim that reads a witness is decided, two states that differ in it only have the same
future as far as all others are concerned, so that one of them is enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from model.engines.explorer import Watch
from model.engines.layout import stays
from model.engines.residue import surely_changes
from model.engines.symmetry import Symmetry
from model.lang import Expr, System, Var


@dataclass(frozen=True, eq=False)
class Witness:
    """A variable, or the same one of all interchangeable entities.

    ``claims`` and ``goals`` are the numbers of those that read it.
    """

    variables: tuple[Var[Any], ...]
    claims: tuple[int, ...]
    goals: tuple[int, ...]


def find_witnesses(system: System, watch: Watch, symmetry: Symmetry) -> list[Witness]:
    """The witnesses of ``system`` that no question about runs reads."""
    read = _read(system, watch)
    claims = [_variables(cases) for cases in watch.invariants]
    goals = [_variables([goal]) for goal in watch.goals]
    found = []
    for variables in _alike(system, symmetry):
        if not read.isdisjoint(variables):
            continue
        found.append(
            Witness(
                variables,
                tuple(k for k, seen in enumerate(claims) if not seen.isdisjoint(variables)),
                tuple(k for k, seen in enumerate(goals) if not seen.isdisjoint(variables)),
            )
        )
    return found


def _read(system: System, watch: Watch) -> set[Var[Any]]:
    """What a guard, another variable's update or a question about runs reads, or might break."""
    read: set[Var[Any]] = set()
    for action in system.actions:
        read |= _variables(action.guard)
        for update in action.updates:
            read |= _variables([update.value]) - {update.variable}
            if not stays(update.value, update.variable):
                read.add(update.variable)
    for action in watch.fair_actions():
        # A step that changes nothing is none to a fair run, so that whether it does is looked at.
        if not any(surely_changes(action, update) for update in action.updates):
            read |= {update.variable for update in action.updates}
    return read | _variables(watch.asked())


def _variables(conditions: Iterable[Expr[Any]]) -> set[Var[Any]]:
    return {variable for item in conditions for variable in item.variables()}


def _alike(system: System, symmetry: Symmetry) -> list[tuple[Var[Any], ...]]:
    """Each variable by itself, or with those that it may be exchanged for."""
    alike = [tuple(zip(*(e.variables() for e in block), strict=True)) for block in symmetry.blocks]
    together = [variables for block in alike for variables in block]
    apart = {variable for variables in together for variable in variables}
    return [*together, *((v,) for v in system.variables if v not in apart)]
