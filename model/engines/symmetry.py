"""Symmetry: entities that may be exchanged without changing what a system can do.

Of all states that differ only by such an exchange a search needs one. That is sound only if every
action has its counterpart for the exchanged entities, and every claim as well; both are looked up
in the expressions themselves, and whatever singles out an entity is named.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from model.lang import (
    Case,
    Claim,
    Entity,
    Expr,
    Fairness,
    GroundAction,
    Kind,
    State,
    System,
    Var,
)
from model.lang.expr import And, Const, Count, Equal, OneOf, Or

MOST_PERMUTATIONS = 256
"""How many can be told apart along runs: five interchangeable entities have 120."""

Names = Mapping[str, str]
Key = tuple[Any, ...]


class NotInterchangeable(Exception):
    """Something singles out an entity; the message says what and which."""


class Moves(NamedTuple):
    """How each permutation moves the bits of what is asked: ``most`` pairs for each of them."""

    masks: Sequence[int]
    by: Sequence[int]
    most: int


@dataclass(frozen=True)
class Asked:
    """What has a bit of its own in questions along runs: a case, and one of its fair sets."""

    case: Case
    fair: Fairness | None = None


@dataclass(frozen=True)
class Symmetry:
    """``blocks`` of entities that may be exchanged within each block."""

    blocks: tuple[tuple[Entity, ...], ...]

    @property
    def names(self) -> list[str]:
        """The entities' names, block after block."""
        return [entity.name for block in self.blocks for entity in block]

    @property
    def permutations(self) -> int:
        """How many exchanges there are, the one that changes nothing included."""
        return math.prod(math.factorial(len(block)) for block in self.blocks)

    def moves(self, asked: Sequence[Asked]) -> Moves:
        """How the permutations move the bits of what is asked, from after a step to before it."""
        if not self.blocks:
            return Moves((), (), 0)
        same = _Keys({})
        place = _places(same, asked)
        rows: dict[int, dict[int, int]] = {}
        for to in _permutations(self.blocks):
            row = rows.setdefault(_rank(to, self.blocks), {})
            for k, there in enumerate(self._images(same, place, asked, to)):
                row[k - there] = row.get(k - there, 0) | 1 << there
        most = max(map(len, rows.values()))
        pairs = [
            pair
            for _, row in sorted(rows.items())
            for pair in [*((mask, by) for by, mask in row.items()), *[(0, 0)] * (most - len(row))]
        ]
        return Moves([mask for mask, _ in pairs], [by for _, by in pairs], most)

    def images(self, asked: Sequence[Asked], to: Sequence[int]) -> list[int]:
        """Which each becomes where entity k's part is that of entity to[k]."""
        same = _Keys({})
        return self._images(same, _places(same, asked), asked, to)

    def _images(
        self, same: _Keys, place: Mapping[Key, int], asked: Sequence[Asked], to: Sequence[int]
    ) -> list[int]:
        renaming = {name: self.names[there] for name, there in zip(self.names, to, strict=True)}
        return [place[key] for key in _Keys(renaming, same).asked(asked)]


NONE = Symmetry(())


def find_symmetry(system: System, claims: Sequence[Claim]) -> Symmetry:
    """The exchanges that change neither ``system`` nor any of ``claims``.

    Raises NotInterchangeable, naming what singles out an entity that looks like its neighbours,
    or what cannot be decided if entities are exchanged.
    """
    blocks = tuple(block for block in alike(system) if len(block) > 1)
    same = _Keys({})
    for block in blocks:
        for one, other in itertools.pairwise(block):
            exchanged = _Keys({one.name: other.name, other.name: one.name}, same)
            _check_actions(system.actions, same, exchanged)
            _check_claims(claims, same, exchanged)
    symmetry = Symmetry(blocks)
    along = [claim for claim in claims if claim.kind in (Kind.POSSIBLE, Kind.LEADS_TO)]
    if along and symmetry.permutations > MOST_PERMUTATIONS:
        raise NotInterchangeable(
            f"{along[0].name} looks along runs, and {symmetry.permutations} permutations are too "
            "many to be followed there"
        )
    return symmetry


def closed_initial_states(system: System, symmetry: Symmetry) -> tuple[list[State], list[State]]:
    """The initial states all of whose exchanges are initial states as well, and the others."""
    states = list(system.initial_states())
    closed = set(states)
    swaps = [
        _swap(system, *pair) for block in symmetry.blocks for pair in itertools.pairwise(block)
    ]
    while gone := {s for s in closed if any(_taken(s, swap) not in closed for swap in swaps)}:
        closed -= gone
    return [s for s in states if s in closed], [s for s in states if s not in closed]


def _taken(state: State, places: Sequence[int]) -> State:
    return tuple(state[place] for place in places)


def _swap(system: System, one: Entity, other: Entity) -> list[int]:
    """Where each variable's value comes from if ``one`` and ``other`` are exchanged."""
    pairs = list(zip(one.variables(), other.variables(), strict=True))
    source = {a: b for pair in pairs for a, b in (pair, pair[::-1])}
    return [system.index[source.get(v, v)] for v in system.variables]


