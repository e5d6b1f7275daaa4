"""Tables: a system's actions and conditions as ``kernel.c`` reads them.

Nothing is compiled for a system: actions become masks and bits, and whatever does not fit into
those becomes a program.
"""

from __future__ import annotations

import copy
import itertools
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from model.engines.kernel.clauses import Clause, clauses
from model.engines.kernel.programs import TABLE_BITS, Programs, Unsuitable
from model.engines.kernel.scopes import bundles, read_by, read_by_action
from model.engines.layout import WORD, Layout, base, dispatch_on, stays, stored, to_words
from model.lang import Expr, GroundAction, Var
from model.lang.expr import And, Const, Or

MOST_WORDS = 16
"""How many words a state may have. As in kernel.c."""

_SPREAD = 0x9E3779B97F4A7C15  # as in kernel.c
_NOBODY = (1 << WORD) - 1

Members = list[tuple[int, int]]
_ByPin = dict[Var[Any], dict[int, list[int]]]


class Group(NamedTuple):
    """Programs one of which must be true, and what to look at if none is.

    ``members`` are programs with the numbers of the claims that they are parts of.
    """

    programs: list[int]
    members: Members


@dataclass
class _Gathered:
    """Conditions that together read no more bits than a table may."""

    read: set[Var[Any]] = field(default_factory=set)
    all: list[Expr[bool]] = field(default_factory=list)
    members: Members = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """One of several interchangeable parts of a state: its bits, and the block it belongs to."""

    shift: int
    width: int
    block: int


class WayOut(NamedTuple):
    """What a part comes ``through``, which ``ends`` it may lead to, and the actions ``taken``."""

    through: Sequence[int]
    ends: Sequence[int]
    taken: Sequence[int]


@dataclass(frozen=True)
class FoldedPart:
    """A part of a state: what is ``standing`` for its states, and which of those are ``fleeting``.

    ``passing`` are those of the others that lead to what stands for them, with their ways. ``own``
    are the numbers of the actions that are enough in both.
    """

    part: Part
    standing: Mapping[int, int]
    fleeting: Collection[int]
    passing: Mapping[int, WayOut]
    own: Sequence[int]


def numbered(conditions: Iterable[tuple[Expr[bool], int]]) -> Iterator[tuple[Or, int]]:
    """The clauses of numbered conditions, each with the number."""
    return ((Or(part), number) for item, number in conditions for part in clauses(item))


