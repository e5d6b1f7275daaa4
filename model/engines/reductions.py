"""What is known of the local states of entities that makes a search store fewer states."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from model.engines.explorer import Watch
from model.engines.fleeting import fleeting
from model.engines.folding import blocks
from model.engines.local import Local, LocalStates, TooMany
from model.engines.symmetry import Symmetry, alike
from model.engines.ways import ways
from model.lang import Entity, GroundAction, System, Var

MOST_FORKS = 64
"""How many stored states may stand for one. As in kernel.c."""


class Passing(NamedTuple):
    """The way out of a local state: ``through`` which others, to which ``ends``, by which steps.

    Of the ends those are named that stand for others.
    """

    through: Sequence[Local]
    ends: Sequence[Local]
    taken: Sequence[GroundAction]


@dataclass(frozen=True)
class Reduced:
    """An entity's local ``states``, each with the one ``standing`` for it.

    ``fleeting`` are those of the latter that the entity leaves before anybody else does anything.
    Others, ``passing`` ones, are not even stored: what stands for them is where they lead. Of
    ``blocks`` that nothing tells apart so many are ``hurried``: fleeting, stored or not.
    """

    entity: Entity
    states: Sequence[Local]
    standing: Sequence[Local]
    fleeting: frozenset[Local]
    passing: Mapping[Local, Passing]
    blocks: int
    hurried: int

    @property
    def others(self) -> list[tuple[Local, Local]]:
        """The local states that do not stand for themselves, each with the one that does."""
        pairs = zip(self.states, self.standing, strict=True)
        return [(one, other) for one, other in pairs if one != other]

    def __str__(self) -> str:
        what = [f"{len(self.states)} states to {self.blocks}"]
        if self.blocks == len(self.states):
            what = [f"{len(self.states)} states"] if self.hurried else []
        if self.hurried:
            what.append(f"{self.hurried} of them fleeting")
        if self.hurried > len(self.fleeting):
            what.append(f"{self.hurried - len(self.fleeting)} of those not stored")
        return ", ".join(what)


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
    entities = [entity for block in alike(system) if len(block) > 1 for entity in block]
    most = next((k for k in range(MOST_FORKS, 0, -1) if k ** len(entities) <= MOST_FORKS), 1)
    for entity in entities:
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
            onward = ways(local, block, some, watch, dropped, most)
            found[entity] = Reduced(
                entity,
                local.states,
                [
                    standing[min(onward[k].ends) if k in onward else number]
                    for k, number in enumerate(block)
                ],
                frozenset(standing[number] for number in some - {block[k] for k in onward}),
                {
                    local.states[k]: Passing(
                        [local.states[number] for number in sorted(way.through)],
                        [standing[number] for number in sorted(way.ends)],
                        [local.rules[number].action for number in sorted(way.taken)],
                    )
                    for k, way in onward.items()
                },
                len(standing),
                len(some),
            )
    return [one for one in found.values() if one.others or one.hurried]


def told(reduced: Iterable[Reduced]) -> list[str]:
    """What is reduced, in a few words: once for entities of which the same is true."""
    names: dict[str, list[str]] = {}
    for one in reduced:
        names.setdefault(str(one), []).append(str(one.entity))
    return [f"{'/'.join(some)} ({what})" for what, some in names.items() if what]
