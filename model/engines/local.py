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
from model.engines.residue import FALSE, Known, Residue, Residues
from model.engines.rule import Rule, mentions, variables_of
from model.lang import Entity, Expr, System, Value, Var
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
        asked = [item for item in watch.conditions() if not own.isdisjoint(variables_of([item]))]
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
        self.cleared: list[tuple[int, int]] = []
        starts = ([self._at[k][v] for v in item.initial] for k, item in enumerate(self._own))
        for local in itertools.product(*starts):
            self._index(local)
        zeroed = [self._place[variable] for variable in dropped if variable in self._place]
        questions = [self._looker([asked[k] for k in some]) for some in self._alike(asked).values()]
        self._others = [self._looker(rule.others) for rule in self.rules]
        guards = [rule.guard for rule in self.rules]
        plain = [rule.is_plain for rule in self.rules]
        self._enabled = [
            _ByValue(functools.partial(self._possible, some), places)
            for places, all_ in self._alike(guards).items()
            if (some := [k for k in all_ if not plain[k]])
        ]
        read = [
            And((rule.guard, *rule.others, *(u.value for u in rule.mine))) for rule in self.rules
        ]
        self._ready = [
            _ByValue(functools.partial(self._known_steps, some), places)
            for places, all_ in self._alike(read).items()
            if (some := [k for k in all_ if plain[k]])
        ]
        for number, local in enumerate(self.states):  # which grow meanwhile
            self.asked.append(tuple([look(local) for look in questions]))
            self._look_at(local)
            for k in zeroed:
                self.cleared.append((number, self._index((*local[:k], 0, *local[k + 1 :]))))

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
        steps: list[_Step] = []
        for ready in self._ready:
            still, moving = ready(local)
            for k, look in still:
                seen[k] = look
            steps += moving
        for some in self._enabled:
            steps += some(local)
        # In the order of the rules, since local states are numbered as they are found.
        for k, guard, row, looks in sorted(steps, key=_RULE):
            if looks:
                end = LEFT
                if row:
                    after = packed & row[0] | row[1]
                    found = self._number.get(after)
                    end = self._index(self._unpacked(after)) if found is None else found
                seen[k] = looks[end == here]
                leads[k] = (end,)
                continue
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
            found.setdefault(self._places(variables_of([item])), []).append(k)
        return found

    def _places(self, read: Iterable[Var[Any]]) -> tuple[int, ...]:
        there = frozenset(read)
        return tuple(k for k, variable in enumerate(self._own) if variable in there)

    def _looker(self, items: Sequence[Expr[Any]]) -> _ByValue[int]:
        return _ByValue(functools.partial(self._look, items), self._places(variables_of(items)))

    def _look(self, items: Sequence[Expr[Any]], local: Local) -> int:
        """A number for what is left of ``items``."""
        rests = tuple([self._rest(item, local) for item in items])
        return self._looks.setdefault(rests, len(self._looks))

    def _possible(self, rules: Iterable[int], local: Local) -> list[_Step]:
        """Which of ``rules`` may be taken, each with a number for what is left of its guard."""
        rests = [(k, self._rest(self.rules[k].guard, local)) for k in rules]
        return [
            _Step(k, self._looks.setdefault(rest, len(self._looks)), None, None)
            for k, rest in rests
            if rest != FALSE
        ]

    def _known_steps(
        self, rules: Iterable[int], local: Local
    ) -> tuple[list[tuple[int, Hashable]], list[_Step]]:
        """Which of some plain ``rules`` may be taken.

        First those of others that leave the entity as it is, with what is seen of them.
        """
        known = self._known(local)
        still: list[tuple[int, Hashable]] = []
        moving: list[_Step] = []
        for k, guard, _, _ in self._possible(rules, local):
            rule = self.rules[k]
            others = self._others[k](local)
            moves, stays = (
                self._looks.setdefault((guard, others, stays, ()), len(self._looks))
                for stays in (((False,), (True,)) if rule.idles else ((), ()))
            )
            if rule.mine or rule.action.actor == self.entity.name:
                moving.append(_Step(k, guard, self._row(rule, known), (moves, stays)))
            else:
                still.append((k, stays))
        return still, moving

    def _rest(self, item: Expr[Any], local: Local) -> Residue:
        if item not in self._rests:

            def of(local: Local) -> Residue:
                return self._residues.of(item, self._known(local))

            self._rests[item] = _ByValue(of, self._places(variables_of([item])))
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
