"""The explorer that takes the steps from many states at once, with NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.engines.explorer import Full, Run, Saved, Watch
from model.engines.kernel.parts import parts_of
from model.engines.kernel.tables import Tables
from model.engines.kernel.witnesses import find_witnesses
from model.engines.layout import Layout
from model.engines.reductions import Reduced, reduce_entities, told
from model.engines.symmetry import NONE, Symmetry
from model.engines.vector import saving
from model.engines.vector.actions import Found
from model.engines.vector.afterwards import Afterwards
from model.engines.vector.edges import Edges, Stretch
from model.engines.vector.folds import Folds
from model.engines.vector.graph import Graph
from model.engines.vector.growing import Growing
from model.engines.vector.states import Added
from model.engines.vector.values import Numbers, Values, Words
from model.engines.vector.watching import Watching
from model.lang import Claim, State, System


class VectorExplorer:
    """Stores packed states in columns. See ``Explorer``.

    With a ``symmetry`` only one of all states stands there that differ by an exchange of
    interchangeable entities. If it ``forgets``, variables that nothing reads any more but claims
    that are violated already are left out of states from then on. If it ``folds``, one state of
    an entity that looks like others stands for all that nothing tells apart. Raises Unsuitable
    for a system that cannot be lowered.
    """

    name = "numpy"
    at_once = 65_536
    hurries = False

    def __init__(
        self,
        system: System,
        watch: Watch,
        most: int | None = None,
        symmetry: Symmetry = NONE,
        *,
        forgets: bool = False,
        folds: bool = False,
    ) -> None:
        self.system = system
        layout = Layout(system)
        tables = Tables(layout, parts_of(layout, symmetry))
        values = Values(tables.programs, layout.words)
        self._watching = Watching(watch, tables, values)
        asked = watch.along or watch.fair
        self._edges = Edges(len(system.actions), symmetry.permutations) if asked else None
        self._witnesses = find_witnesses(system, watch, symmetry) if forgets else []
        dropped = [variable for witness in self._witnesses for variable in witness.variables]
        found: list[Reduced] = []
        if folds:
            found = reduce_entities(system, watch, symmetry, dropped, folds=True, hurries=False)
        self._folds = Folds(layout, found)
        self.folded = told(found)
        # Each state is stored as it is, and only states are asked about.
        skips = not (asked or symmetry.blocks or found or self._witnesses)
        self.graph = Graph(tables, values, self._edges, self._folds, most, skips=skips)
        self._watching.share(self.graph.steps.crews)
        self._came = Growing(np.min_scalar_type(len(system.actions))) if skips else None
        self._columns = {f"word{k}": word for k, word in enumerate(self.graph.states.columns)}
        self._columns |= {} if self._edges is None else self._edges.columns
        self._columns |= {} if self._came is None else {"came": self._came}
        self._afterwards = Afterwards(self.graph, watch, symmetry)
        self._next = 0
        self._looked_at = 0  # so many states
        self._unfolded, self._transitions = 0, 0
        self.left_domain: int | None = None
        self.forgotten: list[str] = []

    @property
    def came(self) -> Numbers | None:
        """By state, the action by which it was first found, or their number for initial ones.

        None where it makes no difference.
        """
        return None if self._came is None else self._came.all

    @property
    def fired(self) -> bytearray:
        """By action: whether it was ever taken."""
        return self.graph.steps.fired

    @property
    def count(self) -> int:
        """How many states are stored."""
        return self.graph.states.count

    def columns(self, start: int, end: int) -> list[list[int]]:
        """Of the states from number ``start`` to ``end``, all first words, then all second ones."""
        return [word.tolist() for word in self.graph.states.words(start, end)]

    def unfolded(self) -> tuple[int, int]:
        """How many states and steps there are, those included that stored ones stand for."""
        waiting = self.graph.standing.orbits(self.graph.states.words(self._next, self.count))
        return self._unfolded + int(waiting.sum()), self._transitions

    def add(self, state: State) -> None:
        """Store an initial state."""
        words = self.graph.columns(state)
        stored = self.graph.standing.sorted(self._folds.stored(words))
        if self._store(stored, np.array([len(self.system.actions)])).full is not None:
            raise Full
        if self._folds:
            self._watching.await_goals(words)

    def contains(self, state: State) -> bool:
        """Whether ``state``, or one that stands for it, is stored."""
        return self.graph.find(self.graph.layout.pack(state)) is not None

    # -- the search ----------------------------------------------------------------------------

    def expand(self, end: int) -> None:
        """Take every step from the states up to ``end``. Raises Full."""
        while self._next < end:
            self._expand(self._next, min(end, self._next + self.at_once))

    def _expand(self, start: int, end: int) -> None:
        states = self.graph.states.words(start, end)
        came = self.came
        found = self.graph.steps.take(states, None if came is None else came[start:end])
        inside = found.inside()
        real = found.after if inside is None else [word[inside] for word in found.after]
        actions = found.actions if inside is None else found.actions[inside]
        after = self.graph.least(real, start)
        targets, _, full = self._store(self.graph.standing.sorted(after), actions)
        self._look_at_new()
        last = len(found.actions)  # behind the last step that is looked at
        if full is not None:
            last = full if inside is None else int(inside[full])
            end = start + int(np.searchsorted(found.offsets, last, "right")) - 1
        if self._folds:  # stored states need not tell whether a goal was met
            self._watching.await_goals([word[:full] for word in real])
        self._look_at(found, start, last, end)
        if self._edges is not None:
            inside = np.arange(len(targets)) if inside is None else inside
            moves = np.flatnonzero(found.changing(states)[inside])
            moves = moves[inside[moves] < found.offsets[end - start]]
            steps = inside[moves]
            ranks = self.graph.standing.ranks([word[moves] for word in after])
            before = start + found.before[steps]
            self._edges.append(Stretch(before, found.actions[steps], targets[moves], ranks), end)
        orbits = self.graph.standing.orbits([word[: end - start] for word in states])
        self._unfolded += int(orbits.sum())
        self._transitions += int((orbits * found.many[: end - start]).sum())
        self._next = end
        if full is not None:
            raise Full

    def _look_at(self, found: Found, start: int, last: int, end: int) -> None:
        """Take note of the steps before number ``last``, and of the states up to ``end``."""
        left = np.flatnonzero(found.actions[:last] < 0)
        if len(left):
            if self.left_domain is None:
                self.left_domain = int(~found.actions[left[0]])
            self._watching.left_domain(start + found.before[left])
        stuck = np.flatnonzero(found.many[: end - start] == 0)
        self._watching.stuck(start + stuck)

    def _store(self, words: Words, actions: NDArray[Any]) -> Added:
        """Store states that are not there yet, to which the ``actions`` led."""
        added = self.graph.states.add(words)
        if self._came is not None:
            self._came.append(actions.take(added.new))
        return added

    def _look_at_new(self) -> None:
        """Look at all states that were stored since the last call."""
        first, self._looked_at = self._looked_at, self.count
        if self.count > first:
            new = self.graph.states.words(first, self.count)
            self._watching.look_at(new, first)
            if not self._folds:
                self._watching.await_goals(new)

    def found(self) -> Mapping[int, Sequence[int]]:
        """By number of the claim, the violating states found since the last call."""
        if not self._next:
            self._look_at_new()  # initial states, all at once
        return self._watching.take_found()

    def close(self, claim: int) -> None:
        """Look for no further violation of ``claim``."""
        self._watching.close(claim)

    def forget(self) -> None:
        """Forget, of states yet to be found, what only decided claims still read."""
        done = [witness for witness in self._witnesses if self._watching.is_done(witness)]
        variables = [variable for witness in done for variable in witness.variables]
        if variables:
            layout = self.graph.layout
            self.graph.forget(sum(layout.mask(v) << layout.shift[v] for v in variables), self._next)
            self.forgotten += [variable.name for variable in variables]
            self._witnesses = [witness for witness in self._witnesses if witness not in done]

    def met(self, goal: int) -> bool:
        """Whether a state that meets the goal was found."""
        return self._watching.met(goal)

    def leaving(self, state: State) -> int:
        """The first action that takes a variable outside its domain from ``state``."""
        actions = self.graph.steps.take(self.graph.columns(state)).actions
        return int((~actions[actions < 0]).min())

    # -- memory and checkpoints ------------------------------------------------------------------

    @property
    def expanded(self) -> int:
        """How many states have been expanded."""
        return self._next

    @property
    def allocated(self) -> int:
        """How many bytes what is stored takes."""
        return saving.allocated(self.graph, self._columns)

    def growth(self, states: int) -> int:
        """The most bytes that expanding so many further ``states`` may take, and then traces."""
        return saving.growth(self.graph, self._columns, states, len(self.system.entities) + 2)

    @property
    def questions(self) -> int:
        """The most bytes that answers to questions about runs may take."""
        return saving.QUESTIONS * self.count if self._edges is not None else 0

    def saved(self, since: Mapping[str, int]) -> Saved:
        """What has been found: of each column what is behind its first ``since`` bytes."""
        notes = {
            "next": self._next,
            "unfolded": [self._unfolded, self._transitions],
            "fired": list(self.fired),
            "left": self.left_domain,
            "forgotten": self.forgotten,
            "lengths": saving.lengths(self._columns),
            "kept": self.graph.stages,
            "watching": self._watching.saved(),
        }
        return Saved(notes, saving.saved(self._columns, since))

    def reserve(self, notes: Mapping[str, Any]) -> Mapping[str, memoryview]:
        """Room for the columns that were saved with ``notes``, to be filled in."""
        return saving.reserve(self._columns, notes["lengths"])

    def resume(self, notes: Mapping[str, Any]) -> None:
        """Go on from what was saved with ``notes``, once the columns are filled in."""
        self.graph.states.resume()
        self.graph.stages = [(start, keep) for start, keep in notes["kept"]]
        self._watching.resume(notes["watching"])
        self._next, self._looked_at = notes["next"], self.count
        self._unfolded, self._transitions = notes["unfolded"]
        self.fired[:] = bytes(notes["fired"])
        self.left_domain = notes["left"]
        self.forgotten = list(notes["forgotten"])
        self._witnesses = [
            witness
            for witness in self._witnesses
            if not any(variable.name in self.forgotten for variable in witness.variables)
        ]

    # -- afterwards ----------------------------------------------------------------------------

    def lost(self, claim: int, levels: Sequence[int]) -> Sequence[int]:
        """The nearest states from which the ``along`` claim's goal is out of reach."""
        return self._afterwards.lost(claim, levels)

    def endless(self, claim: Claim, levels: Sequence[int]) -> Run | None:
        """A fair run that breaks ``claim``, or None if there is none."""
        return self._afterwards.endless(claim, levels)

    def runs(self, targets: Sequence[Sequence[int]], levels: Sequence[int]) -> Sequence[Run]:
        """For each list of states of one depth, a readable shortest run to one of them."""
        return self._afterwards.runs(targets, levels)
