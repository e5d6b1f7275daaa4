"""The explorer that stores states and takes steps in C."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from model.engines.explorer import Run, Saved, Watch, depth_of
from model.engines.fairness import Edge, Lasso, StateGraph, continued, shortest_lasso
from model.engines.kernel import along, room, saving
from model.engines.kernel.answers import answers
from model.engines.kernel.lassos import Known, lasso_from
from model.engines.kernel.native import pointer
from model.engines.kernel.runs import runs
from model.engines.kernel.store import Store
from model.engines.kernel.witnesses import find_witnesses
from model.engines.readable import Actors, actors_of
from model.engines.reductions import Reduced, reduce_entities, told
from model.engines.symmetry import NONE, Symmetry
from model.lang import Case, Claim, Expr, State, System

_EVERYTHING = (1 << along.BITS) - 1


class KernelExplorer:
    """Stores packed states in the kernel's memory. See ``Explorer``.

    With a ``symmetry`` only one of all states stands there that differ by an exchange of
    interchangeable entities. If it ``forgets``, variables that nothing reads any more but claims
    that are violated already are left out of states from then on. If it ``folds``, one state of
    an entity that looks like others stands for all that nothing tells apart. If it ``hurries``,
    such an entity leaves fleeting states before anybody else does anything. Raises Unsuitable for
    a system that the kernel has no room for.
    """

    name = "kernel"
    at_once = 32_768

    def __init__(
        self,
        system: System,
        watch: Watch,
        most: int | None = None,
        symmetry: Symmetry = NONE,
        *,
        forgets: bool = False,
        folds: bool = False,
        hurries: bool = False,
    ) -> None:
        self.system = system
        self._symmetry = symmetry
        self._watch = watch
        self._most = most
        edges = 2 if watch.fair else int(bool(watch.along))
        self._witnesses = find_witnesses(system, watch, symmetry) if forgets else []
        dropped = [variable for witness in self._witnesses for variable in witness.variables]
        self._reduced: list[Reduced] = []
        if folds or hurries:
            self._reduced = reduce_entities(
                system, watch, symmetry, dropped, folds=folds, hurries=hurries
            )
        self.hurries = any(one.hurried for one in self._reduced)
        # Each state is stored as it is, and only states are asked about.
        skips = not (edges or symmetry.blocks or self._reduced or self._witnesses)
        self._store = Store(system, watch, most, symmetry, self._reduced, edges, skips=skips)
        self.fired = self._store.fired
        self.forgotten: list[str] = []
        self.folded = told(self._reduced)

    @property
    def count(self) -> int:
        """How many states are stored."""
        return self._store.numbers().stored

    @property
    def expanded(self) -> int:
        """How many states have been expanded."""
        return self._store.numbers().expanded

    @property
    def left_domain(self) -> int | None:
        """The first action that took a variable outside its domain."""
        action = self._store.numbers().left
        return None if action >> 63 else action

    def add(self, state: State) -> None:
        """Store an initial state."""
        self._store.add(self._store.layout.pack(state))

    def contains(self, state: State) -> bool:
        """Whether ``state``, or one that stands for it, is stored."""
        return bool(self._store.find(self._store.layout.pack(state)))

    def expand(self, end: int) -> None:
        """Take every step from the states up to ``end``. Raises Full."""
        self._store.expand(end)

    def found(self) -> Mapping[int, Sequence[int]]:
        """By number of the claim, the violating states found since the last call."""
        return self._store.found()

    def forget(self) -> None:
        """Forget, of states yet to be found, what only decided claims still read."""
        done = [
            witness
            for witness in self._witnesses
            if not any(self._store.open[claim] for claim in witness.claims)
            and all(self._store.met[goal] for goal in witness.goals)
        ]
        if done and self._store.forget(v for witness in done for v in witness.variables):
            self.forgotten += [v.name for witness in done for v in witness.variables]
            self._witnesses = [witness for witness in self._witnesses if witness not in done]

    def close(self, claim: int) -> None:
        """Look for no further violation of ``claim``."""
        self._store.open[claim] = 0

    def met(self, goal: int) -> bool:
        """Whether a state that meets the goal was found."""
        return bool(self._store.met[goal])

    def leaving(self, state: State) -> int:
        """The first action that takes a variable outside its domain from ``state``."""
        steps = self._store.steps(self._store.layout.pack(state))
        return min(~step.action for step in steps if step.action < 0)

    def unfolded(self) -> tuple[int, int]:
        """How many states and steps there are, those included that stored ones stand for."""
        return self._store.unfolded()

    @property
    def allocated(self) -> int:
        """How many bytes what is stored takes."""
        return room.allocated(self._store)

    def growth(self, states: int) -> int:
        """The most bytes that expanding so many further ``states`` may take, and then traces."""
        return room.growth(self._store, states, self._most, self._actors.nobody)

    @property
    def questions(self) -> int:
        """The most bytes that answers to questions about runs may take."""
        return room.questions(self._watch, self.count)

    # -- checkpoints ---------------------------------------------------------------------------

    def saved(self, since: Mapping[str, int]) -> Saved:
        """What has been found: of each column what is behind its first ``since`` bytes."""
        notes, columns = saving.saved(self._store, since)
        return Saved({**notes, "forgotten": self.forgotten}, columns)

    def reserve(self, notes: Mapping[str, Any]) -> Mapping[str, memoryview]:
        """Room for the columns that were saved with ``notes``, to be filled in."""
        return saving.reserve(self._store, notes)

    def resume(self, notes: Mapping[str, Any]) -> None:
        """Go on from what was saved with ``notes``, once the columns are filled in."""
        saving.resume(self._store, notes)
        self.forgotten = list(notes["forgotten"])
        self._witnesses = [
            witness
            for witness in self._witnesses
            if not any(variable.name in self.forgotten for variable in witness.variables)
        ]

    # -- along runs ----------------------------------------------------------------------------

    def lost(self, claim: int, levels: Sequence[int]) -> Sequence[int]:
        """The nearest states from which the ``along`` claim's goal is out of reach."""
        nearest: list[int] = []
        for marks, bits in self._lost[claim]:
            found = self._nearest(marks, bits, levels)
            if nearest and found and depth_of(found[0], levels) == depth_of(nearest[0], levels):
                nearest = sorted({*nearest, *found})
            elif found and (not nearest or found[0] < nearest[0]):
                nearest = found
        return nearest

    @cached_property
    def _lost(self) -> list[list[tuple[array[int], int]]]:
        """By claim: for each state which cases are lost there, and which bits are the claim's."""
        found: list[list[tuple[array[int], int]]] = [[] for _ in self._watch.along]
        for batch in along.batches(self._watch.along):
            asked = [item for _, item in batch]
            marks = along.lost(self._store, self._symmetry, asked, self.count)
            for claim in {claim for claim, _ in batch}:
                bits = sum(1 << k for k, (other, _) in enumerate(batch) if other == claim)
                found[claim].append((marks, bits))
        return found

    def _nearest(self, marks: array[int], bits: int, levels: Sequence[int]) -> list[int]:
        """All of the nearest states that have one of ``bits``."""
        start = self._store.c.search_first(pointer(marks), marks.itemsize, levels[-1], bits)
        if start == levels[-1]:
            return []
        return self._store.collect(marks, start, levels[depth_of(start, levels) + 1], bits)

    def endless(self, claim: Claim, levels: Sequence[int]) -> Run | None:
        """A fair run that breaks ``claim``, or None if there is none."""
        found = [
            each
            for part in self._starving[self._watch.fair.index(claim)]
            if (each := self._endless(part, levels))
        ]
        best = min(found, key=lambda each: each[0].length, default=None)
        return best and best[1]

    @cached_property
    def _starving(self) -> list[list[Known]]:
        """By LEADS_TO claim: what is known of it."""
        found: list[list[Known]] = [[] for _ in self._watch.fair]
        for batch in along.batches([claim.cases for claim in self._watch.fair]):
            asked = [item for _, item in batch]
            stays, starts = along.starving(self._store, self._symmetry, asked, self.count)
            for number in {number for number, _ in batch}:
                bits = [k for k, (other, _) in enumerate(batch) if other == number]
                found[number].append(Known(self._watch.fair[number], asked, bits, stays, starts))
        return found

    def _endless(self, known: Known, levels: Sequence[int]) -> tuple[Lasso, Run] | None:
        nearest = self._nearest(known.starts, sum(1 << k for k in known.bits), levels)
        if not nearest:
            return None
        if not (self._symmetry.blocks or self._reduced or self.forgotten):
            return self._lasso(known, levels)
        (run,) = self.runs([nearest], levels)
        lasso, states = lasso_from(self._store, self._symmetry, known, run)
        return lasso, continued(run, lasso, lambda j: self._store.layout.unpack(states[j]))

    def _lasso(self, known: Known, levels: Sequence[int]) -> tuple[Lasso, Run]:
        """The shortest fair run that breaks the claim: it keeps within what ``stays``."""
        cases = {id(known.asked[k].case): (known.asked[k].case, 1 << k) for k in known.bits}
        found = [
            lasso
            for case, bit in cases.values()
            if (lasso := self._lasso_of(known, case, bit, levels))
        ]
        best = min(found, key=lambda lasso: lasso.length)
        (run,) = self.runs([[best.start]], levels)
        return best, continued(run, best, self._unpacked)

    def _lasso_of(self, known: Known, case: Case, bit: int, levels: Sequence[int]) -> Lasso | None:
        stays, starts = known.stays, known.starts

        def holds(condition: Expr[bool]) -> Callable[[int], object]:
            if condition is case.when:
                return lambda j: starts[j] & bit
            if condition is case.that:
                return lambda j: not stays[j] & bit
            return answers(self._store, [condition]).__getitem__

        graph = StateGraph(self.count, lambda j: depth_of(j, levels), self._edges, holds)
        return shortest_lasso(replace(known.claim, cases=(case,)), self.system.actions, graph)

    def _edges(self, j: int) -> Iterator[Edge]:
        for step in self._store.steps(self._store.state(j), j):
            yield step.action, step.state

    def _unpacked(self, j: int) -> State:
        return self._store.layout.unpack(self._store.state(j))

    # -- traces --------------------------------------------------------------------------------

    def runs(self, targets: Sequence[Sequence[int]], levels: Sequence[int]) -> Sequence[Run]:
        """For each list of states of one depth, a readable shortest run to one of them."""
        return list(runs(self._store, self._actors, targets, levels))

    @cached_property
    def _actors(self) -> Actors:
        return actors_of(self.system, self._symmetry.names)