class Tables:
    """``layout``'s system and its ``parts`` as flat lists of numbers.

    The names are those of the fields of ``struct model``. If ``bundled``, actions that read few
    entities are in bundles, and not sorted by what they pin. Raises Unsuitable.
    """

    def __init__(
        self, layout: Layout, parts: Sequence[Part] = (), *, bundled: bool = False
    ) -> None:
        if layout.words > MOST_WORDS:
            raise Unsuitable(f"a state has {layout.bits} bits, and the kernel takes 1024")
        self.layout = layout
        self.parts = parts
        self.programs = Programs(layout)
        self.guard_mask, self.guard_value = array("Q"), array("Q")
        self.keep_mask, self.set_value = array("Q"), array("Q")
        self.tests, self.tests_at = array("i"), array("i", [0])
        self.updates, self.updates_at = array("i"), array("i", [0])
        self.valid = array("Q")
        self.dispatch, self.rows, self.row = array("i"), array("i"), array("i")
        for action in layout.system.actions:
            self._add(action)
        reads = list(map(read_by_action, layout.system.actions))
        scopes, others = bundles(layout.system, reads) if bundled else ([], range(len(reads)))
        order = _order(*_by_pin(layout.system.actions, range(len(reads))))
        self.rank = array("i", map(dict(zip(order, itertools.count())).__getitem__, sorted(order)))
        self.bundle = array("i", [k for s in scopes for k in sorted(s, key=self.rank.__getitem__)])
        self.bundle_at = array("i", itertools.accumulate(map(len, scopes), initial=0))
        self.always = self._sort_by_pins(others)
        self.entity = array("Q")
        for entity in layout.system.entities:
            bits = sum(layout.mask(v) << layout.shift[v] for v in entity.variables())
            self.entity.extend(to_words(bits, layout.words))
        self.slot = array("i")
        for part in parts:
            self.slot.extend([*divmod(part.shift, WORD), part.width, part.block])
        self._fold(())

    def with_folded(self, folded: Iterable[FoldedPart]) -> Tables:
        """The same actions and parts, with these ``folded`` ones and with programs of their own."""
        other = copy.copy(self)
        other.programs = self.programs.copied()
        other._fold(folded)  # noqa: SLF001  # another one of these
        return other

    def _fold(self, folded: Iterable[FoldedPart]) -> None:
        self.fold, self.folded = array("i"), array("Q")
        self.forks = 1
        self.through, self.through_at = array("Q"), array("i", [0])
        self.ends, self.ends_at = array("Q"), array("i", [0])
        self.taken, self.taken_at = array("i"), array("i", [0])
        self.whose = array("i", [-1] * len(self.layout.system.actions))
        self.hurries = 0
        for k, one in enumerate(folded):
            self._add_fold(k, one)

    def _add_fold(self, number: int, one: FoldedPart) -> None:
        """An open hash table of the part's states that are stored as others, or are fleeting."""
        rows = {state: other for state, other in one.standing.items() if state != other}
        rows |= {state: state for state in one.fleeting}
        size_bits = (2 * len(rows) + 1).bit_length()
        entries = [(_NOBODY, 0, 0, 0)] * (1 << size_bits)
        for state, other in rows.items():
            at = (state * _SPREAD & _NOBODY) >> (WORD - size_bits)
            while entries[at][0] != _NOBODY:
                at = (at + 1) % len(entries)
            way = self._add_way(one.passing[state], other) if state in one.passing else 0
            entries[at] = state, other, state in one.fleeting, way
        first = len(self.folded) // 4
        self.fold.extend([*divmod(one.part.shift, WORD), one.part.width, first, size_bits])
        self.hurries |= bool(one.fleeting)
        self.forks *= max((len(way.ends) for way in one.passing.values()), default=1)
        for k in one.own:
            self.whose[k] = number
        self.folded.extend(number for entry in entries for number in entry)

    def _add_way(self, way: WayOut, standing: int) -> int:
        """Add a way out of a state that is not stored; its number, plus one."""
        self.through.extend(way.through)
        self.ends.extend(end for end in way.ends if end != standing)
        self.taken.extend(way.taken)
        self.through_at.append(len(self.through))
        self.ends_at.append(len(self.ends))
        self.taken_at.append(len(self.taken))
        return len(self.taken_at) - 1

    # -- what is looked for --------------------------------------------------------------------

    def checked(
        self, conditions: Iterable[tuple[Expr[bool], int]]
    ) -> tuple[list[Members], list[Group]]:
        """Numbered conditions: those that read few entities by what they read, and the others."""
        parts = list(numbered(conditions))
        scopes, others = bundles(self.layout.system, [read_by([part]) for part, _ in parts])
        checks = [[(self.programs.number(parts[k][0]), parts[k][1]) for k in one] for one in scopes]
        return checks, self.grouped(parts[k] for k in others)

    def grouped(self, parts: Iterable[tuple[Or, int]]) -> list[Group]:
        """Numbered clauses in groups that are cheap to look at together.

        Each group is about few bits, or is one clause of which the first true part is enough.
        """
        small: list[_Gathered] = []
        large: list[Group] = []
        for whole, claim in parts:
            if self.programs.bits(self.programs.read(whole)) > TABLE_BITS:
                split = [self.programs.number(Or(part)) for part in self._split(whole.children)]
                large.append(Group(split, [(self.programs.number(whole), claim)]))
            else:
                gathered = self._gather(whole, small)
                gathered.members.append((self.programs.number(whole), claim))
        return [Group([self.programs.number(And(g.all))], g.members) for g in small] + large

    def _gather(self, condition: Expr[bool], into: list[_Gathered]) -> _Gathered:
        """Put ``condition`` beside others that read much the same; a table has room for all."""
        read = set(self.programs.read(condition))
        for gathered in into:
            if self.programs.bits(gathered.read | read) <= TABLE_BITS:
                break
        else:
            gathered = _Gathered()
            into.append(gathered)
        gathered.read |= read
        gathered.all.append(condition)
        return gathered

    def _split(self, clause: Clause) -> list[list[Expr[bool]]]:
        """The clause's conditions in lists, each about as many bits as a table takes.

        Those that read the same few entities are together.
        """
        scopes, others = bundles(self.layout.system, [read_by([item]) for item in clause])
        lists: list[_Gathered] = []
        for some in [*scopes, others]:
            together: list[_Gathered] = []
            for k in some:
                self._gather(clause[k], together)
            lists += together
        return [gathered.all for gathered in lists]

    def _place(self, variable: Var[Any]) -> tuple[int, int]:
        return divmod(self.layout.shift[variable], WORD)

    # -- actions -------------------------------------------------------------------------------

    def _add(self, action: GroundAction) -> None:
        layout = self.layout
        guard = [clause for item in action.guard for clause in clauses(item)]
        mask, value, others = layout.conjunction([c[0] if len(c) == 1 else Or(c) for c in guard])
        self.tests.extend(self.programs.number(item) for item in others)
        self.tests_at.append(len(self.tests))
        changed, fixed = 0, 0
        for update in action.updates:
            variable = update.variable
            changed |= layout.mask(variable) << layout.shift[variable]
            if isinstance(update.value, Const):
                fixed |= layout.field(variable, update.value.value)[1]
                continue
            valid = -1 if stays(update.value, variable) else self._valid(variable)
            place, width = self._place(variable), layout.width[variable]
            self.updates.extend(
                [self.programs.number(update.value), *place, base(variable), width, valid]
            )
        self.updates_at.append(len(self.updates) // 6)
        everything = (1 << WORD * layout.words) - 1
        for row, bits in (
            (self.guard_mask, mask),
            (self.guard_value, value),
            (self.keep_mask, everything & ~changed),
            (self.set_value, fixed),
        ):
            row.extend(to_words(bits, layout.words))

    def _valid(self, variable: Var[Any]) -> int:
        """Where the set of ``variable``'s values begins, one bit for each."""
        at = len(self.valid)
        values = sum(1 << stored(variable, value) for value in variable.domain.values)
        words = -(-(1 << self.layout.width[variable]) // WORD)
        self.valid.extend(to_words(values, words))
        return at

    def _sort_by_pins(self, actions: Iterable[int]) -> int:
        """Fill the lists that say which of ``actions`` a state's pinned fields let through."""
        always, by_pin = _by_pin(self.layout.system.actions, actions)
        self.row.extend(always)
        for variable, by_value in by_pin.items():
            width = self.layout.width[variable]
            self.dispatch.extend([*self._place(variable), width, len(self.rows)])
            for value in range(1 << width):
                self.rows.append(len(self.row))
                self.row.extend(by_value.get(value, []))
            self.rows.append(len(self.row))
        return len(always)


def _by_pin(actions: Sequence[GroundAction], some: Iterable[int]) -> tuple[list[int], _ByPin]:
    """Those of ``some`` actions that pin no field, and the others by field and its bits."""
    always: list[int] = []
    by_pin: _ByPin = {}
    for k in some:
        pin = dispatch_on(actions[k])
        if pin is None:
            always.append(k)
        else:
            by_pin.setdefault(pin[0], {}).setdefault(pin[1], []).append(k)
    return always, by_pin


def _order(always: Sequence[int], by_pin: _ByPin) -> list[int]:
    """The order in which a state's steps are taken: all machines number states alike."""
    return [*always, *(k for rows in by_pin.values() for row in rows.values() for k in row)]
