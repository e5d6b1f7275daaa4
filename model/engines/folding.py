"""Folding: local states of an entity that nothing can tell apart, of which one is enough.

What an entity's variables say matters through what reads them: guards, updates and claims. Where
two of its local states leave the same of every one of them, and each step leads from both to
local states of which that is true again, the rest of the system behaves the same beside either.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from model.engines.explorer import Watch
from model.engines.residue import FALSE, Known, Residue, Residues, surely_changes
from model.engines.symmetry import Symmetry, alike
from model.lang import Entity, Expr, GroundAction, System, Value, Var
from model.lang.expr import And

Local: TypeAlias = tuple[int, ...]
"""The values of an entity's variables, in their order: each by its place in its domain."""

MOST = 20_000
"""So many local states are looked at, and values of others that one of them may depend on."""
_LEFT = -1  # where a step leaves a domain
_Look: TypeAlias = tuple[Hashable, ...]
_Ends: TypeAlias = tuple[int, ...]
_Row: TypeAlias = tuple[tuple[int, int], ...]


class TooMany(Exception):
    """An entity has more local states than are looked at."""


@dataclass(frozen=True)
class Fold:
    """Which of ``states`` local states of ``entity`` are the same to all others.

    Each of ``others`` is a pair: a local state, and the one that stands for it. The rest stand
    for themselves.
    """

    entity: Entity
    states: int
    others: Sequence[tuple[Local, Local]]


def find_folds(
    system: System, watch: Watch, symmetry: Symmetry, dropped: Collection[Var[Any]] = ()
) -> list[Fold]:
    """The folds of entities that look like others; not of those that have too many states."""
    first = {entity: block[0] for block in symmetry.blocks for entity in block}
    folds: dict[Entity, Fold] = {}
    for entity in [entity for block in alike(system) if len(block) > 1 for entity in block]:
        like = folds.get(first.get(entity, entity))
        with contextlib.suppress(TooMany):
            found = fold(system, entity, watch, dropped) if like is None else like
            folds[entity] = replace(found, entity=entity)
    return [found for found in folds.values() if found.others]


def told(folds: Iterable[Fold]) -> list[str]:
    """Of how many states of which entities how many are left."""
    names: dict[tuple[int, int], list[str]] = {}
    for one in folds:
        names.setdefault((one.states, one.states - len(one.others)), []).append(str(one.entity))
    return [
        f"{states} states of {'/'.join(some)} to {left}" for (states, left), some in names.items()
    ]


def fold(system: System, entity: Entity, watch: Watch, dropped: Iterable[Var[Any]] = ()) -> Fold:
    """The local states of ``entity`` by which neither ``system`` nor what is watched differs.

    ``dropped`` variables may get their first value at any time. Raises TooMany.
    """
    return _Folding(system, entity, watch, dropped).result()


class _Rule:
    """One action, seen from the entity: its guard, what it does to the entity and to others."""

    def __init__(self, action: GroundAction, own: Mapping[Var[Any], int], *, fair: bool) -> None:
        self.guard = And(action.guard)
        self.mine = [u for u in action.updates if u.variable in own]
        self.others = [u.value for u in action.updates if u.variable not in own]
        read = _variables([u.value for u in self.mine])
        self.read = [variable for variable in own if variable in read]
        """What of the entity decides what becomes of it."""
        self.context = [variable for variable in read if variable not in own]
        """What of others does."""
        self.idles = fair and not any(
            surely_changes(action, u) for u in action.updates if u.variable not in own
        )
        """Whether it may change nothing at all, which is no step to a fair run."""
        looked_at = _variables([self.guard, *self.others])
        self.concerns = bool(self.mine) or not looked_at.keys().isdisjoint(own)


