"""The explorer that stores states and takes steps in C."""

from __future__ import annotations

import ctypes
import functools
import itertools
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence

from model.engines.explorer import MOST_TARGETS, Full, Run, Watch
from model.engines.kernel.native import library, model_of, pointer
from model.engines.kernel.tables import Part, Tables, Unsuitable
from model.engines.layout import Layout, of_words, to_words
from model.engines.readable import Actors, Step, actors_of, follow
from model.engines.symmetry import NONE, Symmetry
from model.lang import Case, State, System

_BITS = 64
_FULL, _NO_MEMORY = 1, 2


class KernelExplorer:
    """Stores packed states in the kernel's memory. See ``Explorer``.

    With a ``symmetry`` only one of all states stands there that differ by an exchange of
    interchangeable entities. Raises Unsuitable for a system that the kernel has no room for.
    """

    name = "kernel"

    def __init__(
        self,
        system: System,
        watch: Watch,
        most: int | None = None,
        symmetry: Symmetry = NONE,
    ) -> None:
        found = library()
        if found is None:
            raise Unsuitable("it was not built: python -m model.engines.kernel.build says why")
        self._c = found
        self.system = system
        self.symmetry = symmetry
        self._layout = Layout(system)
        tables = Tables(self._layout, self._parts())
        self._tables = tables
        groups = tables.grouped((c, k) for k, cs in enumerate(watch.invariants) for c in cs)
        awaited = [(k, tables.program(goal)) for k, goal in enumerate(watch.goals)]
        self._along = watch.along
        self._programs = {
            id(part): tables.program(part)
            for cases in watch.along
            for case in cases
            for part in (case.that, case.during, case.when)
        }
        claims = len(watch.invariants)
        self.fired = bytearray(len(system.actions))
        self._open = bytearray([*[1] * claims, watch.domains, watch.deadlocks])
        self._met = bytearray(len(awaited) + 1)
        members = [member for group in groups for member in group.members]
        self._lists = [
            array("i", [program for program, _ in members]),
            array("i", [claim for _, claim in members]),
            array("i", [program for group in groups for program in group.programs]),
            array("i", _places(group.programs for group in groups)),
            array("i", _places(group.members for group in groups)),
            array("i", [number for pair in awaited for number in pair]),
        ]
        self._numbers_at = (ctypes.c_uint64 * 5)()
        self._model = model_of(tables)
        self._search = self._c.search_new(
            ctypes.addressof(self._model),
            2**32 - 2 if most is None else most,
            bool(watch.along),
            pointer(self.fired),
        )
        if not self._search:
            raise MemoryError
        self._c.search_watch(
            self._search,
            *map(pointer, self._lists[:5]),
            len(groups),
            pointer(self._open),
            claims,
            pointer(self._lists[5]),
            len(awaited),
            pointer(self._met),
        )

    def __del__(self) -> None:
        if getattr(self, "_search", None):
            self._c.search_free(self._search)

    # -- the search ----------------------------------------------------------------------------

    @property
    def _numbers(self) -> Sequence[int]:
        self._c.search_numbers(self._search, ctypes.addressof(self._numbers_at))
        return self._numbers_at

    @property
    def count(self) -> int:
        """How many states are stored."""
        return self._numbers[0]

    @property
    def transitions(self) -> int:
        """How many steps were taken."""
        return self._numbers[2]

    @property
    def left_domain(self) -> int | None:
        """The first action that took a variable outside its domain."""
        action = self._numbers[4]
        return None if action >> 63 else action

    def add(self, state: State) -> None:
        """Store an initial state."""
        self._check(self._c.search_add(self._search, self._words(self._layout.pack(state))))

    def expand(self, end: int) -> None:
        """Take every step from the states up to ``end``. Raises Full."""
        self._check(self._c.search_expand(self._search, end))

    def _check(self, code: int) -> None:
        if code == _FULL:
            raise Full
        if code == _NO_MEMORY:
            raise MemoryError

    def found(self) -> Mapping[int, Sequence[int]]:
        """By number of the claim, the violating states found since the last call."""
        pairs = (ctypes.c_uint32 * (2 * self._numbers[3])).from_address(
            self._c.search_found(self._search) or ctypes.addressof(self._numbers_at)
        )
        by_claim: dict[int, list[int]] = {}
        for claim, state in zip(pairs[::2], pairs[1::2], strict=True):
            states = by_claim.setdefault(claim, [])
            if state not in states[-1:]:
                states.append(state)
        self._c.search_forget_found(self._search)
        return by_claim

    def close(self, claim: int) -> None:
        """Look for no further violation of ``claim``."""
        self._open[claim] = 0

    def met(self, goal: int) -> bool:
        """Whether a state that meets the goal was found."""
        return bool(self._met[goal])

    def leaving(self, state: State) -> int:
        """The first action that takes a variable outside its domain from ``state``."""
        return min(~n for n, *_ in self._steps(self._layout.pack(state)) if n < 0)

    def unfolded(self) -> tuple[int, int]:
        """How many states and steps the stored ones stand for, themselves included."""
        numbers = array("Q", [0, 0])
        at = pointer(numbers)
        self._c.search_unfold(self._search, at, at + 8)
        return numbers[0], numbers[1]

    def contains(self, state: State) -> bool:
        """Whether ``state``, or one that stands for it, is stored."""
        return bool(self._c.search_find(self._search, self._words(self._layout.pack(state))) >= 0)

    def _parts(self) -> list[Part]:
        parts = []
        for block, entities in enumerate(self.symmetry.blocks):
            for entity in entities:
                if entity.name not in self._layout.part:
                    raise Unsuitable(f"{entity.name} has more bits than a word")
                parts.append(Part(*self._layout.part[entity.name], block))
        return parts

    def _words(self, packed: int) -> ctypes.Array[ctypes.c_uint64]:
        words = self._layout.words
        return (ctypes.c_uint64 * words)(*to_words(packed, words))

    def _steps(self, packed: int) -> Iterator[tuple[int, int, int, list[int]]]:
        """Action, state after it, number of the stored one or -1, and where the parts went."""
        words, slots = self._layout.words, len(self._tables.parts)
        most = len(self.system.actions)
        by, targets = array("i", bytes(4 * most)), array("q", bytes(8 * most))
        after, to = array("Q", bytes(8 * most * words)), bytearray(most * slots + 1)
        state = self._words(packed)
        taken = self._c.search_steps(self._search, state, *map(pointer, (by, after, targets, to)))
        for k in range(taken):
            row = of_words(after[k * words : (k + 1) * words])
            yield by[k], row, targets[k], list(to[k * slots : (k + 1) * slots])

    # -- along runs ----------------------------------------------------------------------------

    def lost(self, claim: int, levels: Sequence[int]) -> Sequence[int]:
        """The nearest states from which the ``along`` claim's goal is out of reach."""
        nearest: list[int] = []
        for marks, bits in self._lost(levels[-1])[claim]:
            start = self._c.search_first(pointer(marks), levels[-1], bits)
            if start < levels[-1]:
                depth = _depth(start, levels)
                found = self._collect(marks, start, levels[depth + 1], bits)
                if not nearest or _depth(nearest[0], levels) > depth:
                    nearest = found
                elif _depth(nearest[0], levels) == depth:
                    nearest = sorted({*nearest, *found})
        return nearest

    @functools.lru_cache(maxsize=1)  # noqa: B019  # one search has one answer, and goes with it
    def _lost(self, states: int) -> list[list[tuple[array[int], int]]]:
        """By claim: for each state which cases are lost there, and which bits are the claim's."""
        found: list[list[tuple[array[int], int]]] = [[] for _ in self._along]
        for batch in _batches(self._along):
            marks = self._lost_cases([case for _, case in batch], states)
            for claim in {claim for claim, _ in batch}:
                bits = sum(1 << k for k, (other, _) in enumerate(batch) if other == claim)
                found[claim].append((marks, bits))
        return found

    def _lost_cases(self, cases: Sequence[Case], states: int) -> array[int]:
        reaching, during, when = (
            self._answers([self._programs[id(part)] for part in parts], states)
            for parts in zip(*((c.that, c.during, c.when) for c in cases), strict=True)
        )
        moves = self.symmetry.moves(cases)
        mask, by = array("Q", moves.masks), array("i", moves.by)
        # Breadth-first numbers run along most edges, so that a sweep against them carries answers
        # far; the sweep along them is for the edges that lead back.
        backward = True
        while self._c.search_reach(
            self._search,
            *map(pointer, (reaching, during)),
            backward,
            *map(pointer, (mask, by)),
            moves.most,
        ):
            backward = not backward
        self._c.search_without(pointer(when), pointer(reaching), states)
        return when

    def _answers(self, programs: Sequence[int], states: int) -> array[int]:
        numbers, out = array("i", programs), array("Q", bytes(8 * states))
        self._c.search_answers(
            self._search, pointer(numbers), len(programs), 0, states, pointer(out)
        )
        return out

    def _collect(self, marks: array[int], first: int, end: int, bits: int) -> list[int]:
        out = array("I", bytes(4 * (end - first)))
        found = self._c.search_collect(pointer(marks), first, end, bits, pointer(out))
        return out[:found].tolist()

    # -- traces --------------------------------------------------------------------------------

    def runs(self, targets: Sequence[Sequence[int]], levels: Sequence[int]) -> Sequence[Run]:
        """For each list of states of one depth, a readable shortest run to one of them."""
        runs: list[Run] = []
        for first in range(0, len(targets), _BITS):
            some = [
                sorted(few, key=self._key)[:MOST_TARGETS] for few in targets[first : first + _BITS]
            ]
            marks = self._mark(some, levels)
            runs += [self._run(few, 1 << k, marks, levels) for k, few in enumerate(some)]
        return runs

    def _mark(self, targets: Sequence[Sequence[int]], levels: Sequence[int]) -> array[int]:
        """For each state, which targets a shortest run through it leads to."""
        depth = max(_depth(few[0], levels) for few in targets)
        marks = array("Q", bytes(8 * levels[depth + 1]))
        for k, few in enumerate(targets):
            for j in few:
                marks[j] |= 1 << k
        for first, end, last in _backward(levels, depth):
            self._c.search_mark(self._search, first, end, last, pointer(marks))
        return marks

    def _run(
        self, targets: Sequence[int], bit: int, marks: array[int], levels: Sequence[int]
    ) -> Run:
        actors = self._actors
        width = actors.nobody + 1
        depth = _depth(targets[0], levels)
        costs = bytearray(levels[depth + 1] * width)
        for j in targets:
            costs[j * width + actors.nobody] = 1
        lists = [array("i", some) for some in (actors.who, actors.part, actors.actor or [0])]
        for first, end, last in _backward(levels, depth):
            self._c.search_switches(
                self._search,
                *(first, end, last, pointer(marks), bit),
                *map(pointer, lists),
                *(width, pointer(costs)),
            )

        def row(i: int) -> Sequence[int]:
            return costs[i * width : (i + 1) * width]

        def steps(i: int) -> Iterator[Step]:
            end = levels[_depth(i, levels) + 1]
            last = levels[_depth(i, levels) + 2]
            for action, _, j, to in self._steps(self._key(i)):
                if action >= 0 and end <= j < last and any(row(j)):
                    yield Step(action, j, to)

        initial = self._collect(marks, 0, levels[1], bit)
        start, taken = follow(row, steps, self._key, initial, actors)
        return self._unfold(start, taken)

    @functools.cached_property
    def _actors(self) -> Actors:
        return actors_of(self.system, self.symmetry.names)

    def _key(self, i: int) -> int:
        words = self._layout.words
        at = self._c.search_states(self._search) + 8 * words * i
        return of_words((ctypes.c_uint64 * words).from_address(at))

    def _unfold(self, start: int, steps: Sequence[Step]) -> Run:
        """The run of real states that begins at an initial one which ``start`` stands for."""
        if not self.symmetry.names:
            path = [start, *(step.state for step in steps)]
            return Run([self._layout.unpack(self._key(i)) for i in path], [s.action for s in steps])
        actors, parts = self._actors, self._tables.parts
        state, place = self._real(start)
        states, actions = [state], []
        for step in steps:
            actor = actors.who[step.action]
            if actors.part[actor] >= 0:
                actor = actors.actor[place.index(actors.part[actor])]
            place = [step.to[k] for k in place]
            after = self._key(step.state)
            for part, there in zip(parts, place, strict=True):
                bits = (1 << part.width) - 1
                value = self._key(step.state) >> parts[there].shift & bits
                after = after & ~(bits << part.shift) | value << part.shift
            actions.append(
                min(
                    number
                    for number, found, *_ in self._steps(state)
                    if number >= 0 and found == after and actors.who[number] == actor
                )
            )
            states.append(after)
            state = after
        return Run([self._layout.unpack(s) for s in states], actions)

    def _real(self, start: int) -> tuple[int, list[int]]:
        """An initial state that ``start`` stands for, and where each of its parts is there."""
        wanted = self._key(start)
        for state in self.system.initial_states():
            packed = self._layout.pack(state)
            words, to = self._words(packed), bytearray(len(self._tables.parts))
            self._c.search_sort(self._search, words, pointer(to))
            if of_words(words) == wanted:
                return packed, list(to)
        raise AssertionError("no initial state")


def _places(lists: Iterable[Sequence[object]]) -> Iterator[int]:
    """Where each of the lists begins if they stand behind each other, and where they end."""
    return itertools.accumulate(map(len, lists), initial=0)


def _batches(claims: Sequence[Sequence[Case]]) -> Iterator[list[tuple[int, Case]]]:
    """The cases, with the numbers of their claims: few enough for a bit each, whole claims."""
    batch: list[tuple[int, Case]] = []
    for claim, cases in enumerate(claims):
        if batch and len(batch) + len(cases) > _BITS:
            yield batch
            batch = []
        batch += [(claim, case) for case in cases]
        while len(batch) > _BITS:
            yield batch[:_BITS]
            batch = batch[_BITS:]
    if batch:
        yield batch


def _depth(j: int, levels: Sequence[int]) -> int:
    return next(depth for depth, (_, end) in enumerate(itertools.pairwise(levels)) if j < end)


def _backward(levels: Sequence[int], depth: int) -> Iterator[tuple[int, int, int]]:
    """(first, end, end of the next level) of each level above ``depth``, deepest first."""
    for d in range(depth - 1, -1, -1):
        yield levels[d], levels[d + 1], levels[d + 2]
