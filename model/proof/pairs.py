"""Which local states two members can be in together: the least set that every step keeps.

A state of any number of members is in it if each of its members, and each pair of them, is in it
at the state's place. A step is taken from all states of that kind: by members that the set knows,
beside any number of others that it allows beside each of them. What is in the set need not be
reachable; what is not in it is not, with any number of members. No solver is asked.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from model.engines.solving import Clock
from model.proof.bounds import Room, Strict, Sum, added, beside, bits, in_twos, mask_of, narrowed
from model.proof.counting import CounterSystem
from model.proof.family import Rule
from model.proof.ledger import Ledger, Untold
from model.proof.linear import COUNTED, Form
from model.proof.steps import Place, Step
from model.proof.tallies import Tally

_ALL = -1


Own: TypeAlias = tuple[Sum, ...]
"""What is never negative at a place."""
Judged: TypeAlias = tuple[list[Sum], tuple[Room, list[Strict]] | None]
"""What is not negative where a step is taken, and what that leaves of a room."""


class Move:
    """A step as the closure takes it, and what came of it when it was judged last.

    It is taken where no sum of ``facts`` is negative.
    """

    __slots__ = ("facts", "judged", "left", "step")

    def __init__(self, step: Step) -> None:
        self.step = step
        self.facts: tuple[Sum, ...] = ()
        self.judged: tuple[Room, Own] | None = None
        """The room, and what was known of the place."""
        self.left: tuple[Room, list[Strict]] | None = None


class Pairs:
    """The closure. The constructor raises Untold and GaveUp.

    ``at`` holds, for each local state that a member may be in at a place, the mask of those that
    another one may be in beside it. ``some`` are the numbers of the tallies that are above 0
    throughout a place. ``seeds`` are reachable; they save work.
    """

    def __init__(
        self,
        counting: CounterSystem,
        tallies: Sequence[Tally],
        seeds: Iterable[tuple[Place, Form]],
        clock: Clock,
    ) -> None:
        self.counting = counting
        self.tallies = tallies
        self._ledger = Ledger(counting, tallies)
        self._clock = clock
        self.at: dict[Place, dict[int, int]] = {}
        self.some: dict[Place, set[int]] = {}
        # The local states at a place, and those of them that make a pair with themselves.
        self._states: dict[Place, int] = {}
        self._several: dict[Place, int] = {}
        # Where there is something to do, and the local states that have come beside others since.
        self._left: dict[Place, int] = {}
        self._moves: dict[Place, tuple[int, dict[Rule, list[Move]]]] = {}
        # What is known of a place, one object for all places of which the same is known.
        self._same: dict[Own, Own] = {}
        self._judged: dict[tuple[object, ...], Judged] = {}
        base, *ones = counting.starts()
        starts = sorted(n for one in ones for n in one if 0 <= n < COUNTED)
        for place in counting.places():
            self._start(place, base)
            self._start(place, {**base, **dict.fromkeys(starts, 2)})
        for place, vector in seeds:
            self._start(place, vector)
        # What a place leads to is mostly met after it, and is then expanded with more to do.
        order: dict[Place, int] = {}
        while self._left:
            for one in itertools.islice(self.at, len(order), None):
                order[one] = len(order)
            place = min(self._left, key=order.__getitem__)
            self._expand(place, self._left.pop(place))

    def allows(self, place: Place, named: tuple[int, ...], facts: Iterable[Form]) -> bool:
        """Whether ``facts`` may be so at ``place``, with members in the local states ``named``."""
        room = self._room(place, named)
        if room is None:
            return False
        sums = self._ledger.plain(facts, place, self._states[place])
        return narrowed([*in_twos(sums, sums), *_sums(sums, self._own(place))], room) is not None

    def steps(self, place: Place) -> list[Step]:
        """The steps from ``place`` by members in the states that the set has there."""
        everybody = frozenset(self.at[place])
        steps = [move.step for move in self._moves_at(place)]
        many = len(everybody)
        # Those of a rule that nobody else has a part in may be from when fewer were known.
        return [
            step if len(step.occupied) == many else Step(step.effect, step.place, everybody)
            for step in steps
        ]

    def _start(self, place: Place, vector: Form) -> None:
        """Have a reachable state in the set."""
        states = [n for n in vector if 0 <= n < COUNTED]
        mask = mask_of(states)
        self._visit(place)
        for n in states:
            self._join(place, n, mask if vector[n] > 1 else mask & ~(1 << n))
        for number in [*self.some[place]]:
            if self._ledger.value(self.tallies[number], vector) < 1:
                self.some[place].discard(number)

    def _visit(self, place: Place) -> None:
        if place not in self.at:
            self.at[place] = {}
            self._states[place] = self._several[place] = 0
            self.some[place] = set(range(len(self.tallies)))
            self._left[place] = _ALL

    def _join(self, place: Place, state: int, others: int) -> None:
        adjacent = self.at[place]
        if state not in adjacent:
            adjacent[state] = 0
            self._states[place] |= 1 << state
            self._left[place] = self._left.get(place, 0) | 1 << state
        new = others & ~adjacent[state]
        if new:
            self._left[place] = self._left.get(place, 0) | new | 1 << state
            adjacent[state] |= new
            self._states[place] |= new
            self._several[place] |= new & 1 << state
            for other in bits(new):
                adjacent[other] = adjacent.get(other, 0) | 1 << state

    def _own(self, place: Place) -> Own:
        """What is never negative at ``place``: the same object as long as it says the same."""
        sums = self._ledger.sums(place, self._states[place])
        own = tuple([(sums[k][0] - 1, sums[k][1]) for k in sorted(self.some[place])])
        return self._same.setdefault(own, own)

    def _room(self, place: Place, named: tuple[int, ...]) -> Room | None:
        """The room beside the members ``named``; None if they are never there together."""
        adjacent = self.at[place]
        rest = self._states[place]
        for number, state in enumerate(named):
            beside_it = adjacent.get(state)
            if beside_it is None or (number and not beside_it >> named[0] & 1):
                return None
            rest &= beside_it
        return Room(named, rest, self._several[place] & rest)

    # -- the steps -------------------------------------------------------------------------------

    def _moves_at(self, place: Place) -> Iterator[Move]:
        """The steps from ``place``, whoever is there."""
        states = self._states[place]
        known, moves = self._moves.get(place, (0, {}))
        if states != known:
            here = list(bits(states))
            for rule in self.counting.family.rules:
                if self.counting.alone(rule) and rule in moves:
                    fresh = states & ~known
                    moves[rule] += map(Move, self.counting.steps_of(rule, place, here, fresh))
                else:
                    moves[rule] = [*map(Move, self.counting.steps_of(rule, place, here))]
            for move in itertools.chain.from_iterable(moves.values()):
                facts = self._ledger.asked(move.step.effect, place, states)
                if facts != move.facts:
                    move.facts, move.judged = facts, None
            self._moves[place] = states, moves
        return itertools.chain.from_iterable(moves.values())

    def _expand(self, place: Place, fresh: int) -> None:
        """Take the steps from ``place`` that members in the states ``fresh`` have a part in."""
        self._clock.check()
        moves = list(self._moves_at(place))
        beside_named = {named: self._room(place, named) for named in {m.step.named for m in moves}}
        adjacent = dict(self.at[place])
        states = self._states[place]
        own = self._own(place)
        for move in moves:
            effect = move.step.effect
            if effect.idle and move.step.place is place:
                continue
            room = beside_named[effect.named]
            if room is None or not fresh & (room.rest | effect.who):
                continue
            if move.judged == (room, own):
                # All that may be new is who is beside whom.
                if move.left is not None:
                    self._carry(place, adjacent, move, *move.left, fresh)
                continue
            before = move.left
            sums, left = self._judge(room, move.facts, own)
            move.judged, move.left = (room, own), left
            if left is None:
                continue
            changes, wrong = self._ledger.changes(move.step, place, states, left[0].rest)
            for tally, off in wrong:
                if narrowed([*sums, off], left[0]) is not None:
                    raise Untold(tally, move.step)
            self._take(move, left[0])
            known = before is not None and before[1] == left[1]
            self._carry(place, adjacent, move, *left, fresh if known else _ALL)
            self._lower(place, move, left[0], changes)

    def _judge(self, room: Room, facts: tuple[Sum, ...], own: Own) -> Judged:
        """What is left of ``room`` where none of ``facts`` is negative, at any such place."""
        key = room, facts, id(own)
        if key not in self._judged:
            sums = _sums(facts, own)
            self._judged[key] = sums, narrowed(sums, room)
        return self._judged[key]

    def _take(self, move: Move, room: Room) -> None:
        """Let those whom ``move`` names be where it leads, beside the others in ``room``."""
        end = move.step.place
        self._visit(end)
        after = move.step.after
        others = move.step.effect.moved(room.rest)
        for number, state in enumerate(after):
            more = mask_of(other for k, other in enumerate(after) if k != number)
            self._join(end, state, others | more)

    def _carry(
        self,
        place: Place,
        adjacent: Mapping[int, int],
        move: Move,
        room: Room,
        strict: list[Strict],
        fresh: int,
    ) -> None:
        """Let the others in ``room`` be where ``move`` leads, those in the states ``fresh``."""
        end, effect = move.step.place, move.step.effect
        if end == place and not effect.moves:
            return
        known = self.at[end]
        for state in bits(room.rest & fresh):
            together = adjacent[state] & room.rest
            if strict:
                together &= ~beside(state, strict)
            onward = effect.moves.get(state, state)
            others = effect.moved(together)
            if onward not in known or others & ~known[onward]:
                self._join(end, onward, others)

    def _lower(self, place: Place, move: Move, room: Room, changes: Sequence[Sum]) -> None:
        """Tallies that may be 0 after ``move`` are not above 0 throughout the place it leads to."""
        end = move.step.place
        for number in sorted(self.some[end]):
            by = changes[number]
            if number in self.some[place] and by[0] >= 0 and not by[1]:
                continue
            total, terms = added(self._ledger.sums(place, self._states[place])[number], by)
            none: Sum = -total, tuple((-n, mask) for n, mask in terms)
            sums = [none, *in_twos([*self._own(place), *move.facts], [none])]
            if narrowed(sums, room) is not None:
                self.some[end].discard(number)
                self._left[end] = _ALL


def _sums(facts: Sequence[Sum], own: Sequence[Sum]) -> list[Sum]:
    """What is not negative, one by one and in twos."""
    return [*facts, *own, *in_twos(facts, own)]
