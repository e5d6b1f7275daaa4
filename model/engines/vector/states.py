"""A set of states that are numbered in the order in which they come, many at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.engines.vector.growing import Growing
from model.engines.vector.values import Numbers, Truths, Word, Words

MOST = 2**32 - 2
"""How many states there may be: an entry of the table has 32 bits for a number."""

_HALF = Word(32)
_FIRST_SLOTS = 1 << 12
_ROOM = 3  # entries for each state, at least
_MULTIPLIERS = Word(0x9E3779B97F4A7C15), Word(0xD6E8FEB86659FD93)


class States:
    """States of so many ``words``: their columns, and a table that finds them.

    The table is one of open addressing. An entry is the place of a state in the columns, where
    number 0 has place 1; 0 is a free entry, and nothing is looked up behind it.
    """

    def __init__(self, words: int, most: int | None) -> None:
        self._words = [Growing(Word) for _ in range(words)]
        for word in self._words:
            word.append(np.zeros(1, Word))
        self._most = MOST if most is None else min(most, MOST)
        self._slots = np.zeros(_FIRST_SLOTS, np.uint32)

    @property
    def count(self) -> int:
        """How many states there are."""
        return self._words[0].count - 1

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
        while size < _ROOM * (self.count + more):
            size *= 2
        return size * self._slots.itemsize if size > len(self._slots) else 0

    def resume(self) -> None:
        """Find the states that the columns have been filled with."""
        self._make_room(self.count)

    def words(self, start: int, end: int) -> Words:
        """The states from number ``start`` up to ``end``."""
        return [word.all[start + 1 : end + 1] for word in self._words]

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
        if _ROOM * (self.count + len(absent)) > len(self._slots):
            self._make_room(self.count + len(absent))
            at[absent] = self._free(hashes[absent])
        new = self._insert(absent, words, at, found)
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
    def _mask(self) -> np.int64:
        return np.int64(len(self._slots) - 1)

    def _look_up(self, words: Words, hashes: Numbers) -> tuple[Numbers, Numbers]:
        """Each state's number, or -1 and its place in the table."""
        at = hashes & self._mask
        found, left = self._matches(words, at)
        while len(left):
            at[left] += 1
            at[left] &= self._mask
            found[left], more = self._matches([word[left] for word in words], at[left])
            left = left[more]
        return found, at

    def _matches(self, words: Words, at: Numbers) -> tuple[Numbers, Numbers]:
        """By state, the number in its entry if that has the same state, else -1.

        Also which of the states have an entry that is neither theirs nor free.
        """
        entries = self._slots[at].astype(np.int64)
        same = self._words[0].all[entries] == words[0]
        for mine, theirs in zip(self._words[1:], words[1:], strict=True):
            same &= mine.all[entries] == theirs
        more = np.flatnonzero(~same & (entries != 0))
        entries *= same
        entries -= 1
        return entries, more

    def _insert(self, absent: Numbers, words: Words, at: Numbers, found: Numbers) -> Numbers:
        """Give numbers to the ``absent`` states, and entries. Returns where they first stand.

        Of all that want a place the first one gets it. Those that are the same state are then
        done; the others go on to the next free place. The same states go the same way, so that
        each comes to a place together with the first of its kind.
        """
        slots, waiting = self._slots, absent
        first = np.empty(len(found), np.int64)
        while len(waiting):
            places = at[waiting]
            # Where an index is repeated, the last value stays.
            slots[places[::-1]] = waiting[::-1] + 1
            winner = slots[places].astype(np.int64) - 1
            same: Truths = words[0][winner] == words[0][waiting]
            for word in words[1:]:
                same &= word[winner] == word[waiting]
            first[waiting] = winner
            waiting = waiting[~same]
            at[waiting] = self._free(at[waiting])
        winner = first[absent]
        new: Numbers = absent[winner == absent]
        first[new] = np.arange(self.count, self.count + len(new))
        slots[at[new]] = first[new] + 1
        found[absent] = first[winner]
        return new

    def _free(self, hashes: Numbers) -> Numbers:
        """For each hash, the nearest place from its own on that is free."""
        at = hashes & self._mask
        left = np.flatnonzero(self._slots[at])
        while len(left):
            at[left] += 1
            at[left] &= self._mask
            left = left[self._slots[at[left]] != 0]
        return at

    def _make_room(self, states: int) -> None:
        """Make the table anew, with room for at least so many ``states``."""
        size = len(self._slots)
        while size < _ROOM * states:
            size *= 2
        self._slots = np.zeros(size, np.uint32)
        step = 1 << 16
        for start in range(0, self.count, step):
            hashes = _hashes(self.words(start, start + step))
            entries = np.arange(start + 1, start + 1 + len(hashes))
            at = self._free(hashes)
            while len(at):
                self._slots[at] = entries
                lost = self._slots[at] != entries
                at, entries = self._free(at[lost]), entries[lost]


def _hashes(words: Words) -> Numbers:
    """A number for each state that looks like chance."""
    one, other = _MULTIPLIERS
    mixed = words[0] * one
    mixed ^= mixed >> _HALF
    for word in words[1:]:
        mixed ^= word
        mixed *= one
        mixed ^= mixed >> _HALF
    mixed *= other
    mixed ^= mixed >> _HALF
    return mixed.view(np.int64)