def alike(system: System) -> Iterator[tuple[Entity, ...]]:
    """Runs of entities of one class, with the same links and the same domains."""
    for _, run in itertools.groupby(system.entities, key=_outside):
        yield tuple(run)


def _outside(entity: Entity) -> Key:
    """What an exchange must leave as it is: the class, links to others, domains."""
    own = {"name", "start", "_variables"}
    links = tuple((key, id(value)) for key, value in vars(entity).items() if key not in own)
    return type(entity), links, tuple(variable.domain for variable in entity.variables())


def _check_actions(actions: Sequence[GroundAction], same: _Keys, exchanged: _Keys) -> None:
    known = set(map(same.action, actions))
    for action in actions:
        if exchanged.action(action) not in known:
            names = " and ".join(exchanged.renaming)
            raise NotInterchangeable(f"{action.title} has no counterpart for {names} exchanged")


def _check_claims(claims: Sequence[Claim], same: _Keys, exchanged: _Keys) -> None:
    for claim in claims:
        known = set(map(same.case, claim.cases))
        for case in claim.cases:
            if exchanged.case(case) not in known:
                raise NotInterchangeable(
                    f"{claim.name} singles out one of {' and '.join(exchanged.renaming)}"
                )


class _Keys:
    """Values that are the same for what says the same once entities are renamed.

    What several of them have in common is looked at once. Those that are to be compared are made
    ``like`` each other: expressions are numbers, and they have them in common.
    """

    def __init__(self, renaming: Names, like: _Keys | None = None) -> None:
        self.renaming = renaming
        self.numbers: dict[Key, int] = like.numbers if like else {}
        self.action = functools.cache(self._action)
        self.case = functools.cache(self._case)
        self._fair = functools.cache(self._fair_of)
        self._title = functools.cache(self._title_of)
        self._expr = functools.cache(self._expr_of)

    def asked(self, items: Iterable[Asked]) -> list[Key]:
        """One for each of what is asked along runs."""
        return [(self.case(item.case), item.fair and self._fair(item.fair)) for item in items]

    def _action(self, action: GroundAction) -> Key:
        updates = sorted(
            (_renamed(update.variable, self.renaming), self._expr(update.value))
            for update in action.updates
        )
        guard = sorted(map(self._expr, action.guard))
        actor = self.renaming.get(action.actor, action.actor)
        return action.name, tuple(map(str, action.values)), actor, tuple(guard), tuple(updates)

    def _case(self, case: Case) -> Key:
        """In which order the fair sets are listed does not matter."""
        parts = tuple(map(self._expr, (case.that, case.during, case.when)))
        return parts, frozenset(map(self._fair, case.fair))

    def _fair_of(self, fair: Fairness) -> Key:
        return frozenset(map(self._title, fair.actions)), self._expr(fair.where)

    def _title_of(self, action: GroundAction) -> Key:
        arguments = map(str, action.arguments)
        return action.name, tuple([self.renaming.get(text, text) for text in arguments])

    def _expr_of(self, item: Expr[Any]) -> int:
        """A number, with variables renamed and what may be swapped in order."""
        about: Hashable = None
        if isinstance(item, Var):
            about = _renamed(item, self.renaming)
        elif isinstance(item, Const):
            about = type(item.value), item.value
        elif isinstance(item, OneOf):
            about = frozenset(item.values)
        parts = [self._expr(child) for child in item.children]
        if isinstance(item, And | Or | Count | Equal):
            parts.sort()
        return self.numbers.setdefault((type(item), about, *parts), len(self.numbers))


def _places(same: _Keys, asked: Iterable[Asked]) -> dict[Key, int]:
    return {key: k for k, key in enumerate(same.asked(asked))}


def _renamed(variable: Var[Any], renaming: Names) -> str:
    entity, _, field = variable.name.rpartition(".")
    return f"{renaming.get(entity, entity)}.{field}"


def _permutations(blocks: Sequence[Sequence[Entity]]) -> Iterator[list[int]]:
    """Every permutation as ``to``: where each part goes."""
    starts = itertools.accumulate((len(block) for block in blocks), initial=0)
    choices = [
        [[first + k for k in order] for order in itertools.permutations(range(len(block)))]
        for first, block in zip(starts, blocks, strict=False)
    ]
    for chosen in itertools.product(*choices):
        yield [place for block in chosen for place in block]


def _rank(to: Sequence[int], blocks: Sequence[Sequence[Entity]]) -> int:
    """The number that the kernel gives a permutation: its Lehmer code, block by block."""
    rank, first = 0, 0
    for block in blocks:
        row = to[first : first + len(block)]
        for k, place in enumerate(row):
            smaller = sum(later < place for later in row[k + 1 :])
            rank = rank * (len(row) - k) + smaller
        first += len(block)
    return rank
