"""A set of states that are numbered in the order in which they come, many at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.engines.vector.growing import Growing
from model.engines.vector.values import Numbers, Truths, Word, Words

MOST = 2**32 - 2
"""How many states there may be: an entry of the table has 32 bits for a number."""

_LOW, _HALF = Word(2**32 - 1), Word(32)
_ONE = Word(1)
_FIRST_SLOTS = 1 << 12
_TAKEN = Word(1 << 63)
_MULTIPLIERS = Word(0x9E3779B97F4A7C15), Word(0xD6E8FEB86659FD93)


class States:
    """States of so many ``words``: their columns, and a table that finds them.

    The table is one of open addressing. An entry is 32 bits of a state's hash, which is never 0,
    and its number, plus one; 0 is a free place.
    """

    def __init__(self, words: int, most: int | None) -> None:
        self._words = [Growing(Word) for _ in range(words)]
        self._most = MOST if most is None else min(most, MOST)
        self._slots = np.zeros(_FIRST_SLOTS, Word)

    @property
    def count(self) -> int:
        """How many states there are."""
        return self._words[0].count

    @property
    def columns(self) -> Sequence[Growing]:
        """The words of all states, by word."""
        return self._words

    @property
    def table_bytes(self) -> int:
        """The bytes of the table."""
        return self._slots.nbytes

    def room_for(self, more: int) -> int:
        """How many of so many further states may be stored."""
        return max(0, min(more, self._most - self.count))

    def table_growth(self, more: int) -> int:
        """The bytes of the next table, if so many further states make it too small."""
        size = len(self._slots)
        while size < 2 * (self.count + more):
            size *= 2
        return size * self._slots.itemsize if size > len(self._slots) else 0

    def resume(self) -> None:
        """Find the states that the columns have been filled with."""
        self._make_room(self.count)

    def words(self, start: int, end: int) -> Words:
        """The states from number ``start`` up to ``end``."""
        return [word.all[start:end] for word in self._words]

    def find(self, words: Words) -> Numbers:
        """The number of each state; -1 for one that is not there."""
        found, _ = self._look_up(words, _hashes(words))
        return found

    def add(self, words: Words) -> tuple[Numbers, int | None]:
        """The number of each state, and where the first one stands for which there is no room.

        Those before it are added unless they are there, in their order; the others are not.
        """
        hashes = _hashes(words)
        found, at = self._look_up(words, hashes)
        absent = np.flatnonzero(found < 0)
        if not len(absent):
            return found, None
        if 2 * (self.count + len(absent)) > len(self._slots):
            self._make_room(self.count + len(absent))
            at[absent] = self._free(hashes[absent] & self._mask)
        new = self._insert(absent, words, hashes, at, found)
        full = None
        if self.count + len(new) > self._most:
            full = int(new[self._most - self.count])
            new = new[: self._most - self.count]
        for mine, theirs in zip(self._words, words, strict=True):
            mine.append(theirs[new])
        if full is not None:
            self._make_room(0)  # what was not added must not be found
        return found, full

    @property
    def _mask(self) -> np.uint64:
        return Word(len(self._slots) - 1)

    def _look_up(self, words: Words, hashes: NDArray[np.uint64]) -> tuple[Numbers, Numbers]:
        """Each state's number, or -1 and its place in the table."""
        at = (hashes & self._mask).view(np.int64)
        entries = self._slots[at]
        found = self._matches(words, hashes, entries)
        left = np.flatnonzero((found < 0) & (entries != 0))
        while len(left):
            at[left] += 1
            at[left] &= np.int64(self._mask)
            entries = self._slots[at[left]]
            found[left] = self._matches([word[left] for word in words], hashes[left], entries)
            left = left[(found[left] < 0) & (entries != 0)]
        return found, at

    def _matches(
        self, words: Words, hashes: NDArray[np.uint64], entries: NDArray[np.uint64]
    ) -> Numbers:
        """By state, the number in its entry if the state of that number is the same, else -1."""
        alike = (entries ^ hashes) >> _HALF == 0
        number = (entries & _LOW).view(np.int64) - 1
        number[~alike] = -1
        where = np.flatnonzero(alike)
        candidates = number[where]
        same = np.ones(len(where), np.bool_)
        for mine, theirs in zip(self._words, words, strict=True):
            same &= mine.all[candidates] == theirs[where]
        if not same.all():
            number[where[~same]] = -1
        return number

    def _insert(
        self,
        absent: Numbers,
        words: Words,
        hashes: NDArray[np.uint64],
        at: Numbers,
        found: Numbers,
    ) -> Numbers:
        """Give numbers to the ``absent`` states, and entries. Returns where they first stand.

        Of all that want a place the first one gets it. Those that are the same state are then
        done; the others go on to the next free place. The same states go the same way, so that
        each comes to a place together with the first of its kind.
        """
        slots, waiting, first = self._slots, absent, found.copy()
        while len(waiting):
            places = at[waiting]
            # Where an index is repeated, the last value stays.
            slots[places[::-1]] = waiting[::-1].view(Word) | _TAKEN
            winner = (slots[places] & ~_TAKEN).view(np.int64)
            same: Truths = np.ones(len(waiting), np.bool_)
            for word in words:
                same &= word[winner] == word[waiting]
            first[waiting] = winner
            waiting = waiting[~same]
            at[waiting] = self._free(at[waiting].view(Word))
        first = first[absent]
        new: Numbers = absent[first == absent]
        numbers: Numbers = np.empty(len(found), np.int64)
        numbers[new] = np.arange(self.count, self.count + len(new))
        slots[at[new]] = (hashes[new] >> _HALF << _HALF) | (numbers[new].view(Word) + _ONE)
        found[absent] = numbers[first]
        return new

    def _free(self, places: NDArray[np.uint64]) -> Numbers:
        """For each place, the nearest one from there on that is free."""
        at = places.view(np.int64)
        left = np.flatnonzero(self._slots[at])
        while len(left):
            at[left] += 1
            at[left] &= np.int64(self._mask)
            left = left[self._slots[at[left]] != 0]
        return at

    def _make_room(self, states: int) -> None:
        """Make the table anew, with room for at least so many ``states``."""
        size = len(self._slots)
        while size < 2 * states:
            size *= 2
        self._slots = np.zeros(size, Word)
        step = 1 << 16
        for start in range(0, self.count, step):
            hashes = _hashes(self.words(start, start + step))
            numbers = np.arange(start, start + len(hashes), dtype=Word)
            entries = (hashes >> _HALF << _HALF) | (numbers + _ONE)
            at = self._free(hashes & self._mask)
            while len(at):
                self._slots[at] = entries
                lost = self._slots[at] != entries
                at, entries = self._free(at[lost].view(Word)), entries[lost]


def _hashes(words: Words) -> NDArray[np.uint64]:
    """A number for each state that looks like chance; its upper half is never 0."""
    one, other = _MULTIPLIERS
    mixed = words[0] * one
    mixed ^= mixed >> _HALF
    for word in words[1:]:
        mixed ^= word
        mixed *= one
        mixed ^= mixed >> _HALF
    mixed *= other
    mixed ^= mixed >> _HALF
    mixed |= _TAKEN
    return mixed
