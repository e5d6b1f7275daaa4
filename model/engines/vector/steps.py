"""The steps from many states at once."""

from __future__ import annotations

import itertools

import numpy as np

from model.engines.kernel.tables import Tables
from model.engines.vector.actions import Action, Found, Taken, merged
from model.engines.vector.company import Company, Run, TooMany, companies
from model.engines.vector.values import Numbers, Values, Words


class Steps:
    """The actions of ``tables``, which say all there is to know of a system."""

    def __init__(self, tables: Tables, values: Values) -> None:
        # In the order in which every explorer takes them.
        self._actions = [Action(tables, values, number) for number in tables.row]
        self.fired = bytearray(len(self._actions))
        """By action: whether it was ever taken."""
        pairs = companies(tables.layout, self._actions)
        self._pieces: list[Run | Action] = []
        for company, some in itertools.groupby(pairs, lambda pair: pair[0]):
            actions = [action for _, action in some]
            self._pieces += [Run(company, actions, self.fired)] if company else actions

    def take(self, words: Words, *, named: bool = True) -> Found:
        """Every step from the states in ``words``; unless ``named``, actions need not be told."""
        rows = self._rows(words)
        pieces: list[Taken] = []
        for one in self._pieces:
            if isinstance(one, Run):
                some = one.taken(words, rows[one.company], named=named)
            elif some := one.taken(words):
                self.fired[one.number] = 1
            if some:
                pieces.append(some)
        if not named and any(action.leaves for action in self._actions):
            return self.take(words)
        return merged(pieces, len(words[0]), len(words), named=named)

    def _rows(self, words: Words) -> dict[Company, Numbers]:
        """By company, the rows of the states."""
        rows: dict[Company, Numbers] = {}
        for company in dict.fromkeys(one.company for one in self._pieces if isinstance(one, Run)):
            try:
                rows[company] = company.rows(words)
            except TooMany:  # from now on each action is taken by itself
                self._pieces = [
                    action
                    for one in self._pieces
                    for action in (
                        one.actions if isinstance(one, Run) and one.company is company else [one]
                    )
                ]
        return rows

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
