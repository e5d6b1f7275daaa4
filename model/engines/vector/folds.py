"""Local states of an entity that nothing tells apart, of which one is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from model.engines.layout import WORD, Layout, stored
from model.engines.reductions import Reduced
from model.engines.vector.values import Bits, Word, Words

_TABLE_BITS = 20
"""Of a part with no more bits than this, every value has a place in a table."""


class _Part(NamedTuple):
    """Where an entity has its bits in a state, and what is stored for them.

    That is in ``table`` by value, or, if ``values`` lists some, beside those, which are in order.
    """

    word: int
    shift: int
    mask: int
    values: Bits | None
    table: Bits


class Folds:
    """The ``folds`` of entities whose states are packed by ``layout``."""

    def __init__(self, layout: Layout, folds: Sequence[Reduced]) -> None:
        self._parts = [_part(layout, fold) for fold in folds]

    def __bool__(self) -> bool:
        return bool(self._parts)

    def stored(self, words: Words) -> Words:
        """What is stored for states."""
        after = list(words)
        for word, shift, mask, values, table in self._parts:
            part = after[word] >> Word(shift) & Word(mask)
            if values is None:
                part = table[part.view(np.int64)]
            else:
                at = np.minimum(np.searchsorted(values, part), len(values) - 1)
                part = np.where(values[at] == part, table[at], part)
            after[word] = after[word] & ~Word(mask << shift) | part << Word(shift)
        return after


def _part(layout: Layout, fold: Reduced) -> _Part:
    start, width = layout.part[fold.entity.name]
    fields = [
        [stored(v, value) << layout.shift[v] - start for value in v.domain.values]
        for v in fold.entity.variables()
    ]
    pairs = np.array(
        [[sum(map(list.__getitem__, fields, local)) for local in pair] for pair in fold.others],
        Word,
    )
    values: Bits | None = None
    if width <= _TABLE_BITS:
        table = np.arange(1 << width, dtype=Word)
        table[pairs[:, 0]] = pairs[:, 1]
    else:
        pairs = pairs[np.argsort(pairs[:, 0])]
        values, table = pairs[:, 0].copy(), pairs[:, 1].copy()
    return _Part(*divmod(start, WORD), (1 << width) - 1, values, table)
