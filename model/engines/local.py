"""Local states: the values of one entity's variables, and what the rest of the system sees of them.

They are those that the entity could come to in any company, so that what is found out about them
holds for any number of others.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from model.engines.explorer import Watch
from model.engines.residue import FALSE, Fields, Known, Residue, Residues, known
from model.engines.rule import Rule, mentions
from model.lang import Entity, Expr, System, Var

Local: TypeAlias = tuple[int, ...]
"""The values of an entity's variables, in their order: each by its place in its domain."""
Ends: TypeAlias = tuple[int, ...]
"""Numbers of local states: one, or one for each value of what it depends on."""

MOST = 20_000
"""So many local states are looked at, and values of others that one of them may depend on."""
LEFT = -1
"""Where a step leaves a domain."""
_Row: TypeAlias = tuple[int, int]  # what stays of a local state as a number, and what is added
_T = TypeVar("_T")


class _Step(NamedTuple):
    """A rule that can be taken, and a number for what is left of its guard.

    If that is all that matters, ``looks`` are what is seen of it, if it changes the entity and if
    it does not, and ``row`` what it makes of it.
    """

    rule: int
    guard: int
    row: _Row | None
    looks: tuple[Hashable, Hashable] | None


_RULE = itemgetter(0)


class TooMany(Exception):
    """An entity has more local states than are looked at."""


class _ByValue(Generic[_T]):
    """What ``find`` says of a packed local state; it depends on the bits of ``mask`` only."""

    def __init__(self, find: Callable[[int], _T], mask: int) -> None:
        self._find = find
        self._mask = mask
        self._known: dict[int, _T] = {}

    def __call__(self, packed: int) -> _T:
        key = packed & self._mask
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._find(packed)
        return found


