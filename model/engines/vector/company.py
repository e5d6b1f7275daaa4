"""Actions that read and write little, and what they have done so far.

A state falls into parts: the fields of an entity, or some of them. An action that reads and writes
no more than two parts does the same in all states that are alike there. So the values of each part
are numbered as they come, and a pair of numbers finds what was done before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from model.engines.layout import WORD, Layout
from model.engines.vector.actions import Action, Taken, merged
from model.engines.vector.growing import Growing
from model.engines.vector.values import Numbers, Word, Words
from model.lang import GroundAction, Var

_PART_BITS = 18
"""Each value of so many bits has a place in a table."""
_PAIRS = 1 << 22
"""For at most so many pairs of numbers a company has room."""
_TOGETHER = 2
"""A company has so many parts."""


class TooMany(Exception):
    """The parts of a company come to more values than there is room for."""


class Part:
    """Some bits of a state. Their values are numbered from 1 on, in the order of their coming."""

    def __init__(self, shift: int, width: int) -> None:
        self._word, self._shift = divmod(shift, WORD)
        self._mask = Word((1 << width) - 1)
        self._numbers = np.zeros(1 << width, np.int32)
        self.count = 0

    def numbers(self, words: Words) -> Numbers:
        """By state, the number of the value that it has here."""
        value = (words[self._word] >> Word(self._shift) & self._mask).view(np.int64)
        numbers = self._numbers.take(value)
        if not numbers.all():
            new = np.unique(value[numbers == 0])
            self._numbers[new] = np.arange(self.count + 1, self.count + 1 + len(new))
            self.count += len(new)
            numbers = self._numbers.take(value)
        return numbers.astype(np.int64)


class Run:
    """``actions`` of a company that stand beside each other in the order of steps.

    Each row of the company has some steps here, which are beside each other in a list: by step
    there the number of the action, as in ``Found``, and the bits that it changes. Which ones were
    ``fired`` is noted.
    """

    def __init__(self, company: Company, actions: Sequence[Action], fired: bytearray) -> None:
        self.company, self.actions = company, actions
        self._fired = fired
        self._many, self._starts = Growing(np.int64), Growing(np.int64)
        self._most = 0
        self._numbers = Growing(np.int32)
        self._deltas = [Growing(Word) for _ in range(company.words)]
        company.runs.append(self)
        for column in (self._many, self._starts):
            column.append(np.zeros(1, np.int64))  # row 0 is that of no state

    def learn(self, words: Words) -> None:
        """Add a row for each of the states in ``words``."""
        pieces = [some for action in self.actions if (some := action.taken(words))]
        if not pieces:
            none = np.zeros(len(words[0]), np.int64)
            self._many.append(none)
            self._starts.append(none)
            return
        found = merged(pieces, len(words[0]), len(words), named=True)
        many, before = np.diff(found.offsets), found.before
        self._many.append(many)
        self._most = max(self._most, int(many.max()))
        self._starts.append(found.offsets[:-1] + self._numbers.count)
        self._numbers.append(found.actions)
        for number in np.unique(found.actions).tolist():
            self._fired[max(number, ~number)] = 1
        for deltas, after, word in zip(self._deltas, found.after, words, strict=True):
            deltas.append(after ^ word[before])

    def taken(self, words: Words, rows: Numbers, *, named: bool) -> Taken | None:
        """The steps from the states in ``words``, which have those ``rows``; None for none.

        Unless they are ``named``, their actions are not told.
        """
        if not self._most:
            return None
        many = self._many.all.take(rows)
        if self._most == 1:
            before = np.flatnonzero(many)
            steps = self._starts.all.take(rows.take(before))
        else:
            before = np.repeat(np.arange(len(many)), many)
            first = self._starts.all.take(rows)
            first += many
            first -= np.cumsum(many)
            steps = first.take(before)
            steps += np.arange(len(steps))
        after = [
            word.take(before) ^ deltas.all.take(steps)
            for word, deltas in zip(words, self._deltas, strict=True)
        ]
        numbers = self._numbers.all.take(steps if named else steps[:0])
        return Taken(many if self._most > 1 else None, before, numbers, after)


class Company:
    """``runs`` of actions that read and write no more than some ``parts`` of a state.

    Each combination of the parts' values has a row, once it has come.
    """

    def __init__(self, parts: Sequence[Part], words: int) -> None:
        self.words = words
        self.runs: list[Run] = []
        self._parts = parts
        self._rows = np.zeros((1,) * len(parts), np.int32)
        self._count = 1

    def rows(self, words: Words) -> Numbers:
        """By state, its row. Raises TooMany."""
        numbers = [part.numbers(words) for part in self._parts]
        self._make_room()
        index = numbers[0]
        for more, size in zip(numbers[1:], self._rows.shape[1:], strict=True):
            index *= size
            index += more
        known = self._rows.reshape(-1)
        rows = known.take(index)
        if not rows.all():
            unknown = np.flatnonzero(rows == 0)
            new, first = np.unique(index[unknown], return_index=True)
            known[new] = np.arange(self._count, self._count + len(new))
            self._count += len(new)
            some = [word[unknown[first]] for word in words]
            for run in self.runs:
                run.learn(some)
            rows = known.take(index)
        return rows.astype(np.int64)

    def _make_room(self) -> None:
        if all(part.count < n for part, n in zip(self._parts, self._rows.shape, strict=True)):
            return
        shape = [1 << part.count.bit_length() for part in self._parts]
        if math.prod(shape) > _PAIRS:
            raise TooMany
        rows = np.zeros(shape, np.int32)
        rows[tuple(map(slice, self._rows.shape))] = self._rows
        self._rows = rows


def companies(layout: Layout, actions: Sequence[Action]) -> list[tuple[Company | None, Action]]:
    """The ``actions``, each with its company, or with None if it reads or writes too much."""
    part: dict[Var[Any], Part | None] = {}
    for shift, variables in _parts(layout):
        width = sum(layout.width[variable] for variable in variables)
        one = Part(shift, width) if width <= _PART_BITS else None
        part.update(dict.fromkeys(variables, one))
    touched = [_touched(layout.system.actions[action.number], part) for action in actions]
    made = {few: Company([*few], layout.words) for few in touched if few and len(few) == _TOGETHER}

    def company(few: frozenset[Part] | None) -> Company | None:
        if few is None:
            return None
        for many, one in made.items():
            if few <= many:
                return one
        return made.setdefault(few, Company([*few], layout.words))

    return [(company(few), action) for few, action in zip(touched, actions, strict=True)]


def _touched(action: GroundAction, part: Mapping[Var[Any], Part | None]) -> frozenset[Part] | None:
    """The parts that ``action`` reads or writes; None if these are too many, or too wide."""
    items = [*action.guard, *(update.value for update in action.updates)]
    variables = {node for item in items for node in item.walk() if isinstance(node, Var)}
    variables |= {update.variable for update in action.updates}
    parts = {part[variable] for variable in variables}
    few = frozenset(one for one in parts if one)
    return few if len(few) == len(parts) <= _TOGETHER else None


def _parts(layout: Layout) -> Iterator[tuple[int, list[Var[Any]]]]:
    """Where each part begins, and its variables: of one entity, within a word, with few bits."""
    for entity in layout.system.entities:
        some: list[Var[Any]] = []
        for variable in entity.variables():
            end = layout.shift[variable] + layout.width[variable]
            if some and (
                end - layout.shift[some[0]] > _PART_BITS
                or layout.shift[some[0]] // WORD != (end - 1) // WORD
            ):
                yield layout.shift[some[0]], some
                some = []
            some.append(variable)
        if some:
            yield layout.shift[some[0]], some
