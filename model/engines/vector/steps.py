"""The steps from many states at once."""

from __future__ import annotations

import itertools

import numpy as np

from model.engines.kernel.tables import Tables
from model.engines.repeated import repeated_steps
from model.engines.vector.actions import Action, Found, Taken, merged
from model.engines.vector.crew import Crew, Part, Run, TooMany, crews
from model.engines.vector.values import Numbers, Values, Words


class Steps:
    """The actions of ``tables``, which say all there is to know of a system.

    If it ``skips``, steps are left out that repeat what was found.
    """

    def __init__(self, tables: Tables, values: Values, *, skips: bool) -> None:
        system, actions = tables.layout.system, len(tables.row)
        # In the order in which every explorer takes them.
        self._actions = [Action(tables, values, number) for number in tables.row]
        self._repeated = np.zeros((actions + 1, actions), np.bool_)
        if skips:
            self._repeated = np.array(repeated_steps(system, tables.row), np.bool_)
        self.most = _most(tables)
        """How many steps one state has at most."""
        self.fired = bytearray(actions)
        """By action: whether it was ever taken."""
        self._pieces: list[Run | Action] = []
        pairs = crews(tables.layout, self._actions)
        for crew, some in itertools.groupby(pairs, lambda pair: pair[0]):
            beside = [action for _, action in some]
            self._pieces += beside if crew is None else [Run(crew, beside)]
        self.crews = [*dict.fromkeys(crew for crew, _ in pairs if crew)]
        for crew in self.crews:
            crew.begin(self._repeated, self.fired)

    def take(self, words: Words, came: Numbers | None = None) -> Found:
        """Every step from the states in ``words``.

        If it is told by which actions they ``came``, what is repeated is left out.
        """
        many = np.zeros(len(words[0]), np.int64)
        rows = self._rows(words, came, many)
        pieces: list[Taken] = []
        for one in self._pieces:
            if isinstance(one, Run):
                some = one.taken(words, rows[one.crew])
            else:
                some = self._taken(one, words, came, many)
            if some is not None:
                pieces.append(some)
        return merged(pieces, len(words[0]), len(words), many)

    def _taken(
        self, action: Action, words: Words, came: Numbers | None, many: Numbers
    ) -> Taken | None:
        """The steps of an action that is in no crew. Adds to ``many`` what there is."""
        able = action.able(words)
        if not len(able):
            return None
        self.fired[action.number] = 1
        many[able] += 1
        if came is not None:
            able = able[~self._repeated[came.take(able), action.number]]
        return action.taken(words, able)

    def _rows(self, words: Words, came: Numbers | None, many: Numbers) -> dict[Crew, Numbers]:
        """By crew, where the steps of the states are. Adds to ``many`` what there is."""
        rows: dict[Crew, Numbers] = {}
        known: dict[Part, Numbers] = {}
        for crew in tuple(self.crews):
            try:
                some = crew.rows(words, known)
            except TooMany:
                self._dissolve(crew)
            else:
                many += crew.many(some)
                rows[crew] = crew.places(some, came)
        return rows

    def _dissolve(self, crew: Crew) -> None:
        """From now on, take each action of the ``crew`` by itself."""
        self.crews.remove(crew)
        self._pieces = [
            action
            for one in self._pieces
            for action in (one.actions if isinstance(one, Run) and one.crew is crew else [one])
        ]

    def again(self, words: Words, actions: Numbers) -> Words:
        """The states after steps that are known, from the states in ``words``."""
        after = [word.copy() for word in words]
        for action in self._actions:
            places = np.flatnonzero(actions == action.number)
            if len(places):
                _, some = action.take([word[places] for word in words])
                for column, word in zip(after, some, strict=True):
                    column[places] = word
        return after


def _most(tables: Tables) -> int:
    """How many actions one state lets through at most: of those that pin a field, one value's."""
    lists = np.diff(tables.rows)
    fields = zip(tables.dispatch[2::4], tables.dispatch[3::4], strict=True)
    return tables.always + sum(
        int(lists[first : first + (1 << width)].max()) for width, first in fields
    )
