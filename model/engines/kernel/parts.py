"""Parts of a packed state that may be exchanged for others: those of entities that look alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from model.engines.kernel.programs import Unsuitable
from model.engines.kernel.tables import FoldedPart, Part, WayOut
from model.engines.layout import Layout, stored
from model.engines.local import Local
from model.engines.reductions import Reduced
from model.engines.rule import mentions
from model.engines.symmetry import Symmetry


def parts_of(layout: Layout, symmetry: Symmetry) -> list[Part]:
    """Where the interchangeable entities have their parts of a state. Raises Unsuitable."""
    blocks = list(enumerate(symmetry.blocks))
    for entity in (entity for _, block in blocks for entity in block):
        if entity.name not in layout.part:
            raise Unsuitable(f"{entity.name} has more bits than a word")
    return [
        Part(*layout.part[entity.name], block) for block, entities in blocks for entity in entities
    ]


def folded_parts(layout: Layout, reduced: Sequence[Reduced]) -> Iterator[FoldedPart]:
    """What is known of entities' own states, packed."""
    number = {action: k for k, action in enumerate(layout.system.actions)}
    for one in reduced:
        part = Part(*layout.part[one.entity.name], 0)
        variables = one.entity.variables()
        fields = [
            [stored(v, value) << layout.shift[v] - part.shift for value in v.domain.values]
            for v in variables
        ]
        packed = {state: _packed(fields, state) for state in one.states}
        standing = map(packed.__getitem__, one.standing)
        yield FoldedPart(
            part,
            dict(zip(packed.values(), standing, strict=True)),
            {packed[state] for state in one.fleeting},
            {
                packed[state]: WayOut(
                    [packed[k] for k in way.through],
                    [packed[k] for k in way.ends],
                    [number[k] for k in way.taken],
                )
                for state, way in one.passing.items()
            },
            [
                k
                for action, k in number.items()
                if action.actor == one.entity.name and mentions(action, variables)
            ],
        )


def _packed(fields: Sequence[Sequence[int]], local: Local) -> int:
    return sum(field[place] for field, place in zip(fields, local, strict=True))
