"""The explorer that needs nothing but Python: packed integers and generated functions."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from model.engines import plain_room
from model.engines.explorer import MOST_TARGETS, Full, Run, Saved, Watch, depth_of
from model.engines.fairness import StateGraph, continued, shortest_lasso
from model.engines.graph import Graph
from model.engines.lowering import Condition, Lowered
from model.engines.readable import Step, actors_of, cheapest, follow
from model.lang import Claim, Expr, State, System
from model.lang.expr import And


class PlainExplorer:
    """Stores packed states in a dict. See ``Explorer``."""

    name = "python"
    at_once = 2048
    forgotten = folded = ()
    hurries = False

    def __init__(self, system: System, watch: Watch, most: int | None = None) -> None:
        self.system = system
        self._watch = watch
        self._most = most
        self._lowered = Lowered(system)
        self._width = -(-self._lowered.layout.bits // 8)  # bytes of a saved state
        self._index: dict[int, int] = {}
        self._states: list[int] = []
        self._next = 0
        self._offsets = array("q", [0])
        self._targets = array("I")
        self._transitions = 0
        self.fired = bytearray(len(system.actions))
        self.left_domain: int | None = None
        self._found: dict[int, list[int]] = {}
        domains, deadlock = len(watch.invariants), len(watch.invariants) + 1
        self._open = {*range(domains)}
        self._open |= {domains} if watch.domains else set()
        self._open |= {deadlock} if watch.deadlocks else set()
        self._domains, self._deadlock = domains, deadlock
        self._holds = [self._lowered.condition(And(cases)) for cases in watch.invariants]
        self._all_hold = self._condition_of_all()
        self._awaited = {k: self._lowered.condition(goal) for k, goal in enumerate(watch.goals)}

    @property
    def count(self) -> int:
        """How many states are stored."""
        return len(self._states)

    def unfolded(self) -> tuple[int, int]:
        """How many states and steps there are."""
        return len(self._states), self._transitions

    @property
    def expanded(self) -> int:
        """How many states have been expanded."""
        return self._next

    @property
    def allocated(self) -> int:
        """How many bytes what is stored takes."""
        steps = (self._offsets, self._targets)
        return plain_room.allocated(self._index, self._states, steps, self._lowered.layout.bits)

    def growth(self, states: int) -> int:
        """The most bytes that expanding so many further ``states`` may take, and then traces."""
        more = states * len(self.system.actions)
        most = self.count + more if self._most is None else max(self._most, self.count)
        bits = self._lowered.layout.bits
        return plain_room.growth(self._index, most, more, self._targets, bits)

    @property
    def questions(self) -> int:
        """The most bytes that answers to questions about runs may take."""
        asked = self._watch.along or self._watch.fair
        return plain_room.AFTERWARDS * self.count if asked else 0

    def add(self, state: State) -> None:
        """Store an initial state."""
        packed = self._lowered.pack(state)
        if packed not in self._index:  # two initial states may be the same one
            self._add(packed)

    def expand(self, end: int) -> None:
        """Take every step from the states up to ``end``. Raises Full."""
        try:
            self._expand(end)
        finally:  # what was found from a state that was being expanded has been found from there
            if self._targets and self._targets[-1] >= len(self._states):
                self._targets.pop()
            if len(self._targets) > self._offsets[-1]:
                self._offsets.append(len(self._targets))

    def _expand(self, end: int) -> None:
        successors, index, fired = self._lowered.successors, self._index, self.fired
        states, targets = self._states, self._targets
        for i in range(self._next, end):
            steps = successors(states[i])
            for number, after in steps:
                if number < 0:
                    self._leaves_domain(i, ~number)
                    continue
                fired[number] = 1
                j = index.get(after)
                if j is None:
                    targets.append(len(states))
                    self._add(after)
                else:
                    targets.append(j)
            if not steps:
                self._note(self._deadlock, i)
            self._transitions += len(steps)
            self._offsets.append(len(targets))
            self._next = i + 1

    def _add(self, packed: int) -> None:
        j = len(self._states)
        if j == self._most:
            raise Full
        self._index[packed] = j
        self._states.append(packed)
        if not self._all_hold(packed):
            for claim, holds in enumerate(self._holds):
                if not holds(packed):
                    self._note(claim, j)
        if self._awaited:
            for goal in [goal for goal, meets in self._awaited.items() if meets(packed)]:
                del self._awaited[goal]

    def _leaves_domain(self, i: int, action: int) -> None:
        if self.left_domain is None:
            self.left_domain = action
        self.fired[action] = 1
        self._note(self._domains, i)

    def _note(self, claim: int, state: int) -> None:
        if claim in self._open:
            self._found.setdefault(claim, []).append(state)

    def _condition_of_all(self) -> Condition:
        cases = self._watch.invariants
        return self._lowered.condition(
            And(c for k in self._open if k < len(cases) for c in cases[k])
        )

    def found(self) -> Mapping[int, Sequence[int]]:
        """By number of the claim, the violating states found since the last call."""
        found, self._found = self._found, {}
        return found

    def close(self, claim: int) -> None:
        """Look for no further violation of ``claim``."""
        self._open.discard(claim)
        self._all_hold = self._condition_of_all()

    def forget(self) -> None:
        """It remembers everything."""

    def met(self, goal: int) -> bool:
        """Whether a state that meets the goal was found."""
        return goal not in self._awaited

    def leaving(self, state: State) -> int:
        """The first action that takes a variable outside its domain from ``state``."""
        return min(~n for n, _ in self._lowered.successors(self._lowered.pack(state)) if n < 0)

    # -- checkpoints ---------------------------------------------------------------------------

    def saved(self, since: Mapping[str, int]) -> Saved:
        """What has been found: of each column what is behind its first ``since`` bytes."""
        width = self._width
        first = since.get("states", 0) // width
        columns = {"states": b"".join(s.to_bytes(width, "little") for s in self._states[first:])}
        offsets = self._offsets[: self._next + 1]  # without those of a state that was begun
        for name, numbers in (("offsets", offsets), ("targets", self._targets[: offsets[-1]])):
            columns[name] = numbers[since.get(name, 0) // numbers.itemsize :].tobytes()
        notes = {
            "stored": self.count,
            "steps": offsets[-1],
            "next": self._next,
            "transitions": self._transitions,
            "fired": list(self.fired),
            "left": self.left_domain,
            "found": list(self._found.items()),
            "awaited": list(self._awaited),
        }
        return Saved(notes, columns)

    def reserve(self, notes: Mapping[str, Any]) -> Mapping[str, memoryview]:
        """Room for the columns that were saved with ``notes``, to be filled in."""
        self._packed = bytearray(self._width * notes["stored"])
        self._offsets = array("q", bytes(8 * (notes["next"] + 1)))
        self._targets = array("I", bytes(4 * notes["steps"]))
        return {
            "states": memoryview(self._packed),
            "offsets": memoryview(self._offsets).cast("B"),
            "targets": memoryview(self._targets).cast("B"),
        }

    def resume(self, notes: Mapping[str, Any]) -> None:
        """Go on from what was saved with ``notes``, once the columns are filled in."""
        rows = range(0, len(self._packed), self._width)
        self._states = [
            int.from_bytes(self._packed[at : at + self._width], "little") for at in rows
        ]
        del self._packed
        self._index = {packed: j for j, packed in enumerate(self._states)}
        self._next, self._transitions = notes["next"], notes["transitions"]
        self.fired[:] = bytes(notes["fired"])
        self.left_domain = notes["left"]
        self._found = {claim: list(states) for claim, states in notes["found"]}
        self._awaited = {k: self._awaited[k] for k in notes["awaited"]}

    # -- afterwards ----------------------------------------------------------------------------

    @cached_property
    def _graph(self) -> Graph:
        return Graph(len(self._states), self._offsets, self._targets)

    @cached_property
    def _lost(self) -> list[int]:
        """For each state, which of the cases that are asked along runs are lost there."""
        cases = [case for claim in self._watch.along for case in claim]
        parts = zip(*((case.that, case.during, case.when) for case in cases), strict=True)
        goals, during, when = (self._lowered.answers(part)(self._states) for part in parts)
        reaching = self._graph.can_reach(goals, during)
        return [asked & ~reached for asked, reached in zip(when, reaching, strict=True)]

    def lost(self, claim: int, levels: Sequence[int]) -> Sequence[int]:
        """The nearest states from which the ``along`` claim's goal is out of reach."""
        first = sum(len(cases) for cases in self._watch.along[:claim])
        bits = (1 << len(self._watch.along[claim])) - 1 << first
        for start, end in itertools.pairwise(levels):
            found = [j for j in range(start, end) if self._lost[j] & bits]
            if found:
                return found
        return []

    def endless(self, claim: Claim, levels: Sequence[int]) -> Run | None:
        """A fair run that breaks ``claim``, or None if there is none."""
        successors, states, index = self._lowered.successors, self._states, self._index

        def holds(condition: Expr[bool]) -> Callable[[int], bool]:
            met = self._lowered.condition(condition)
            return lambda j: met(states[j])

        graph = StateGraph(
            len(states),
            lambda j: depth_of(j, levels),
            lambda j: [(n, index[after]) for n, after in successors(states[j])],
            holds,
        )
        lasso = shortest_lasso(claim, self.system.actions, graph)
        if lasso is None:
            return None
        (run,) = self.runs([[lasso.start]], levels)
        return continued(run, lasso, lambda j: self._lowered.unpack(states[j]))

    def runs(self, targets: Sequence[Sequence[int]], levels: Sequence[int]) -> Sequence[Run]:
        """For each list of states of one depth, a readable shortest run to one of them."""
        return [self._run(sorted(some, key=self._key)[:MOST_TARGETS], levels) for some in targets]

    def _key(self, i: int) -> int:
        return self._states[i]

    def _run(self, targets: Sequence[int], levels: Sequence[int]) -> Run:
        actors = actors_of(self.system)
        layers = self._layers(targets, levels)
        costs = {j: [*[0] * actors.nobody, 1] for j in targets}
        place = {j: depth for depth, layer in enumerate(layers) for j in layer}

        def steps(i: int) -> Iterator[Step]:
            for number, packed in self._lowered.successors(self._states[i]):
                j = self._index.get(packed, -1)
                if number >= 0 and j in place and place[j] == place[i] + 1:
                    yield Step(number, j)

        for layer in reversed(layers[:-1]):
            for i in layer:
                costs[i] = cheapest(steps(i), costs, actors.who, actors.nobody)
        start, taken = follow(costs.__getitem__, steps, self._key, layers[0], actors)
        path = [start, *(step.state for step in taken)]
        return Run([self._lowered.unpack(self._states[i]) for i in path], [s.action for s in taken])

    def _layers(self, targets: Iterable[int], levels: Sequence[int]) -> list[list[int]]:
        """The states on shortest runs to ``targets``, by their distance from the initial states."""
        layers = [list(targets)]
        depth = depth_of(layers[0][0], levels)
        for start, end in zip(levels[:depth][::-1], levels[1 : depth + 1][::-1], strict=True):
            before = {i for j in layers[-1] for i in self._graph.before(j) if start <= i < end}
            layers.append(sorted(before))
        return layers[::-1]
