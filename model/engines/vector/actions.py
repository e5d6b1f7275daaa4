"""What actions do to many states at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.engines.kernel.tables import Tables
from model.engines.layout import WORD
from model.engines.vector.values import Numbers, Truths, Values, Word, Words, numbers_of

_NUMBERS_OF_AN_UPDATE = 6  # program, word, shift, base, width, where its valid values are


class Found(NamedTuple):
    """Steps, state by state, in the order in which every explorer takes them.

    Those of the i-th state are numbers ``offsets[i]`` to ``offsets[i + 1]``. A step has the number
    of its ``actions``, ~number if it leaves a domain, and the state ``after`` it. ``many`` counts
    all steps from each state, those that were left out included.
    """

    offsets: Numbers
    many: Numbers
    actions: NDArray[np.int32]
    after: Words

    @property
    def numbers(self) -> Numbers:
        """By step, the number of its action, whether it leaves a domain or not."""
        return np.where(self.actions < 0, ~self.actions, self.actions)

    @property
    def before(self) -> Numbers:
        """By step, the place of the state that it is taken from."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def inside(self) -> Numbers | None:
        """The numbers of the steps that leave no domain; None if none of them does."""
        if not (self.actions < 0).any():
            return None
        return np.flatnonzero(self.actions >= 0)

    def changing(self, words: Words) -> Truths:
        """By step, whether it changes anything of the states in ``words`` that all are from."""
        before = self.before
        changed = np.zeros(len(before), np.bool_)
        for one, other in zip(words, self.after, strict=True):
            changed |= one[before] != other
        return changed


class Taken(NamedTuple):
    """Some of these steps, taken from the states at the places ``before``, which are in order.

    ``many`` says how many there are from each state, unless no state has more than one.
    """

    many: Numbers | None
    before: Numbers
    actions: NDArray[np.int32]
    after: Words


def merged(pieces: Sequence[Taken], states: int, words: int, many: Numbers | None = None) -> Found:
    """The steps from so many ``states`` of so many ``words``, in the order of the ``pieces``.

    ``many`` there are from each state, if not all of them are in the pieces.
    """
    here = np.zeros(states, np.int64)
    for piece in pieces:
        if piece.many is None:
            here[piece.before] += 1
        else:
            here += piece.many
    offsets = np.zeros(states + 1, np.int64)
    np.cumsum(here, out=offsets[1:])
    steps, place = int(offsets[-1]), offsets[:-1].copy()
    actions = np.empty(steps, np.int32)
    after = [np.empty(steps, Word) for _ in range(words)]
    for piece in pieces:
        if piece.many is None:
            places = place.take(piece.before)
            place[piece.before] += 1
        else:
            place += piece.many
            places = (place - np.cumsum(piece.many)).take(piece.before)
            places += np.arange(len(places))
        actions[places] = piece.actions
        for column, word in zip(after, piece.after, strict=True):
            column[places] = word
    return Found(offsets, here if many is None else many, actions, after)


class _Update(NamedTuple):
    """A computed field, by the program for it; ``valid`` tells by stored value what is allowed."""

    program: int
    word: int
    shift: int
    base: int
    valid: Truths | None


class Action:
    """One action: when it can be taken, and what is after it."""

    def __init__(self, tables: Tables, values: Values, number: int) -> None:
        words = tables.layout.words
        row = slice(number * words, (number + 1) * words)
        self._values = values
        self.number = number
        self.pins = tables.guard_mask[row], tables.guard_value[row]
        """By word: the bits that the guard tells, and what they have to be."""
        pins = zip(*self.pins, strict=True)
        self._pins = [(w, Word(mask), Word(value)) for w, (mask, value) in enumerate(pins) if mask]
        self._tests = tables.tests[slice(*tables.tests_at[number : number + 2])]
        self._keep, self._fixed = map(numbers_of, (tables.keep_mask[row], tables.set_value[row]))
        first, end = tables.updates_at[number : number + 2]
        self._updates = [_update(tables, k) for k in range(first, end)]

    def able(self, words: Words) -> Numbers:
        """The places of the states in which it can be taken."""
        met: Truths | None = None
        for w, mask, value in self._pins:
            same = words[w] & mask == value
            met = same if met is None else met & same
        return self.tested(np.arange(len(words[0])) if met is None else np.flatnonzero(met), words)

    def tested(self, able: Numbers, words: Words) -> Numbers:
        """Those of the states at the places ``able`` that pass all tests."""
        for test in self._tests:
            if not len(able):
                break
            able = able[self._values.true(test, [word[able] for word in words])]
        return able

    def taken(self, words: Words, able: Numbers) -> Taken:
        """Its steps from the states in ``words``, of which those at the places ``able`` can."""
        return Taken(None, able, *self.take([word.take(able) for word in words]))

    def take(self, words: Words) -> tuple[NDArray[np.int32], Words]:
        """The numbers of the steps from the states in ``words``, and the states after them."""
        after = [
            word & keep | fixed
            for word, keep, fixed in zip(words, self._keep, self._fixed, strict=True)
        ]
        numbers = np.full(len(words[0]), self.number, np.int32)
        for update in self._updates:
            stored = self._values.of(update.program, words) - update.base
            if update.valid is not None:
                inside = (stored >= 0) & (stored < len(update.valid))
                inside &= update.valid[np.where(inside, stored, 0)]
                if not inside.all():
                    numbers[~inside] = ~self.number
                    stored[~inside] = 0
            after[update.word] |= stored.view(Word) << Word(update.shift)
        return numbers, after


def _update(tables: Tables, k: int) -> _Update:
    program, word, shift, base, width, at = tables.updates[
        k * _NUMBERS_OF_AN_UPDATE : (k + 1) * _NUMBERS_OF_AN_UPDATE
    ]
    if at < 0:
        return _Update(program, word, shift, base, None)
    allowed = [tables.valid[at + value // WORD] >> value % WORD & 1 for value in range(1 << width)]
    return _Update(program, word, shift, base, np.array(allowed, np.bool_))
