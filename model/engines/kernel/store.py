"""The kernel's store of states: what Python asks of it while it searches and afterwards."""

from __future__ import annotations

import ctypes
import functools
import itertools
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from model.engines.explorer import Full, Watch
from model.engines.kernel.native import library, model_of, pointer
from model.engines.kernel.parts import folded_parts, parts_of
from model.engines.kernel.programs import Unsuitable
from model.engines.kernel.tables import Tables
from model.engines.layout import WORD, Layout, of_words, to_words
from model.engines.reductions import MOST_FORKS, Reduced
from model.engines.repeated import repeated_steps
from model.engines.symmetry import Symmetry
from model.lang import System, Var

_FULL, _NO_MEMORY = 1, 2
_MOST_STATES = 2**32 - 2
_LAST = 2**64 - 1


class Numbers(NamedTuple):
    """What the kernel counts: stored and expanded states, steps, violations found.

    ``left`` is the action that left a domain, or above all actions; ``states`` and ``transitions``
    are what the expanded ones stand for, where one stands for several.
    """

    stored: int
    expanded: int
    steps: int
    found: int
    left: int
    states: int
    transitions: int


class RawStep(NamedTuple):
    """A step as the kernel takes it: ``action`` is ~number if it leaves a domain.

    ``after`` is the state after it, ``state`` the number of the stored one that stands for it, or
    -1, and ``to`` says where each interchangeable part is in that one.
    """

    action: int
    after: int
    state: int
    to: Sequence[int]


@functools.lru_cache(maxsize=1)
def _tables_of(system: System, symmetry: Symmetry) -> Tables:
    """Tables for all searches of a system: there may be two, one soon after the other."""
    layout = Layout(system)
    return Tables(layout, parts_of(layout, symmetry), bundled=True)


