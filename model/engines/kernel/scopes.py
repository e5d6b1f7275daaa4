"""What reads the same few entities: it is looked at together, once for each of their states."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from model.lang import Expr, GroundAction, System, Var

_FEW = 2
"""Entities: a device and its group, say. Together they have far fewer states than the system."""


def read_by(items: Iterable[Expr[Any]]) -> set[Var[Any]]:
    """The variables that ``items`` read."""
    return {variable for item in items for variable in item.variables()}


def read_by_action(action: GroundAction) -> set[Var[Any]]:
    """The variables that an action's guard and its updates read."""
    return read_by([*action.guard, *(update.value for update in action.updates)])


def bundles(
    system: System, reads: Sequence[Collection[Var[Any]]]
) -> tuple[list[list[int]], Sequence[int]]:
    """The numbers of those that read the same few entities, in lists, and of all others.

    ``reads`` says what each reads. Where there are no more than a few entities anyway, nothing is
    gained and all are others.
    """
    entity = {variable: e for e in system.entities for variable in e.variables()}
    scopes = [frozenset(entity[variable] for variable in some) for some in reads]
    few = {scope for scope in scopes if len(scope) <= _FEW < len(system.entities)}
    widest = [scope for scope in dict.fromkeys(scopes) if scope in few]
    widest = [scope for scope in widest if not any(scope < other for other in few)]
    found: dict[frozenset[Any], list[int]] = {scope: [] for scope in widest}
    others: list[int] = []
    for k, scope in enumerate(scopes):
        place = next((wide for wide in widest if scope <= wide), None) if scope in few else None
        (others if place is None else found[place]).append(k)
    return list(found.values()), others
