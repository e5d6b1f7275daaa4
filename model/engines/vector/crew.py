"""Actions that read and write little, and what they have done so far.

A state falls into parts: the fields of an entity, or some of them. An action that reads and writes
no more than two parts does the same in all states that are alike there. So the values of each part
are numbered as they come, and a pair of numbers finds what was done before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from model.engines.layout import WORD, Layout
from model.engines.vector.actions import Action, Taken, merged
from model.engines.vector.growing import Growing
from model.engines.vector.values import Field, Numbers, Truths, Word, Words
from model.lang import GroundAction, Var

_PART_BITS = 18
"""Each value of so many bits has a place in a table."""
_PAIRS = 1 << 22
"""For at most so many pairs of numbers a crew has room."""
_TOGETHER = 2
"""A crew has so many parts."""


class TooMany(Exception):
    """The parts of a crew come to more values than there is room for."""


class Part:
    """Some bits of a state. Their values are numbered from 1 on, in the order of their coming."""

    def __init__(self, shift: int, width: int) -> None:
        self._word, self._shift = divmod(shift, WORD)
        self._mask = Word((1 << width) - 1)
        self._numbers = np.zeros(1 << width, np.int32)
        self.count = 0

    def has(self, field: Field) -> bool:
        """Whether all bits of the field are here."""
        word, shift, width = field
        end = self._shift + int(self._mask).bit_length()
        return word == self._word and self._shift <= shift and shift + width <= end

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
    """``actions`` of a ``crew`` that stand beside each other in the order of steps.

    By place of the crew's: how many of its steps are theirs, and where those begin.
    """

    def __init__(self, crew: Crew, actions: Sequence[Action]) -> None:
        self.crew, self.actions = crew, actions
        self._many, self._starts = Growing(np.int16), Growing(np.int64)
        self._some = Growing(np.bool_)
        self._most = 0
        crew.runs.append(self)

    def append(self, many: Numbers, starts: Numbers) -> None:
        """Put further places behind the rest."""
        self._many.append(many)
        self._some.append(many != 0)
        self._starts.append(starts)
        self._most = max(self._most, int(many.max()))

    def taken(self, words: Words, places: Numbers) -> Taken | None:
        """The steps from the states in ``words``, which have those places; None for none."""
        if not self._most:
            return None
        if self._most == 1:
            many = None
            before = np.flatnonzero(self._some.all.take(places))
            steps = self._starts.all.take(places.take(before))
        else:
            many = self._many.all.take(places)
            before = np.repeat(np.arange(len(many)), many)
            first = self._starts.all.take(places)
            first += many
            first -= np.cumsum(many)
            steps = first.take(before)
            steps += np.arange(len(steps))
        after = [
            word.take(before) ^ deltas.all.take(steps)
            for word, deltas in zip(words, self.crew.deltas, strict=True)
        ]
        return Taken(many, before, self.crew.actions.all.take(steps), after)


class Crew:
    """``runs`` of actions that read and write no more than some ``parts`` of a state.

    Each combination of the parts' values has a row, once it has come. There are several ways of
    leaving steps out, told by the action by which a state was found (see
    ``model.engines.repeated``). A row and a way make a place, which has some steps that
    are beside each other: by step the number in ``actions``, as in ``Found``, and the bits in
    ``deltas`` that it changes.
    """

    def __init__(self, parts: Sequence[Part], words: int) -> None:
        self.runs: list[Run] = []
        self.actions = Growing(np.int32)
        self.deltas = [Growing(Word) for _ in range(words)]
        self._parts = parts
        self._rows = np.zeros((1,) * len(parts), np.int32)
        self._many = Growing(np.int64)
        self._expected: list[Callable[[Words], Truths]] = []
        self._fine = Growing(np.bool_)
        self._fine.append(np.ones(1, np.bool_))

    def begin(self, repeated: Truths, fired: bytearray) -> None:
        """Be ready, once all runs are there. What is ``repeated`` is left out.

        By action is noted which ones were ``fired``.
        """
        self._fired = fired
        self._all = [action for run in self.runs for action in run.actions]
        pins = np.array([action.pins for action in self._all], Word)
        self._pins = pins.transpose(1, 2, 0)
        numbers = [action.number for action in self._all]
        self._run = np.zeros(repeated.shape[1], np.int64)
        for k, run in enumerate(self.runs):
            self._run[[action.number for action in run.actions]] = k
        _, first, way = np.unique(
            repeated[:, numbers], axis=0, return_index=True, return_inverse=True
        )
        self._kept, self._way = ~repeated[first], way.reshape(-1)
        none = np.zeros(len(self._kept), np.int64)
        self._many.append(none[:1])  # row 0 is that of no state
        for run in self.runs:
            run.append(none, none)

    def reads(self, fields: Sequence[Field]) -> bool:
        """Whether all of the fields are in its parts."""
        return all(any(part.has(field) for part in self._parts) for field in fields)

    def expect(self, condition: Callable[[Words], Truths]) -> None:
        """Look at each row whether the condition holds. For one that has no rows yet."""
        self._expected.append(condition)

    def fine(self, words: Words, known: dict[Part, Numbers]) -> bool:
        """Whether all that is expected holds in all of the states; see ``rows``."""
        rows = self.rows(words, known)
        return bool(self._fine.all.take(rows).all())

    def places(self, rows: Numbers, came: Numbers | None) -> Numbers:
        """By state, its place, by its row and the action that it ``came`` by."""
        return rows * len(self._kept) + (self._way[-1] if came is None else self._way.take(came))

    def rows(self, words: Words, known: dict[Part, Numbers]) -> Numbers:
        """By state, its row. Raises TooMany.

        The numbers of parts' values, which crews share, are ``known`` from then on.
        """
        for part in self._parts:
            if part not in known:
                known[part] = part.numbers(words)
        numbers = [known[part] for part in self._parts]
        self._make_room()
        index = numbers[0].copy()
        for more, size in zip(numbers[1:], self._rows.shape[1:], strict=True):
            index *= size
            index += more
        table = self._rows.reshape(-1)
        rows = table.take(index)
        if not rows.all():
            unknown = np.flatnonzero(rows == 0)
            new, first = np.unique(index[unknown], return_index=True)
            table[new] = np.arange(self._many.count, self._many.count + len(new))
            self._learn([word[unknown[first]] for word in words])
            rows = table.take(index)
        return rows.astype(np.int64)

    def many(self, rows: Numbers) -> Numbers:
        """By state, how many steps the actions here take."""
        return self._many.all.take(rows)

    def _learn(self, words: Words) -> None:
        """Add a row for each of the states in ``words``."""
        fine = np.ones(len(words[0]), np.bool_)
        for condition in self._expected:
            fine &= condition(words)
        self._fine.append(fine)
        rows, ways, runs = len(words[0]), len(self._kept), len(self.runs)
        # So few states that what costs is to ask each action by itself.
        met = np.ones((len(self._all), rows), np.bool_)
        for word, mask, value in zip(words, *self._pins, strict=True):
            met &= word & mask[:, None] == value[:, None]
        pieces = []
        for k in np.flatnonzero(met.any(axis=1)).tolist():
            able = self._all[k].tested(met[k].nonzero()[0], words)
            if len(able):
                pieces.append(self._all[k].taken(words, able))
        found = merged(pieces, rows, len(words))
        self._many.append(found.many)
        numbers, before = found.numbers, found.before
        for number in np.unique(numbers).tolist():
            self._fired[number] = 1
        way, kept = np.nonzero(self._kept[:, numbers])
        place = before[kept] * ways + way
        order = np.argsort(place, kind="stable")
        place, kept = place[order], kept[order]
        index = place * runs + self._run[numbers[kept]]
        many = np.bincount(index, minlength=rows * ways * runs)
        starts = np.cumsum(many) - many + self.actions.count
        for k, run in enumerate(self.runs):
            run.append(many[k::runs], starts[k::runs])
        self.actions.append(found.actions[kept])
        for deltas, after, word in zip(self.deltas, found.after, words, strict=True):
            deltas.append((after ^ word[before])[kept])

    def _make_room(self) -> None:
        if all(part.count < n for part, n in zip(self._parts, self._rows.shape, strict=True)):
            return
        shape = [1 << part.count.bit_length() for part in self._parts]
        if math.prod(shape) > _PAIRS:
            raise TooMany
        rows = np.zeros(shape, np.int32)
        rows[tuple(map(slice, self._rows.shape))] = self._rows
        self._rows = rows


def crews(layout: Layout, actions: Sequence[Action]) -> list[tuple[Crew | None, Action]]:
    """The ``actions``, each with its crew, or with None if it reads or writes too much."""
    part: dict[Var[Any], Part | None] = {}
    for shift, variables in _parts(layout):
        width = sum(layout.width[variable] for variable in variables)
        one = Part(shift, width) if width <= _PART_BITS else None
        part.update(dict.fromkeys(variables, one))
    touched = [_touched(layout.system.actions[action.number], part) for action in actions]
    made = {few: Crew([*few], layout.words) for few in touched if few and len(few) == _TOGETHER}

    def crew(few: frozenset[Part] | None) -> Crew | None:
        if few is None:
            return None
        for many, one in made.items():
            if few <= many:
                return one
        return made.setdefault(few, Crew([*few], layout.words))

    return [(crew(few), action) for few, action in zip(touched, actions, strict=True)]


def _touched(action: GroundAction, part: Mapping[Var[Any], Part | None]) -> frozenset[Part] | None:
    """The parts that ``action`` reads or writes; None if these are too many, or too wide."""
    items = [*action.guard, *(update.value for update in action.updates)]
    variables = {variable for item in items for variable in item.variables()}
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