class _Folding:
    def __init__(
        self, system: System, entity: Entity, watch: Watch, dropped: Iterable[Var[Any]]
    ) -> None:
        self.entity = entity
        self.own = tuple(entity.variables())
        self.place = {variable: k for k, variable in enumerate(self.own)}
        self.at = [{value: k for k, value in enumerate(v.domain.values)} for v in self.own]
        self.residues = Residues(self.own)
        fair = watch.fair_actions()
        rules = (_Rule(action, self.place, fair=action in fair) for action in system.actions)
        self.rules = [rule for rule in rules if rule.concerns]
        self.asked = [
            item
            for item in watch.conditions()
            if not self.place.keys().isdisjoint(_variables([item]))
        ]
        self.dropped = [self.place[variable] for variable in dropped if variable in self.place]
        self.number: dict[Local, int] = {}
        self.queue: list[Local] = []
        self._rests: dict[Expr[Any], tuple[list[int], dict[Local, Residue]]] = {}
        self._rows: dict[tuple[_Rule, Local], list[_Row | None]] = {}

    def result(self) -> Fold:
        """Look at every local state, then part what differs until nothing more does."""
        starts = ([self.at[k][v] for v in variable.initial] for k, variable in enumerate(self.own))
        for local in itertools.product(*starts):
            self._index(local)
        seen = [self._look_at(local) for local in self.queue]  # which grows meanwhile
        block = _coarsest([look for look, _ in seen], [ends for _, ends in seen])
        first: dict[int, Local] = {}
        pairs = [(one, first.setdefault(block[k], one)) for k, one in enumerate(self.queue)]
        others = [(one, other) for one, other in pairs if one is not other]
        return Fold(self.entity, len(pairs), others)

    def _index(self, local: Local) -> int:
        if local not in self.number:
            if len(self.queue) == MOST:
                raise TooMany(f"{self.entity} has more than {MOST} local states")
            self.number[local] = len(self.queue)
            self.queue.append(local)
        return self.number[local]

    def _look_at(self, local: Local) -> tuple[_Look, list[_Ends]]:
        """What there is to tell ``local`` by, and where each rule may lead from it."""
        here = self.number[local]
        look: list[Hashable] = [self._rest(item, local) for item in self.asked]
        ways: list[_Ends] = []
        for rule in self.rules:
            guard = self._rest(rule.guard, local)
            if guard == FALSE:
                look.append(None)
                continue
            ends = self._ends(rule, local)
            stays = tuple(end == here for end in ends) if rule.idles else ()
            context = tuple(map(str, rule.context)) if len(ends) > 1 else ()
            look.append((guard, *(self._rest(item, local) for item in rule.others), stays, context))
            ways.append(ends)
        for k in self.dropped:
            self._index((*local[:k], 0, *local[k + 1 :]))
        return tuple(look), ways

    def _rest(self, item: Expr[Any], local: Local) -> Residue:
        if item not in self._rests:
            read = _variables([item])
            self._rests[item] = [k for k, v in enumerate(self.own) if v in read], {}
        places, rests = self._rests[item]
        key = tuple([local[k] for k in places])
        if key not in rests:
            rests[key] = self.residues.of(item, self._known(local))
        return rests[key]

    def _ends(self, rule: _Rule, local: Local) -> _Ends:
        """Where ``rule`` leads: for each value of what it depends on, if that matters."""
        ends = []
        for row in self._rows_of(rule, local):
            if row is None:
                ends.append(_LEFT)
                continue
            after = list(local)
            for place, value in row:
                after[place] = value
            ends.append(self._index(tuple(after)))
        return tuple(ends[:1]) if len(set(ends)) == 1 else tuple(ends)

    def _rows_of(self, rule: _Rule, local: Local) -> list[_Row | None]:
        """The values that ``rule`` may give the entity's variables; None if one leaves a domain."""
        key = rule, tuple([local[self.place[variable]] for variable in rule.read])
        if key not in self._rows:
            ranges = [variable.domain.values for variable in rule.context]
            if math.prod(map(len, ranges)) > MOST:
                raise TooMany(f"a step of {self.entity} depends on too much of others")
            known = self._known(local)
            self._rows[key] = [
                self._row(rule, known | dict(zip(rule.context, values, strict=True)))
                for values in itertools.product(*ranges)
            ]
        return self._rows[key]

    def _row(self, rule: _Rule, known: dict[Var[Any], Value]) -> _Row | None:
        whole = Residues(known)
        row = []
        for update in rule.mine:
            rest = whole.of(update.value, known)
            if not isinstance(rest, Known) or rest.value not in update.variable.domain:
                return None
            place = self.place[update.variable]
            row.append((place, self.at[place][rest.value]))
        return tuple(row)

    def _known(self, local: Local) -> dict[Var[Any], Value]:
        return {v: v.domain.values[k] for v, k in zip(self.own, local, strict=True)}


def _coarsest(looks: Sequence[_Look], ways: Sequence[Sequence[_Ends]]) -> list[int]:
    """The coarsest partition in which members look alike and lead to the same blocks."""
    numbers: dict[Hashable, int] = {}
    block = [numbers.setdefault(look, len(numbers)) for look in looks]
    while True:
        finer: dict[Hashable, int] = {}
        parted = []
        for k, row in enumerate(ways):
            to = [tuple([end if end < 0 else block[end] for end in ends]) for ends in row]
            whole = tuple(ends[:1] if len(set(ends)) == 1 else ends for ends in to)
            parted.append(finer.setdefault((block[k], whole), len(finer)))
        if len(finer) == len(numbers):
            return block
        block, numbers = parted, finer


def _variables(items: Iterable[Expr[Any]]) -> dict[Var[Any], None]:
    """What ``items`` read, in the order in which they do."""
    return dict.fromkeys(node for item in items for node in item.walk() if isinstance(node, Var))