class Store:
    """Packed states of ``system``, found breadth first. Raises Unsuitable.

    ``edges`` says whether steps are stored (1), with their actions (2), or not (0). If it
    ``skips``, steps that only repeat what was found are counted, but not looked up.
    """

    def __init__(  # all of it is fixed before the first state
        self,
        system: System,
        watch: Watch,
        most: int | None,
        symmetry: Symmetry,
        reduced: Sequence[Reduced],
        edges: int,
        *,
        skips: bool,
    ) -> None:
        found = library()
        if found is None:
            raise Unsuitable("it was not built: python -m model.engines.kernel.build says why")
        self.c = found
        self.system = system
        known = _tables_of(system, symmetry)
        self.layout, self.parts = known.layout, known.parts
        self._tables = tables = known.with_folded(folded_parts(self.layout, reduced))
        checks, groups = tables.checked((c, k) for k, cs in enumerate(watch.invariants) for c in cs)
        awaited = [(k, tables.programs.number(goal)) for k, goal in enumerate(watch.goals)]
        self.programs = {id(item): tables.programs.number(item) for item in watch.asked()}
        """The programs of what is asked of stored states, by its ``id``."""
        claims = len(watch.invariants)
        self.fired = bytearray(len(system.actions))
        self.open = bytearray([*[1] * claims, watch.domains, watch.deadlocks])
        self.met = bytearray(len(awaited) + 1)
        members = [member for group in groups for member in group.members]
        self._lists = [
            array("i", numbers)
            for numbers in (
                [program for check in checks for program, _ in check],
                [claim for check in checks for _, claim in check],
                _places(checks),
                [program for program, _ in members],
                [claim for _, claim in members],
                [program for group in groups for program in group.programs],
                _places(group.programs for group in groups),
                _places(group.members for group in groups),
                [number for pair in awaited for number in pair],
            )
        ]
        self.edge_bytes = edges and 4 + bool(self.parts) + 2 * (edges > 1)
        """How many bytes a stored step takes; 0 if none is stored."""
        self.keeps_actions = edges > 1
        self._numbers = (ctypes.c_uint64 * 7)()
        self._forgets_from: list[int] = []
        self._keeps: list[int] = []
        self._model = model_of(tables)
        limit = _MOST_STATES if most is None else most
        order = sorted(range(len(tables.rank)), key=tables.rank.__getitem__)
        self.repeats = bytearray().join(repeated_steps(system, order) if skips else [])
        """Which steps are not looked up; empty if all of them are."""
        self.handle = self.c.search_new(
            *(ctypes.addressof(self._model), limit, edges),
            *(pointer(self.repeats) if skips else None, pointer(self.fired)),
        )
        if not self.handle:
            raise MemoryError
        *about, goals = map(pointer, self._lists)
        self.check(
            self.c.search_watch(
                *(self.handle, *about[:3], len(checks), *about[3:], len(groups)),
                *(pointer(self.open), claims, goals, len(awaited), pointer(self.met)),
            )
        )

    def __del__(self) -> None:
        if getattr(self, "handle", None):
            self.c.search_free(self.handle)

    # -- while it searches ---------------------------------------------------------------------

    def numbers(self) -> Numbers:
        """What the kernel counts."""
        self.c.search_numbers(self.handle, ctypes.addressof(self._numbers))
        return Numbers(*self._numbers)

    def add(self, packed: int) -> None:
        """Store an initial state."""
        self.check(self.c.search_add(self.handle, self.words(packed)))

    def expand(self, end: int) -> None:
        """Take every step from the states up to ``end``. Raises Full."""
        self.check(self.c.search_expand(self.handle, end))

    @staticmethod
    def check(code: int) -> None:
        """Raise Full or MemoryError if that is what the kernel answers."""
        if code == _FULL:
            raise Full
        if code == _NO_MEMORY:
            raise MemoryError

    def found(self) -> dict[int, list[int]]:
        """By number of the claim, the violating states found since the last call."""
        by_claim: dict[int, list[int]] = {}
        for claim, state in self.found_pairs():
            states = by_claim.setdefault(claim, [])
            if state not in states[-1:]:
                states.append(state)
        self.c.search_forget_found(self.handle)
        return by_claim

    def found_pairs(self) -> list[tuple[int, int]]:
        """Claims and violating states, as they were noted since ``found`` was asked."""
        length = 2 * self.numbers().found
        if not length:
            return []
        pairs = (ctypes.c_uint32 * length).from_address(self.c.search_found(self.handle))
        return list(zip(pairs[::2], pairs[1::2], strict=True))

    # -- afterwards ----------------------------------------------------------------------------

    def words(self, packed: int) -> ctypes.Array[ctypes.c_uint64]:
        """``packed`` as the kernel has it."""
        return (ctypes.c_uint64 * self.layout.words)(*to_words(packed, self.layout.words))

    def state(self, i: int) -> int:
        """The ``i``-th state, packed."""
        words = self.layout.words
        at = self.c.search_states(self.handle) + 8 * words * i
        return of_words(list((ctypes.c_uint64 * words).from_address(at)))

    def find(self, packed: int) -> list[tuple[int, list[int]]]:
        """The numbers of the states that stand for one; none if there is none.

        The list beside each says where each interchangeable part is in it.
        """
        slots = len(self.parts)
        numbers, to = array("q", bytes(8 * MOST_FORKS)), bytearray(MOST_FORKS * slots + 1)
        out = pointer(numbers), pointer(to)
        found = self.c.search_find(self.handle, self.words(packed), *out)
        return [(numbers[k], list(to[k * slots : (k + 1) * slots])) for k in range(found)]

    def steps(
        self, packed: int, standing: int = _LAST, *, hurried: bool = False
    ) -> Iterator[RawStep]:
        """The steps from a state; ``standing`` is the number of the one that stands for it.

        If ``hurried``, only those that the search takes as well.
        """
        words, slots = self.layout.words, len(self.parts)
        most = len(self.system.actions) * self._tables.forks
        by, targets = array("i", bytes(4 * most)), array("q", bytes(8 * most))
        after, to = array("Q", bytes(8 * most * words)), bytearray(most * slots + 1)
        out = map(pointer, (by, after, targets, to))
        found = self.c.search_steps(self.handle, self.words(packed), standing, hurried, *out)
        for k in range(found):
            row = of_words(after[k * words : (k + 1) * words])
            yield RawStep(by[k], row, targets[k], list(to[k * slots : (k + 1) * slots]))

    def collect(self, marks: array[int], first: int, end: int, bits: int) -> list[int]:
        """The states in a range that have one of ``bits``."""
        out = array("I", bytes(4 * (end - first)))
        where = pointer(marks), marks.itemsize
        found = self.c.search_collect(*where, first, end, bits, pointer(out))
        return out[:found].tolist()

    def unfolded(self) -> tuple[int, int]:
        """How many states and steps there are, those included that stored ones stand for."""
        numbers = self.numbers()
        if self.parts:
            frontier = int(self.c.search_frontier(self.handle))
            return numbers.states + frontier, numbers.transitions
        return numbers.stored, numbers.steps

    def forget(self, variables: Iterable[Var[Any]]) -> bool:
        """Forget ``variables`` in all states that are yet to be found; whether that is possible."""
        everything = self._keeps[-1] if self._keeps else (1 << WORD * self.layout.words) - 1
        for variable in variables:
            everything &= ~(self.layout.mask(variable) << self.layout.shift[variable])
        return self.forget_from(self.numbers().expanded, everything)

    def forget_from(self, first: int, keep: int) -> bool:
        """Keep only the bits ``keep`` of what comes after state ``first``; if that is possible."""
        if not self.c.search_forget_from(self.handle, first, self.words(keep)):
            return False
        self._forgets_from.append(first)
        self._keeps.append(keep)
        return True

    @property
    def forgets(self) -> list[tuple[int, int]]:
        """From which states on which bits of what comes after them are kept."""
        return list(zip(self._forgets_from, self._keeps, strict=True))

    def sizes(self) -> tuple[int, ...]:
        """Room for states, slots of the table, stored steps, room for those, bytes of numbers."""
        out = (ctypes.c_uint64 * 5)()
        self.c.search_sizes(self.handle, ctypes.addressof(out))
        return tuple(out)

    def kept(self, i: int, packed: int) -> list[int]:
        """What is kept of ``packed``, a state after the ``i``-th one: any of these."""
        words = self.layout.words
        out = (ctypes.c_uint64 * (MOST_FORKS * words))()
        found = self.c.search_kept(self.handle, i, self.words(packed), out)
        return [of_words(out[k * words : (k + 1) * words]) for k in range(found)]


def _places(lists: Iterable[Sequence[object]]) -> Iterator[int]:
    """Where each of the lists begins if they stand behind each other, and where they end."""
    return itertools.accumulate(map(len, lists), initial=0)
