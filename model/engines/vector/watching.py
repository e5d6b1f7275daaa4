"""What is looked for in every new state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from model.engines.explorer import Watch
from model.engines.kernel.tables import Group, Tables, numbered
from model.engines.kernel.witnesses import Witness
from model.engines.vector.crew import Crew, Part, TooMany
from model.engines.vector.values import Numbers, Truths, Values, Words


class Watching:
    """The violations and goals of ``watch`` that were found; claims are numbered as there."""

    def __init__(self, watch: Watch, tables: Tables, values: Values) -> None:
        self._values = values
        self._groups = tables.grouped(
            numbered((case, k) for k, cases in enumerate(watch.invariants) for case in cases)
        )
        self._shared: dict[Crew, list[Group]] = {}
        self._awaited = {k: tables.programs.number(goal) for k, goal in enumerate(watch.goals)}
        claims = len(watch.invariants)
        self._left, self._stuck = claims, claims + 1
        self._open = {*range(claims)}
        self._open |= {self._left} if watch.domains else set()
        self._open |= {self._stuck} if watch.deadlocks else set()
        self._found: dict[int, list[Numbers]] = {}

    def share(self, crews: Sequence[Crew]) -> None:
        """Leave to ``crews`` what they can tell of a state. For ones that have no rows yet."""
        for group in tuple(self._groups):
            fields = [field for program in group.programs for field in self._values.fields(program)]
            crew = next((one for one in crews if one.reads(fields)), None)
            if crew is not None:
                self._groups.remove(group)
                self._shared.setdefault(crew, []).append(group)
                crew.expect(partial(self._holds, group.programs))

    def _holds(self, programs: Sequence[int], words: Words) -> Truths:
        """By state, whether one of the programs is true."""
        found = np.zeros(len(words[0]), np.bool_)
        for program in programs:
            found |= self._values.true(program, words)
        return found

    def look_at(self, words: Words, first: int) -> None:
        """Note what is violated in new states, which have the numbers from ``first`` on."""
        groups = [*self._groups]
        known: dict[Part, Numbers] = {}
        for crew, shared in self._shared.items():
            try:
                groups += [] if crew.fine(words, known) else shared
            except TooMany:
                groups += shared
        for group in groups:
            members = [(program, claim) for program, claim in group.members if claim in self._open]
            if not members:
                continue
            wrong, some = np.arange(len(words[0])), words
            for program in group.programs:  # of which one true one is enough
                wrong = wrong[~self._values.true(program, some)]
                if not len(wrong):
                    break
                some = [word[wrong] for word in words]
            else:
                for program, claim in members:
                    self._note(claim, first + wrong[~self._values.true(program, some)])

    def await_goals(self, words: Words) -> None:
        """Note which goals are met in some of the states in ``words``."""
        met = [k for k, goal in self._awaited.items() if self._values.true(goal, words).any()]
        for goal in met:
            del self._awaited[goal]

    def left_domain(self, states: Numbers) -> None:
        """From ``states`` some step leaves a domain."""
        self._note(self._left, states)

    def stuck(self, states: Numbers) -> None:
        """From ``states`` there is no step."""
        self._note(self._stuck, states)

    def _note(self, claim: int, states: Numbers) -> None:
        if claim in self._open and len(states):
            self._found.setdefault(claim, []).append(states)

    def take_found(self) -> dict[int, list[int]]:
        """By claim, the states found since the last call, in their order."""
        found, self._found = self._found, {}
        return {claim: np.unique(np.concatenate(lists)).tolist() for claim, lists in found.items()}

    def is_done(self, witness: Witness) -> bool:
        """Whether nothing that is still looked for reads the ``witness``."""
        return self._open.isdisjoint(witness.claims) and self._awaited.keys().isdisjoint(
            witness.goals
        )

    def close(self, claim: int) -> None:
        """Look for no further violation of ``claim``."""
        self._open.discard(claim)

    def met(self, goal: int) -> bool:
        """Whether a state that meets the goal was found."""
        return goal not in self._awaited

    def saved(self) -> dict[str, Any]:
        """What was found and not yet taken, and what is awaited, as JSON can hold it."""
        found = [
            (k, [n for some in lists for n in some.tolist()]) for k, lists in self._found.items()
        ]
        return {"found": found, "awaited": list(self._awaited)}

    def resume(self, notes: Mapping[str, Any]) -> None:
        """Go on from what was ``saved``."""
        self._found = {claim: [np.array(states)] for claim, states in notes["found"]}
        self._awaited = {k: self._awaited[k] for k in notes["awaited"]}
