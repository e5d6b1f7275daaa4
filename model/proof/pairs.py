"""Which local states two members can be in together: the least set that every step keeps.

A state of any number of members is in it if each of its members, and each pair of them, is in it
at the state's place. A step is taken from all states of that kind: by members that the set knows,
beside any number of others that it allows beside each of them. What is in the set need not be
reachable; what is not in it is not, with any number of members. No solver is asked.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from model.engines.solving import Clock
from model.proof.bounds import Room, Strict, Sum, added, beside, bits, in_twos, mask_of, narrowed
from model.proof.counting import CounterSystem, Place, Step
from model.proof.family import Rule
from model.proof.ledger import Ledger, Untold
from model.proof.linear import COUNTED, Form
from model.proof.tallies import Tally

_ALL = -1


class Move:
    """A step as the closure takes it, and what came of it when it was judged last.

    It is taken where no sum of ``facts`` is negative. ``named`` is the mask of whom it names.
    """

    def __init__(self, step: Step) -> None:
        self.step = step
        self.named = mask_of(step.named)
        self.facts: list[Sum] = []
        self.judged: tuple[Room, list[Sum]] | None = None
        """The room, and what was known of the place."""
        self.left: tuple[Room, list[Strict]] | None = None
        self._moving = mask_of(step.moves)
        self._moved: dict[int, int] = {}

    def moved(self, mask: int) -> int:
        """Where other members in these states are afterwards."""
        here = mask & self._moving
        if not here:
            return mask
        if here not in self._moved:
            self._moved[here] = mask_of(self.step.moves[number] for number in bits(here))
        return mask & ~here | self._moved[here]


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
        self._owned: dict[Place, list[Sum]] = {}
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
        return [replace(move.step, occupied=everybody) for move in self._moves_at(place)]

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
            self._left[place] = _ALL
        new = others & ~adjacent[state]
        if new:
            self._left[place] = self._left.get(place, 0) | new | 1 << state
            adjacent[state] |= new
            self._states[place] |= new
            self._several[place] |= new & 1 << state
            for other in bits(new):
                adjacent[other] = adjacent.get(other, 0) | 1 << state

    def _own(self, place: Place) -> list[Sum]:
        """What is never negative at ``place``: the same list as long as it says the same."""
        sums = self._ledger.sums(place, self._states[place])
        own = [(sums[k][0] - 1, sums[k][1]) for k in sorted(self.some[place])]
        if own != self._owned.get(place):
            self._owned[place] = own
        return self._owned[place]

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
                facts = self._ledger.plain(move.step.asked, place, states)
                if facts != move.facts:
                    move.facts, move.judged = facts, None
            self._moves[place] = states, moves
        return itertools.chain.from_iterable(moves.values())

    def _expand(self, place: Place, fresh: int) -> None:
        """Take the steps from ``place`` that members in the states ``fresh`` have a part in."""
        self._clock.check()
        moves = list(self._moves_at(place))
        rooms = [self._room(place, move.step.named) for move in moves]
        adjacent = dict(self.at[place])
        states = self._states[place]
        own = self._own(place)
        judged: dict[tuple[object, ...], tuple[list[Sum], tuple[Room, list[Strict]] | None]] = {}
        for move, room in zip(moves, rooms, strict=True):
            if room is None or not fresh & (room.rest | move.named):
                continue
            if move.judged == (room, own):
                # All that may be new is who is beside whom.
                if move.left is not None:
                    self._carry(place, adjacent, move, *move.left, fresh)
                continue
            move.judged = room, own
            key = room, *move.facts
            if key not in judged:
                sums = _sums(move.facts, own)
                judged[key] = sums, narrowed(sums, room)
            sums, left = judged[key]
            move.left = left
            if left is None:
                continue
            changes, wrong = self._ledger.changes(move.step, place, states, left[0].rest)
            for tally, off in wrong:
                if narrowed([*sums, off], left[0]) is not None:
                    raise Untold(tally, move.step)
            self._take(move, left[0])
            self._carry(place, adjacent, move, *left, _ALL)
            self._lower(place, move, left[0], changes)

    def _take(self, move: Move, room: Room) -> None:
        """Let those whom ``move`` names be where it leads, beside the others in ``room``."""
        end = move.step.place
        self._visit(end)
        after = move.step.after
        others = move.moved(room.rest)
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
        end = move.step.place
        if end == place and not move.step.moves:
            return
        for state in bits(room.rest & fresh):
            together = adjacent[state] & room.rest
            if strict:
                together &= ~beside(state, strict)
            self._join(end, move.step.moves.get(state, state), move.moved(together))

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
