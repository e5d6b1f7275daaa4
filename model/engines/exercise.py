"""What has to happen in a search, lest a claim that nothing exercised be taken for true."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from model.lang import Claim, GroundAction, Kind
from model.lang.expr import Or


def goals(claim: Claim) -> list[tuple[str, Or]]:
    """What must be reached for ``claim``: its own goals, or what exercises it."""
    if claim.kind is Kind.REACHABLE:
        return [(case.title, Or([case.that])) for case in claim.cases]
    return [(what, Or([goal])) for what, goal in claim.exercised_by()]


def never_fired(actions: Iterable[GroundAction], fired: Sequence[int]) -> tuple[str, ...]:
    """Actions no instance of which is ever taken; instances differ in values, not entities."""
    taken: dict[str, bool] = {}
    for action, once in zip(actions, fired, strict=True):
        taken[action.kind] = taken.get(action.kind, False) or bool(once)
    return tuple(kind for kind, once in taken.items() if not once)
