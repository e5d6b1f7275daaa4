"""Stored states and the steps between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from model.engines.kernel.tables import Tables
from model.engines.layout import WORD, of_words, to_words
from model.engines.vector.edges import Edges, Stretch
from model.engines.vector.folds import Folds
from model.engines.vector.standing import Standing
from model.engines.vector.states import States
from model.engines.vector.steps import Steps
from model.engines.vector.values import Bits, Numbers, Truths, Values, Word, Words
from model.lang import Expr, State

AT_ONCE = 1 << 12
"""Of so many states steps are taken again at once, and conditions looked at."""


class Graph:
    """The states of ``tables``' system and the steps between them.

    One state stands for all that differ in the order of interchangeable parts, by ``folds``, or in
    what is forgotten; at ``most`` so many are stored. Steps are in ``edges``, or else taken anew.
    If it ``skips``, those that only repeat what was found may be left out.
    """

    def __init__(
        self,
        tables: Tables,
        values: Values,
        edges: Edges | None,
        folds: Folds,
        most: int | None,
        *,
        skips: bool = False,
    ) -> None:
        self.layout = tables.layout
        self.system = tables.layout.system
        self.parts = tables.parts
        self.standing = Standing(tables.parts)
        self.states = States(self.layout.words, most)
        self.steps = Steps(tables, values, skips=skips)
        self._edges = edges
        self._folds = folds
        self._values = values
        self._programs = tables.programs
        self.stages = [(0, (1 << WORD * self.layout.words) - 1)]
        """From which state on which bits are kept of the states after it."""

    @property
    def edges(self) -> Edges:
        """The stored steps."""
        if self._edges is None:
            raise AssertionError("no question about runs was announced")
        return self._edges

    def columns(self, state: State) -> Words:
        """A state of the language as one is stored."""
        return self._one(self.layout.pack(state))

    def packed(self, i: int) -> int:
        """The ``i``-th state as one integer."""
        return of_words([int(word[0]) for word in self.states.words(i, i + 1)])

    # -- which state stands for which ------------------------------------------------------------

    def forget(self, bits: int, start: int) -> None:
        """Forget ``bits`` of all states after those from number ``start`` on."""
        self.stages.append((start, self.stages[-1][1] & ~bits))

    def least(self, words: Words, i: int) -> Words:
        """What is kept of states after the ``i``-th one, their parts not yet sorted."""
        keep = next(keep for start, keep in reversed(self.stages) if start <= i)
        return self._folds.stored(self._masked(words, keep))

    def _masked(self, words: Words, keep: int) -> Words:
        if keep == self.stages[0][1]:
            return words
        bits = to_words(keep, self.layout.words)
        return [word & Word(some) for word, some in zip(words, bits, strict=True)]

    def kept(self, i: int, packed: int) -> int:
        """What is kept of ``packed``, a state after the ``i``-th one, its parts not yet sorted."""
        return of_words([int(word[0]) for word in self.least(self._one(packed), i)])

    def find(self, packed: int) -> tuple[int, list[int]] | None:
        """The number of a state, or of the one that stands for it.

        The list says where each interchangeable part is in that one.
        """
        for _, keep in self.stages:
            words = self._folds.stored(self._masked(self._one(packed), keep))
            (number,) = self.states.find(self.standing.sorted(words)).tolist()
            if number >= 0:
                (places,) = self.standing.places(words).tolist()
                return number, places
        return None

    def _one(self, packed: int) -> Words:
        return [np.array([word], Word) for word in to_words(packed, self.layout.words)]

    @property
    def stands_for_others(self) -> bool:
        """Whether a stored state may stand for several."""
        return bool(self.parts or self._folds or len(self.stages) > 1)

    # -- steps -----------------------------------------------------------------------------------

    def stretches(self, start: int, end: int) -> Iterator[Stretch]:
        """The steps from the states of one depth, from number ``start`` up to ``end``."""
        for first in range(start, end, AT_ONCE):
            last = min(first + AT_ONCE, end)
            if self._edges is not None and last <= self._edges.states:
                yield self._edges.between(first, last)
            else:
                yield self._again(first, last)

    def _again(self, start: int, end: int) -> Stretch:
        """The steps to stored states, taken again."""
        found = self.steps.take(self.states.words(start, end))
        inside = np.flatnonzero(found.actions >= 0)
        after = self.least([word[inside] for word in found.after], start)
        targets = self.states.find(self.standing.sorted(after))
        known = np.flatnonzero(targets >= 0)
        steps = inside[known]
        ranks = self.standing.ranks([word[known] for word in after])
        return Stretch(start + found.before[steps], found.actions[steps], targets[known], ranks)

    def places(self, steps: Stretch) -> Numbers:
        """By step and interchangeable part, where that is in the state that stands for the rest.

        The steps are from states of one depth.
        """
        before = [word[steps.before] for word in self.states.words(0, self.states.count)]
        after = self.steps.again(before, steps.actions)
        first = int(steps.before[0]) if len(steps.before) else 0
        return self.standing.places(self.least(after, first))

    # -- conditions ------------------------------------------------------------------------------

    def answers(self, conditions: Sequence[Expr[bool]], asked: Bits | None = None) -> Bits:
        """For each state, which conditions hold: a bit for each, of those ``asked`` there."""
        programs = [self._programs.number(condition) for condition in conditions]
        found = np.zeros(self.states.count, Word)
        for start in range(0, len(found), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            some = None if asked is None else asked[part]
            found[part] = self._answers(programs, self.states.words(start, part.stop), some)
        return found

    def _answers(self, programs: Sequence[int], words: Words, asked: Bits | None) -> Bits:
        found = np.zeros(len(words[0]), Word)
        known: dict[int, Truths] = {}
        for bit, program in enumerate(programs):
            if asked is not None and not (asked & Word(1 << bit)).any():
                continue
            if program not in known:
                known[program] = self._values.true(program, words)
            found |= known[program].astype(Word) << Word(bit)
        return found if asked is None else found & asked
