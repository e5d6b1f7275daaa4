"""A set of states that are numbered in the order in which they come, many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from model.engines.vector.growing import Growing
from model.engines.vector.values import Numbers, Truths, Word, Words

MOST = 2**32 - 2
"""How many states there may be: an entry of the table has 32 bits for a number."""

_HALF = Word(32)
_FIRST_SLOTS = 1 << 12
_ROOM = 2  # entries for each state, at least
_LARGE = 1 << 22  # entries from which on a table only doubles
_MULTIPLIERS = Word(0x9E3779B97F4A7C15), Word(0xD6E8FEB86659FD93)


class Added(NamedTuple):
    """What has become of states: the number of each, and where each of the ``new`` ones stands.

    ``full`` is where the first one stands for which there is no room; numbers from there on may be
    of states that are not there.
    """

    numbers: Numbers
    new: Numbers
    full: int | None


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
        size = self._size(self.count + more)
        return size * self._slots.itemsize if size > len(self._slots) else 0

    def _size(self, states: int) -> int:
        """How many entries the table has to have for so many states."""
        size = len(self._slots)
        while size < _ROOM * states:
            size *= 4 if size < _LARGE else 2
        return size

    def resume(self) -> None:
        """Find the states that the columns have been filled with."""
        self._make_room(self.count)

    def words(self, start: int, end: int) -> Words:
        """The states from number ``start`` up to ``end``."""
        return [word.all[start + 1 : end + 1] for word in self._words]

    def find(self, words: Words) -> Numbers:
        """The number of each state; -1 for one that is not there."""
        places, _, _ = self._look_up(words, _hashes(words))
        places -= 1
        return places

    def add(self, words: Words) -> Added:
        """Add the states that are not there, in their order, as far as there is room."""
        hashes = _hashes(words)
        places, absent, at = self._look_up(words, hashes)
        full, new = None, absent
        if len(absent):
            first = self.count
            if _ROOM * (first + len(absent)) > len(self._slots):
                self._make_room(first + len(absent))
                at = self._free(hashes.take(absent))
            fresh = [word.take(absent) for word in words]
            places[absent], new = self._insert(fresh, at)
            if first + len(new) > self._most:
                full = int(absent[new[self._most - first]])
                new = new[: self._most - first]
            for mine, theirs in zip(self._words, fresh, strict=True):
                mine.append(theirs.take(new))
            new = absent.take(new)
            if full is not None:
                self._make_room(0)  # what was not added must not be found
        places -= 1
        return Added(places, new, full)

    @property
    def _mask(self) -> np.int64:
        return np.int64(len(self._slots) - 1)

    def _look_up(self, words: Words, hashes: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Each state's place, or 0; which states have none, and the free entries of those."""
        at = hashes & self._mask
        places, same = self._entries(words, at)
        left = np.flatnonzero(~same)
        at, found = at.take(left), places.take(left)
        some = [word.take(left) for word in words]
        on = np.flatnonzero(found)  # of those left, the ones that meet others in their entries
        found[on] = 0
        while len(on):
            after = at.take(on) + 1
            after &= self._mask
            at[on] = after
            entries, same = self._entries([word.take(on) for word in some], after)
            found[on] = entries * same
            on = on[~same & (entries != 0)]
        places[left] = found
        absent = np.flatnonzero(found == 0)
        return places, left.take(absent), at.take(absent)

    def _entries(self, words: Words, at: Numbers) -> tuple[Numbers, Truths]:
        """What the table has ``at`` some places, and whether that is the place of the state."""
        entries = self._slots.take(at).astype(np.int64)
        same: Truths = entries != 0
        for mine, theirs in zip(self._words, words, strict=True):
            same &= mine.all.take(entries) == theirs
        return entries, same

    def _insert(self, words: Words, at: Numbers) -> tuple[Numbers, Numbers]:
        """Give places to states that have none, and the entries ``at`` which they come to.

        Returns the places, and where each new state first stands. Of all that want an entry the
        first one gets it. Those that are the same state are then done; the others go on to the
        next free one. The same states go the same way, so that each comes to an entry together
        with the first of its kind.
        """
        slots, some, here = self._slots, words, at
        waiting = np.arange(len(at))
        first = np.empty(len(at), np.int64)
        while len(waiting):
            # Where an index is repeated, the last value stays.
            slots[here[::-1].copy()] = waiting[::-1] + 1
            winner = slots.take(here).astype(np.int64) - 1
            first[waiting] = winner
            same: Truths = words[0].take(winner) == some[0]
            for word, mine in zip(words[1:], some[1:], strict=True):
                same &= word.take(winner) == mine
            waiting = waiting[~same]
            here = self._free(at.take(waiting))
            at[waiting] = here
            some = [word.take(waiting) for word in words]
        new = np.flatnonzero(first == np.arange(len(at)))
        places = np.arange(self.count + 1, self.count + 1 + len(new))
        slots[at.take(new)] = places
        number = np.empty(len(at), np.int64)
        number[new] = places
        return number.take(first), new

    def _free(self, hashes: Numbers) -> Numbers:
        """For each hash, the nearest place from its own on that is free."""
        at = hashes & self._mask
        left = np.flatnonzero(self._slots.take(at))
        while len(left):
            at[left] += 1
            at[left] &= self._mask
            left = left[self._slots[at[left]] != 0]
        return at

    def _make_room(self, states: int) -> None:
        """Make the table anew, with room for at least so many ``states``."""
        self._slots = np.zeros(self._size(states), np.uint32)
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
