"""What is known of the local states of entities that makes a search store fewer states."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model.engines.explorer import Watch
from model.engines.fleeting import fleeting
from model.engines.folding import blocks
from model.engines.local import Local, LocalStates, TooMany
from model.engines.symmetry import Symmetry, alike
from model.lang import Entity, System, Var


@dataclass(frozen=True)
class Reduced:
    """An entity's local ``states``, each with the one ``standing`` for it.

    ``fleeting`` are those of the latter that the entity leaves before anybody else does anything.
    """

    entity: Entity
    states: Sequence[Local]
    standing: Sequence[Local]
    fleeting: frozenset[Local]

    @property
    def others(self) -> list[tuple[Local, Local]]:
        """The local states that do not stand for themselves, each with the one that does."""
        pairs = zip(self.states, self.standing, strict=True)
        return [(one, other) for one, other in pairs if one != other]

    def __str__(self) -> str:
        left = len(set(self.standing))
        told = f"{len(self.states)} states to {left}" if left < len(self.states) else ""
        if not self.fleeting:
            return told
        return (
            f"{told}, {len(self.fleeting)} of them fleeting"
            if told
            else (f"{len(self.fleeting)} of {len(self.states)} states fleeting")
        )


def reduce_entities(
    system: System,
    watch: Watch,
    symmetry: Symmetry,
    dropped: Collection[Var[Any]] = (),
    *,
    folds: bool,
    hurries: bool,
) -> list[Reduced]:
    """What can be said of entities that look like others, but for those with too many states.

    It ``folds`` local states, or finds fleeting ones, or both. What is said of one entity holds
    for all that the ``symmetry`` exchanges it for.
    """
    first = {entity: block[0] for block in symmetry.blocks for entity in block}
    found: dict[Entity, Reduced] = {}
    for entity in [entity for block in alike(system) if len(block) > 1 for entity in block]:
        like = found.get(first.get(entity, entity))
        if like is not None:
            found[entity] = replace(like, entity=entity)
            continue
        with contextlib.suppress(TooMany):
            local = LocalStates(system, entity, watch, dropped)
            block = blocks(local) if folds else list(range(len(local.states)))
            standing: dict[int, Local] = {}
            for number, state in zip(block, local.states, strict=True):
                standing.setdefault(number, state)
            some = fleeting(local, block, watch) if hurries else set()
            found[entity] = Reduced(
                entity,
                local.states,
                [standing[number] for number in block],
                frozenset(standing[number] for number in some),
            )
    return [one for one in found.values() if one.others or one.fleeting]


def told(reduced: Iterable[Reduced]) -> list[str]:
    """What is reduced, in a few words: once for entities of which the same is true."""
    names: dict[str, list[str]] = {}
    for one in reduced:
        names.setdefault(str(one), []).append(str(one.entity))
    return [f"{'/'.join(some)} ({what})" for what, some in names.items() if what]
