"""The explorer that takes the steps from many states at once, with NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from model.engines.explorer import Full, Run, Saved, Watch, depth_of
from model.engines.fairness import Edge, Lasso, StateGraph, continued, shortest_lasso
from model.engines.kernel.along import batches
from model.engines.kernel.tables import Tables
from model.engines.layout import Layout, to_words
from model.engines.readable import actors_of
from model.engines.vector import along, saving
from model.engines.vector.edges import Edges, Stretch
from model.engines.vector.graph import Graph
from model.engines.vector.runs import ways
from model.engines.vector.states import States
from model.engines.vector.steps import Found, Steps
from model.engines.vector.values import Bits, Numbers, Values, Word, Words
from model.engines.vector.watching import Watching
from model.lang import Case, Claim, Expr, State, System


class _Known(NamedTuple):
    """What is known of a part of a LEADS_TO claim: its cases have the bits beside them.

    For stored states, ``stays`` has a bit where some fair run avoids the case's goal, and
    ``starts`` where that breaks it.
    """

    cases: Sequence[tuple[Case, int]]
    stays: Bits
    starts: Bits


class VectorExplorer:
    """Stores packed states in columns. See ``Explorer``.

    Raises Unsuitable for a system that cannot be lowered.
    """

    name = "numpy"
    at_once = 16_384
    forgotten = ()
    folded = ()

    def __init__(self, system: System, watch: Watch, most: int | None = None) -> None:
        self.system = system
        self._watch = watch
        self._layout = Layout(system)
        tables = Tables(self._layout)
        values = Values(tables.programs, self._layout.words)
        self._watching = Watching(watch, tables, values)
        self._steps = Steps(tables, values)
        self._states = States(self._layout.words, most)
        self._edges = Edges(len(system.actions)) if watch.along or watch.fair else None
        self._graph = Graph(self._states, self._edges, self._again, values, tables.programs)
        self._next = 0
        self._transitions = 0
        self.fired = bytearray(len(system.actions))
        self.left_domain: int | None = None

    @property
    def count(self) -> int:
        """How many states are stored."""
        return self._states.count

    def unfolded(self) -> tuple[int, int]:
        """How many states and steps there are."""
        return self.count, self._transitions

    def add(self, state: State) -> None:
        """Store an initial state."""
        if self._store(self._columns([state]))[1] is not None:
            raise Full

    def expand(self, end: int) -> None:
        """Take every step from the states up to ``end``. Raises Full."""
        while self._next < end:
            self._expand(self._next, min(end, self._next + self.at_once))

    def _expand(self, start: int, end: int) -> None:
        found = self._steps.take(self._states.words(start, end))
        inside = found.inside()
        targets, full = self._store([word[inside] for word in found.after])
        last = len(found.actions)  # behind the last step that is looked at
        if full is not None:
            last = int(inside[full])
            end = start + int(np.searchsorted(found.offsets, last, "right")) - 1
        self._look_at(found, start, last, end)
        if self._edges is not None:
            inside = inside[inside < found.offsets[end - start]]
            before, after = start + found.before[inside], targets[: len(inside)]
            moves = np.flatnonzero(before != after)
            steps = Stretch(before[moves], found.actions[inside][moves], after[moves])
            self._edges.append(steps, end)
        self._transitions += int(found.offsets[end - start])
        self._next = end
        if full is not None:
            raise Full

    def _look_at(self, found: Found, start: int, last: int, end: int) -> None:
        """Take note of the steps before number ``last``, and of the states up to ``end``."""
        taken = found.actions[: last + 1]
        for action in np.flatnonzero(np.bincount(np.where(taken < 0, ~taken, taken))).tolist():
            self.fired[action] = 1
        left = np.flatnonzero(found.actions[:last] < 0)
        if len(left):
            if self.left_domain is None:
                self.left_domain = int(~found.actions[left[0]])
            self._watching.left_domain(start + found.before[left])
        stuck = np.flatnonzero(np.diff(found.offsets)[: end - start] == 0)
        self._watching.stuck(start + stuck)

    def _store(self, words: Words) -> tuple[Numbers, int | None]:
        """Store states that are not there yet, and look at them. Returns what ``add`` does."""
        first = self.count
        numbers, full = self._states.add(words)
        if self.count > first:
            self._watching.look_at(self._states.words(first, self.count), first)
        return numbers, full

    def _columns(self, states: Sequence[State]) -> Words:
        rows = [to_words(self._layout.pack(state), self._layout.words) for state in states]
        return list(np.array(rows, Word).T.copy())

    def columns(self, start: int, end: int) -> list[list[int]]:
        """Of the states from number ``start`` to ``end``, all first words, then all second ones."""
        return [word.tolist() for word in self._states.words(start, end)]

    def found(self) -> Mapping[int, Sequence[int]]:
        """By number of the claim, the violating states found since the last call."""
        return self._watching.take_found()

    def close(self, claim: int) -> None:
        """Look for no further violation of ``claim``."""
        self._watching.close(claim)

    def forget(self) -> None:
        """It remembers everything."""

    def met(self, goal: int) -> bool:
        """Whether a state that meets the goal was found."""
        return self._watching.met(goal)

    def leaving(self, state: State) -> int:
        """The first action that takes a variable outside its domain from ``state``."""
        actions = self._steps.take(self._columns([state])).actions
        return int((~actions[actions < 0]).min())

    @property
    def expanded(self) -> int:
        """How many states have been expanded."""
        return self._next

    @property
    def allocated(self) -> int:
        """How many bytes what is stored takes."""
        return saving.allocated(self._states, self._edges)

    def growth(self, states: int) -> int:
        """The most bytes that expanding so many further ``states`` may take, and then traces."""
        actions = len(self.system.actions)
        return saving.growth(self._states, self._edges, states * actions, self.at_once * actions)

    @property
    def questions(self) -> int:
        """The most bytes that answers to questions about runs may take."""
        return saving.QUESTIONS * self.count if self._edges is not None else 0

    def saved(self, since: Mapping[str, int]) -> Saved:
        """What has been found: of each column what is behind its first ``since`` bytes."""
        notes = {
            "next": self._next,
            "transitions": self._transitions,
            "fired": list(self.fired),
            "left": self.left_domain,
            "lengths": saving.lengths(self._states, self._edges),
            "watching": self._watching.saved(),
        }
        return Saved(notes, saving.saved(self._states, self._edges, since))

    def reserve(self, notes: Mapping[str, Any]) -> Mapping[str, memoryview]:
        """Room for the columns that were saved with ``notes``, to be filled in."""
        return saving.reserve(self._states, self._edges, notes["lengths"])

    def resume(self, notes: Mapping[str, Any]) -> None:
        """Go on from what was saved with ``notes``, once the columns are filled in."""
        self._states.resume()
        self._watching.resume(notes["watching"])
        self._next, self._transitions = notes["next"], notes["transitions"]
        self.fired[:] = bytes(notes["fired"])
        self.left_domain = notes["left"]

    # -- afterwards ----------------------------------------------------------------------------

    def _again(self, start: int, end: int) -> Stretch:
        """The steps between stored states, taken again."""
        found = self._steps.take(self._states.words(start, end))
        inside = found.inside()
        targets = self._states.find([word[inside] for word in found.after])
        known = np.flatnonzero(targets >= 0)
        inside = inside[known]
        return Stretch(start + found.before[inside], found.actions[inside], targets[known])

    def lost(self, claim: int, levels: Sequence[int]) -> Sequence[int]:
        """The nearest states from which the ``along`` claim's goal is out of reach."""
        nearest: list[int] = []
        for marks, bits in self._lost[claim]:
            found = along.nearest(marks, bits, levels)
            if nearest and found and depth_of(found[0], levels) == depth_of(nearest[0], levels):
                nearest = sorted({*nearest, *found})
            elif found and (not nearest or found[0] < nearest[0]):
                nearest = found
        return nearest

    @cached_property
    def _lost(self) -> list[list[tuple[Bits, int]]]:
        """By claim: for each state which cases are lost there, and which bits are the claim's."""
        found: list[list[tuple[Bits, int]]] = [[] for _ in self._watch.along]
        for batch in batches(self._watch.along):
            marks = along.lost(self._graph, [item for _, item in batch])
            for claim in {claim for claim, _ in batch}:
                bits = sum(1 << k for k, (other, _) in enumerate(batch) if other == claim)
                found[claim].append((marks, bits))
        return found

    def endless(self, claim: Claim, levels: Sequence[int]) -> Run | None:
        """A fair run that breaks ``claim``, or None if there is none."""
        lassos = [
            lasso
            for known in self._starving[self._watch.fair.index(claim)]
            for case, bit in known.cases
            if (lasso := self._lasso(claim, known, case, bit, levels)) is not None
        ]
        if not lassos:
            return None
        best = min(lassos, key=lambda lasso: lasso.length)
        (run,) = self.runs([[best.start]], levels)
        return continued(run, best, self._unpacked)

    @cached_property
    def _starving(self) -> list[list[_Known]]:
        """By LEADS_TO claim: what is known of it."""
        found: list[list[_Known]] = [[] for _ in self._watch.fair]
        for batch in batches([claim.cases for claim in self._watch.fair]):
            asked = [item for _, item in batch]
            stays, starts = along.starving(self._graph, asked, self.system.actions)
            for number in {number for number, _ in batch}:
                cases = {
                    id(item.case): (item.case, k)
                    for k, (other, item) in enumerate(batch)
                    if other == number
                }
                found[number].append(_Known(list(cases.values()), stays, starts))
        return found

    def _lasso(
        self, claim: Claim, known: _Known, case: Case, bit: int, levels: Sequence[int]
    ) -> Lasso | None:
        """The shortest fair run that breaks the case: it keeps within what ``stays``."""
        stays, starts = known.stays >> Word(bit) & Word(1), known.starts >> Word(bit) & Word(1)
        if not starts.any():
            return None

        def holds(condition: Expr[bool]) -> Callable[[int], object]:
            if condition is case.when:
                met = starts != 0
            elif condition is case.that:
                met = stays == 0
            else:
                met = self._graph.answers([condition]) != 0
            truths: bytes = met.tobytes()
            return truths.__getitem__

        graph = StateGraph(self.count, lambda j: depth_of(j, levels), self._edges_of, holds)
        return shortest_lasso(replace(claim, cases=(case,)), self.system.actions, graph)

    def _edges_of(self, j: int) -> Iterator[Edge]:
        steps = self._graph.edges.between(j, j + 1)
        return zip(steps.actions.tolist(), steps.targets.tolist(), strict=True)

    def _unpacked(self, j: int) -> State:
        return self._layout.unpack(self._graph.packed(j))

    def runs(self, targets: Sequence[Sequence[int]], levels: Sequence[int]) -> Sequence[Run]:
        """For each list of states of one depth, a readable shortest run to one of them."""
        return [
            Run([self._unpacked(j) for j in states], actions)
            for states, actions in ways(self._graph, actors_of(self.system), targets, levels)
        ]