class LocalStates:
    """The local states of ``entity``, by number, and what can be told of each.

    ``asked`` has numbers for the residues of what is watched. ``seen`` has for each rule a number
    for what is left of it, None if it cannot be taken, and ``ends`` where it leads then, if the
    entity takes it or is changed by it.
    ``dropped`` variables may get their first value at any time: ``cleared`` are the pairs of local
    states before and after that. Raises TooMany.
    """

    def __init__(
        self, system: System, entity: Entity, watch: Watch, dropped: Iterable[Var[Any]] = ()
    ) -> None:
        self.entity = entity
        own = tuple(entity.variables())
        self._fields = Fields(own)
        self._place_of = {
            v: {known(value): place for place, value in enumerate(v.domain.values)} for v in own
        }
        self._residues = Residues(self._fields)
        fair = watch.fair_actions()
        self.rules = [
            Rule(action, self._fields, self._residues, fair=action in fair)
            for action in system.actions
            if mentions(action, own)
        ]
        asked = [item for item in watch.conditions() if self._residues.reads(item)]
        self._number: dict[int, int] = {}
        self._rows = {
            rule: _ByValue(functools.partial(self._rows_of, rule), self._read_by([rule]))
            for rule in self.rules
        }
        self._looks: dict[Hashable, int] = {}
        self.states: list[Local] = []
        self._packed: list[int] = []
        self.asked: list[tuple[int, ...]] = []
        self.seen: list[list[Hashable]] = []
        self.ends: list[dict[int, Ends]] = []
        self.cleared: list[tuple[int, int]] = []
        starts = ([self._place_of[v][known(value)] for value in v.initial] for v in own)
        for local in itertools.product(*starts):
            self._index(self._fields.pack(local))
        zeroed = [self._fields.mask[v] for v in dropped if v in self._fields.mask]
        masks = map(self._residues.reads, asked)
        questions = [
            _ByValue(functools.partial(self._look, [asked[k] for k in some]), mask)
            for mask, some in _alike(masks)
        ]
        self._others = [
            _ByValue(functools.partial(self._look, rule.others), self._read(rule.others))
            for rule in self.rules
        ]
        plain = [rule.is_plain for rule in self.rules]
        self._enabled = [
            _ByValue(functools.partial(self._possible, some), mask)
            for mask, all_ in _alike(self._residues.reads(rule.guard) for rule in self.rules)
            if (some := [k for k in all_ if not plain[k]])
        ]
        read = [
            self._read([rule.guard, *rule.others]) | self._read_by([rule]) for rule in self.rules
        ]
        self._ready = [
            _ByValue(functools.partial(self._known_steps, some), mask)
            for mask, all_ in _alike(read)
            if (some := [k for k in all_ if plain[k]])
        ]
        for number, packed in enumerate(self._packed):  # which grow meanwhile
            self.asked.append(tuple([look(packed) for look in questions]))
            self._look_at(number, packed)
            for mask in zeroed:
                self.cleared.append((number, self._index(packed & ~mask)))

    def rest(self, item: Expr[Any], number: int) -> Residue:
        """What is left of ``item`` in the local state of that number."""
        return self._residues.of(item, self._packed[number])

    def _index(self, packed: int) -> int:
        found = self._number.get(packed)
        if found is None:
            if len(self.states) == MOST:
                raise TooMany(f"{self.entity} has more than {MOST} local states")
            found = self._number[packed] = len(self.states)
            self.states.append(self._fields.unpack(packed))
            self._packed.append(packed)
        return found

    def _read(self, items: Iterable[Expr[Any]]) -> int:
        """A mask of what ``items`` read of the entity."""
        mask = 0
        for item in items:
            mask |= self._residues.reads(item)
        return mask

    def _read_by(self, rules: Iterable[Rule]) -> int:
        """A mask of what of the entity decides what becomes of it."""
        return self._read(update.value for rule in rules for update in rule.mine)

    def _look_at(self, here: int, packed: int) -> None:
        seen: list[Hashable] = [None] * len(self.rules)
        leads: dict[int, Ends] = {}
        steps: list[_Step] = []
        for ready in self._ready:
            still, moving = ready(packed)
            for k, look in still:
                seen[k] = look
            steps += moving
        for some in self._enabled:
            steps += some(packed)
        # In the order of the rules, since local states are numbered as they are found.
        for k, guard, row, looks in sorted(steps, key=_RULE):
            if looks:
                end = self._index(packed & row[0] | row[1]) if row else LEFT
                seen[k] = looks[end == here]
                leads[k] = (end,)
                continue
            rule = self.rules[k]
            ends = self._ends(self._rows[rule](packed), packed)
            stays = tuple(end == here for end in ends) if rule.idles else ()
            context = rule.names if len(ends) > 1 else ()
            others = self._others[k](packed)
            seen[k] = self._looks.setdefault((guard, others, stays, context), len(self._looks))
            leads[k] = ends
        self.seen.append(seen)
        self.ends.append(leads)

    def _look(self, items: Sequence[Expr[Any]], packed: int) -> int:
        """A number for what is left of ``items``."""
        rests = tuple([self._residues.of(item, packed) for item in items])
        return self._looks.setdefault(rests, len(self._looks))

    def _possible(self, rules: Iterable[int], packed: int) -> list[_Step]:
        """Which of ``rules`` may be taken, each with a number for what is left of its guard."""
        rests = [(k, self._residues.of(self.rules[k].guard, packed)) for k in rules]
        return [
            _Step(k, self._looks.setdefault(rest, len(self._looks)), None, None)
            for k, rest in rests
            if rest is not FALSE
        ]

    def _known_steps(
        self, rules: Iterable[int], packed: int
    ) -> tuple[list[tuple[int, Hashable]], list[_Step]]:
        """Which of some plain ``rules`` may be taken.

        First those of others that leave the entity as it is, with what is seen of them.
        """
        still: list[tuple[int, Hashable]] = []
        moving: list[_Step] = []
        for k, guard, _, _ in self._possible(rules, packed):
            rule = self.rules[k]
            others = self._others[k](packed)
            moves, stays = (
                self._looks.setdefault((guard, others, stays, ()), len(self._looks))
                for stays in (((False,), (True,)) if rule.idles else ((), ()))
            )
            if rule.mine or rule.action.actor == self.entity.name:
                moving.append(_Step(k, guard, self._row(rule, packed), (moves, stays)))
            else:
                still.append((k, stays))
        return still, moving

    def _ends(self, rows: Iterable[_Row | None], packed: int) -> Ends:
        """Where a step leads from there: for each value of what it depends on, if that matters."""
        ends = tuple(
            [LEFT if row is None else self._index(packed & row[0] | row[1]) for row in rows]
        )
        return ends[:1] if len(ends) == 1 or len(set(ends)) == 1 else ends

    def _rows_of(self, rule: Rule, packed: int) -> list[_Row | None]:
        """The values that ``rule`` may give the entity's variables; None if one leaves a domain."""
        ranges = [len(variable.domain.values) for variable in rule.context]
        if math.prod(ranges) > MOST:
            raise TooMany(f"a step of {self.entity} depends on too much of others")
        nothing = [0] * len(self._place_of)
        return [
            self._row(rule, packed | rule.fields.pack([*nothing, *places]))
            for places in itertools.product(*map(range, ranges))
        ]

    def _row(self, rule: Rule, packed: int) -> _Row | None:
        kept, added = -1, 0
        for update in rule.mine:
            rest = rule.whole.of(update.value, packed)
            places = self._place_of[update.variable]
            if not isinstance(rest, Known) or rest not in places:
                return None
            kept &= ~self._fields.mask[update.variable]
            added |= places[rest] << self._fields.shift[update.variable]
        return kept, added


def _alike(masks: Iterable[int]) -> Iterable[tuple[int, list[int]]]:
    """The masks, each with the numbers of those that are the same."""
    found: dict[int, list[int]] = {}
    for k, mask in enumerate(masks):
        found.setdefault(mask, []).append(k)
    return found.items()
