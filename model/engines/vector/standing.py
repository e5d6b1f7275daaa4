"""One state for all that differ by an exchange of interchangeable parts, for many states at once.

Of those it is the one whose parts are in order. Parts that are the same keep their order, so that
which part goes where is a matter of which ones are less.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from model.engines.kernel.tables import Part
from model.engines.layout import WORD
from model.engines.vector.values import Bits, Numbers, Truths, Word, Words


class Standing:
    """The states that stand for others, where ``parts`` are interchangeable within their blocks."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._blocks = [
            list(block) for _, block in itertools.groupby(parts, key=lambda part: part.block)
        ]

    @property
    def most(self) -> int:
        """How many parts one block has at most."""
        return max(map(len, self._blocks), default=0)

    def sorted(self, words: Words) -> Words:
        """By state, the one that stands for it."""
        if not self._blocks:
            return words
        after = [word.copy() for word in words]
        for block in self._blocks:
            parts = _taken(words, block)
            for last in range(len(parts) - 1, 0, -1):
                for k in range(last):
                    low, high = parts[k], parts[k + 1]
                    parts[k], parts[k + 1] = np.minimum(low, high), np.maximum(low, high)
            for part, value in zip(block, parts, strict=True):
                word, shift = divmod(part.shift, WORD)
                after[word] &= ~_mask(part)
                after[word] |= value << Word(shift)
        return after

    def ranks(self, words: Words) -> Numbers:
        """By state, the number of the permutation that sorts it, block by block.

        Its digits in the factorial system say how many of the parts behind each are less; 0 means
        that nothing moves.
        """
        rank = np.zeros(len(words[0]), np.int64)
        for block in self._blocks:
            parts = _taken(words, block)
            for k, one in enumerate(parts):
                rank *= len(parts) - k
                for other in parts[k + 1 :]:
                    rank += other < one
        return rank

    def places(self, words: Words) -> Numbers:
        """By state and part, where the part is in the state that stands for it."""
        columns: list[Numbers] = []
        for block in self._blocks:
            parts = _taken(words, block)
            for k, one in enumerate(parts):
                before = np.full(len(one), len(columns) - k)
                for j, other in enumerate(parts):
                    less: Truths = other <= one if j < k else other < one
                    before += less if j != k else 0
                columns.append(before)
        return np.stack(columns, axis=1) if columns else np.zeros((len(words[0]), 0), np.int64)

    def orbits(self, words: Words) -> Numbers:
        """By sorted state, for how many states it stands: a multinomial, built up exactly."""
        orbit = np.ones(len(words[0]), np.int64)
        for block in self._blocks:
            alike = np.ones(len(orbit), np.int64)
            for k, (last, part) in enumerate(itertools.pairwise(_taken(words, block)), 2):
                alike = np.where(part == last, alike + 1, 1)
                orbit = orbit * k // alike
        return orbit


def _taken(words: Words, block: Sequence[Part]) -> list[Bits]:
    return [(words[part.shift // WORD] & _mask(part)) >> Word(part.shift % WORD) for part in block]


def _mask(part: Part) -> np.uint64:
    """The part's bits within its word."""
    return Word(((1 << part.width) - 1) << part.shift % WORD)
