"""Local states: the values of one entity's variables, and what the rest of the system sees of them.

They are those that the entity could come to in any company, so that what is found out about them
holds for any number of others.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeAlias, TypeVar

from model.engines.explorer import Watch
from model.engines.residue import FALSE, Known, Residue, Residues, surely_changes
from model.lang import Entity, Expr, GroundAction, System, Value, Var
from model.lang.expr import And

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


class TooMany(Exception):
    """An entity has more local states than are looked at."""


class _ByValue(Generic[_T]):
    """What ``find`` says of a local state; it depends on the values at some ``places`` only."""

    def __init__(self, find: Callable[[Local], _T], places: Sequence[int]) -> None:
        self._find = find
        self._key: Callable[[Local], Hashable] = itemgetter(*places) if places else _nothing
        self._known: dict[Hashable, _T] = {}

    def __call__(self, local: Local) -> _T:
        key = self._key(local)
        if key not in self._known:
            self._known[key] = self._find(local)
        return self._known[key]


def _nothing(_: Local) -> Hashable:
    return None


class Rule:
    """One action, seen from the entity: its guard, what it does to the entity and to others."""

    def __init__(self, action: GroundAction, own: Mapping[Var[Any], int], *, fair: bool) -> None:
        self.action = action
        self.guard = And(action.guard)
        self.mine = [u for u in action.updates if u.variable in own]
        self.others = [u.value for u in action.updates if u.variable not in own]
        read = _variables([u.value for u in self.mine])
        self.read = [variable for variable in own if variable in read]
        """What of the entity decides what becomes of it."""
        self.context = [variable for variable in read if variable not in own]
        """What of others does."""
        self.names = tuple(map(str, self.context))
        self.whole = Residues([*own, *self.context])
        self.idles = fair and not any(
            surely_changes(action, u) for u in action.updates if u.variable not in own
        )
        """Whether it may change nothing at all, which is no step to a fair run."""


class LocalStates:
    """The local states of ``entity``, by number, and what can be told of each.

    ``asked`` has numbers for the residues of what is watched. ``seen`` has for each rule a number
    for what is left of it, None if it cannot be taken, and ``ends`` where it leads then.
    ``dropped`` variables may get their first value at any time. Raises TooMany.
    """

    def __init__(
        self, system: System, entity: Entity, watch: Watch, dropped: Iterable[Var[Any]] = ()
    ) -> None:
        self.entity = entity
        self._own = tuple(entity.variables())
        self._place = {variable: k for k, variable in enumerate(self._own)}
        self._at = [{value: k for k, value in enumerate(v.domain.values)} for v in self._own]
        widths = [len(v.domain.values).bit_length() for v in self._own]
        self._shift = list(itertools.accumulate(widths, initial=0))
        self._residues = Residues(self._own)
        fair = watch.fair_actions()
        self.rules = [
            Rule(action, self._place, fair=action in fair)
            for action in system.actions
            if mentions(action, self._own)
        ]
        own = self._place.keys()
        asked = [item for item in watch.conditions() if not own.isdisjoint(_variables([item]))]
        self._number: dict[int, int] = {}
        self._rests: dict[Expr[Any], _ByValue[Residue]] = {}
        self._rows = {
            rule: _ByValue(functools.partial(self._rows_of, rule), self._places(rule.read))
            for rule in self.rules
        }
        self._looks: dict[Hashable, int] = {}
        self.states: list[Local] = []
        self.asked: list[tuple[int, ...]] = []
        self.seen: list[list[Hashable]] = []
        self.ends: list[dict[int, Ends]] = []
        starts = ([self._at[k][v] for v in item.initial] for k, item in enumerate(self._own))
        for local in itertools.product(*starts):
            self._index(local)
        zeroed = [self._place[variable] for variable in dropped if variable in self._place]
        questions = [self._looker([asked[k] for k in some]) for some in self._alike(asked).values()]
        self._others = [self._looker(rule.others) for rule in self.rules]
        guards = [rule.guard for rule in self.rules]
        self._enabled = [
            _ByValue(functools.partial(self._possible, some), places)
            for places, some in self._alike(guards).items()
        ]
        for local in self.states:  # which grows meanwhile
            self.asked.append(tuple([look(local) for look in questions]))
            self._look_at(local)
            for k in zeroed:
                self._index((*local[:k], 0, *local[k + 1 :]))

    def rest(self, item: Expr[Any], number: int) -> Residue:
        """What is left of ``item`` in the local state of that number."""
        return self._rest(item, self.states[number])

    def _index(self, local: Local) -> int:
        packed = self._packed(local)
        if packed not in self._number:
            if len(self.states) == MOST:
                raise TooMany(f"{self.entity} has more than {MOST} local states")
            self._number[packed] = len(self.states)
            self.states.append(local)
        return self._number[packed]

    def _packed(self, local: Local) -> int:
        return sum(place << shift for place, shift in zip(local, self._shift, strict=False))

    def _unpacked(self, packed: int) -> Local:
        return tuple(
            [
                (packed >> shift) & ((1 << end - shift) - 1)
                for shift, end in itertools.pairwise(self._shift)
            ]
        )

    def _look_at(self, local: Local) -> None:
        packed = self._packed(local)
        here = self._number[packed]
        seen: list[Hashable] = [None] * len(self.rules)
        leads: dict[int, Ends] = {}
        # In the order of the rules, since local states are numbered as they are found.
        for k, guard in sorted(pair for some in self._enabled for pair in some(local)):
            rule = self.rules[k]
            ends = self._ends(self._rows[rule](local), packed)
            stays = tuple(end == here for end in ends) if rule.idles else ()
            context = rule.names if len(ends) > 1 else ()
            others = self._others[k](local)
            seen[k] = self._looks.setdefault((guard, others, stays, context), len(self._looks))
            leads[k] = ends
        self.seen.append(seen)
        self.ends.append(leads)

    def _alike(self, items: Sequence[Expr[Any]]) -> dict[tuple[int, ...], list[int]]:
        """The numbers of ``items``, by the places of what they read of the entity."""
        found: dict[tuple[int, ...], list[int]] = {}
        for k, item in enumerate(items):
            found.setdefault(self._places(_variables([item])), []).append(k)
        return found

    def _places(self, read: Iterable[Var[Any]]) -> tuple[int, ...]:
        there = frozenset(read)
        return tuple(k for k, variable in enumerate(self._own) if variable in there)

    def _looker(self, items: Sequence[Expr[Any]]) -> _ByValue[int]:
        return _ByValue(functools.partial(self._look, items), self._places(_variables(items)))

    def _look(self, items: Sequence[Expr[Any]], local: Local) -> int:
        """A number for what is left of ``items``."""
        rests = tuple([self._rest(item, local) for item in items])
        return self._looks.setdefault(rests, len(self._looks))

    def _possible(self, rules: Sequence[int], local: Local) -> list[tuple[int, int]]:
        """Which of ``rules`` may be taken, each with a number for what is left of its guard."""
        rests = [(k, self._rest(self.rules[k].guard, local)) for k in rules]
        return [
            (k, self._looks.setdefault(rest, len(self._looks)))
            for k, rest in rests
            if rest != FALSE
        ]

    def _rest(self, item: Expr[Any], local: Local) -> Residue:
        if item not in self._rests:

            def of(local: Local) -> Residue:
                return self._residues.of(item, self._known(local))

            self._rests[item] = _ByValue(of, self._places(_variables([item])))
        return self._rests[item](local)

    def _ends(self, rows: Iterable[_Row | None], packed: int) -> Ends:
        """Where a step leads from there: for each value of what it depends on, if that matters."""
        ends = []
        for row in rows:
            if row is None:
                ends.append(LEFT)
                continue
            after = packed & row[0] | row[1]
            end = self._number.get(after)
            ends.append(self._index(self._unpacked(after)) if end is None else end)
        return tuple(ends[:1]) if len(ends) == 1 or len(set(ends)) == 1 else tuple(ends)

    def _rows_of(self, rule: Rule, local: Local) -> list[_Row | None]:
        """The values that ``rule`` may give the entity's variables; None if one leaves a domain."""
        ranges = [variable.domain.values for variable in rule.context]
        if math.prod(map(len, ranges)) > MOST:
            raise TooMany(f"a step of {self.entity} depends on too much of others")
        known = self._known(local)
        return [
            self._row(rule, known | dict(zip(rule.context, values, strict=True)))
            for values in itertools.product(*ranges)
        ]

    def _row(self, rule: Rule, known: dict[Var[Any], Value]) -> _Row | None:
        kept, added = -1, 0
        for update in rule.mine:
            rest = rule.whole.of(update.value, known)
            if not isinstance(rest, Known) or rest.value not in update.variable.domain:
                return None
            place = self._place[update.variable]
            shift, end = self._shift[place : place + 2]
            kept &= ~((1 << end) - (1 << shift))
            added |= self._at[place][rest.value] << shift
        return kept, added

    def _known(self, local: Local) -> dict[Var[Any], Value]:
        return {v: v.domain.values[k] for v, k in zip(self._own, local, strict=True)}


def mentions(action: GroundAction, variables: Iterable[Var[Any]]) -> bool:
    """Whether ``action`` reads or writes any of ``variables``."""
    written = {update.variable for update in action.updates}
    read = _variables([*action.guard, *(update.value for update in action.updates)])
    return not (written | read.keys()).isdisjoint(variables)


def _variables(items: Iterable[Expr[Any]]) -> dict[Var[Any], None]:
    """What ``items`` read, in the order in which they do."""
    return dict.fromkeys(node for item in items for node in item.walk() if isinstance(node, Var))
