"""The steps from many states at once."""

from __future__ import annotations

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
    of its ``actions``, ~number if it leaves a domain, and the state ``after`` it.
    """

    offsets: Numbers
    actions: NDArray[np.int32]
    after: Words

    @property
    def before(self) -> Numbers:
        """By step, the place of the state that it is taken from."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def inside(self) -> Numbers:
        """The numbers of the steps that leave no domain."""
        return np.flatnonzero(self.actions >= 0)

    def changing(self, words: Words) -> Truths:
        """By step, whether it changes anything of the states in ``words`` that all are from."""
        before = self.before
        changed = np.zeros(len(self.actions), np.bool_)
        for one, other in zip(words, self.after, strict=True):
            changed |= one[before] != other
        return changed


class Steps:
    """The actions of ``tables``, which say all there is to know of a system."""

    def __init__(self, tables: Tables, values: Values) -> None:
        # In the order in which every explorer takes them.
        self._actions = [_Action(tables, values, number) for number in tables.row]

    def take(self, words: Words) -> Found:
        """Every step from the states in ``words``."""
        states = len(words[0])
        many = np.zeros(states, np.int64)
        taken: list[tuple[_Action, Numbers]] = []
        for action in self._actions:
            able = action.able(words)
            if len(able):
                many[able] += 1
                taken.append((action, able))
        offsets = np.zeros(states + 1, np.int64)
        np.cumsum(many, out=offsets[1:])
        steps, place = int(offsets[-1]), offsets[:-1].copy()
        found = Found(offsets, np.empty(steps, np.int32), [np.empty(steps, Word) for _ in words])
        for action, able in taken:
            here = place[able]
            place[able] = here + 1
            action.take([word[able] for word in words], here, found)
        return found

    def again(self, words: Words, actions: Numbers) -> Words:
        """The states after steps that are known, from the states in ``words``."""
        after = [word.copy() for word in words]
        found = Found(np.arange(len(actions)), np.empty(len(actions), np.int32), after)
        for action in self._actions:
            places = np.flatnonzero(actions == action.number)
            if len(places):
                action.take([word[places] for word in words], places, found)
        return after


class _Update(NamedTuple):
    """A computed field, by the program for it; ``valid`` tells by stored value what is allowed."""

    program: int
    word: int
    shift: int
    base: int
    valid: Truths | None


class _Action:
    """One action: when it can be taken, and what is after it."""

    def __init__(self, tables: Tables, values: Values, number: int) -> None:
        words = tables.layout.words
        row = slice(number * words, (number + 1) * words)
        self._values = values
        self.number = number
        pins = zip(tables.guard_mask[row], tables.guard_value[row], strict=True)
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
        able = np.arange(len(words[0])) if met is None else np.flatnonzero(met)
        for test in self._tests:
            if not len(able):
                break
            able = able[self._values.true(test, [word[able] for word in words])]
        return able

    def take(self, words: Words, places: Numbers, found: Found) -> None:
        """Put the steps from the states in ``words`` to their ``places``."""
        after = [
            word & keep | fixed
            for word, keep, fixed in zip(words, self._keep, self._fixed, strict=True)
        ]
        number = np.full(len(places), self.number, np.int32)
        for update in self._updates:
            stored = self._values.of(update.program, words) - update.base
            if update.valid is not None:
                inside = (stored >= 0) & (stored < len(update.valid))
                inside &= update.valid[np.where(inside, stored, 0)]
                if not inside.all():
                    number[~inside] = ~self.number
                    stored[~inside] = 0
            after[update.word] |= stored.view(Word) << Word(update.shift)
        found.actions[places] = number
        for column, word in zip(found.after, after, strict=True):
            column[places] = word


def _update(tables: Tables, k: int) -> _Update:
    program, word, shift, base, width, at = tables.updates[
        k * _NUMBERS_OF_AN_UPDATE : (k + 1) * _NUMBERS_OF_AN_UPDATE
    ]
    if at < 0:
        return _Update(program, word, shift, base, None)
    allowed = [tables.valid[at + value // WORD] >> value % WORD & 1 for value in range(1 << width)]
    return _Update(program, word, shift, base, np.array(allowed, np.bool_))
