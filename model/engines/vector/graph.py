"""What was stored by a search, for the questions that are asked afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from model.engines.kernel.programs import Programs
from model.engines.layout import of_words
from model.engines.vector.edges import Edges, Stretch
from model.engines.vector.states import States
from model.engines.vector.values import Bits, Truths, Values, Word, Words
from model.lang import Expr

_AT_ONCE = 1 << 15  # states; what is computed of them stays near the processor


class Graph:
    """Stored ``states``, and steps between them: the ``edges``, or what ``steps`` takes anew."""

    def __init__(
        self,
        states: States,
        edges: Edges | None,
        steps: Callable[[int, int], Stretch],
        values: Values,
        programs: Programs,
    ) -> None:
        self.states = states
        self._edges = edges
        self._steps = steps
        self._values = values
        self._programs = programs

    @property
    def edges(self) -> Edges:
        """The stored steps."""
        if self._edges is None:
            raise AssertionError("no question about runs was announced")
        return self._edges

    def packed(self, i: int) -> int:
        """The ``i``-th state as one integer."""
        return of_words([int(word[0]) for word in self.states.words(i, i + 1)])

    def stretches(self, start: int, end: int) -> Iterator[Stretch]:
        """The steps from the states from number ``start`` up to ``end``."""
        for first in range(start, end, _AT_ONCE):
            last = min(first + _AT_ONCE, end)
            if self._edges is not None and last <= self._edges.states:
                yield self._edges.between(first, last)
            else:
                yield self._steps(first, last)

    def answers(self, conditions: Sequence[Expr[bool]], asked: Bits | None = None) -> Bits:
        """For each state, which conditions hold: a bit for each, of those ``asked`` there."""
        programs = [self._programs.number(condition) for condition in conditions]
        found = np.zeros(self.states.count, Word)
        for start in range(0, len(found), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
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
