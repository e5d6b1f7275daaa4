"""Which local states two members can be in together: the least set that every step keeps.

A state of any number of members is in it if each of its members, and each pair of them, is in it
at the state's place. A step is taken from all states of that kind: by members that the set knows,
beside any number of others that it allows beside each of them. What is in the set need not be
reachable; what is not in it is not, with any number of members. No solver is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from model.engines.solving import Clock
from model.proof.bounds import Room, Strict, Sum, beside, bits, in_twos, mask_of, narrowed
from model.proof.counting import CounterSystem, Place, Step
from model.proof.ledger import Ledger, Untold
from model.proof.linear import COUNTED, Form
from model.proof.tallies import Tally

_ALL = -1


class Move:
    """A step from ``place`` as the closure takes it, where no sum of ``facts`` is negative."""

    def __init__(self, step: Step, facts: list[Sum]) -> None:
        self.step = step
        self.facts = facts
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
        # Where there is something to do, and the local states that have come beside others since.
        self._left: dict[Place, int] = {}
        self._moves: dict[Place, tuple[int, list[Move]]] = {}
        base, *ones = counting.starts()
        starts = sorted(n for one in ones for n in one if 0 <= n < COUNTED)
        for place in counting.places():
            self._start(place, base)
            self._start(place, {**base, **dict.fromkeys(starts, 2)})
        for place, vector in seeds:
            self._start(place, vector)
        while self._left:
            place = next(iter(self._left))
            self._expand(place, self._left.pop(place))

    def allows(self, place: Place, named: tuple[int, ...], facts: Iterable[Form]) -> bool:
        """Whether ``facts`` may be so at ``place``, with members in the local states ``named``."""
        room = self._room(self.at[place], named)
        if room is None:
            return False
        sums = self._ledger.plain(facts, place, mask_of(self.at[place]))
        return narrowed([*in_twos(sums, sums), *_sums(sums, self._own(place))], room) is not None

    def steps(self, place: Place) -> list[Step]:
        """The steps from ``place`` by members in the states that the set has there."""
        return [move.step for move in self._moves_at(place)]

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
            self.some[place] = set(range(len(self.tallies)))
            self._left[place] = _ALL

    def _join(self, place: Place, state: int, others: int) -> None:
        adjacent = self.at[place]
        if state not in adjacent:
            adjacent[state] = 0
            self._left[place] = _ALL
        new = others & ~adjacent[state]
        if new:
            self._left[place] = self._left.get(place, 0) | new | 1 << state
            adjacent[state] |= new
            for other in bits(new):
                adjacent[other] = adjacent.get(other, 0) | 1 << state

    def _own(self, place: Place) -> list[Sum]:
        """What is never negative at ``place``."""
        sums = self._ledger.sums(place, mask_of(self.at[place]))
        return [(sums[k][0] - 1, sums[k][1]) for k in sorted(self.some[place])]

    @staticmethod
    def _room(adjacent: Mapping[int, int], named: tuple[int, ...]) -> Room | None:
        """The room beside the members ``named``; None if they are never there together."""
        if not all(n in adjacent for n in named):
            return None
        if len(named) > 1 and not adjacent[named[0]] >> named[1] & 1:
            return None
        rest = mask_of(adjacent)
        for n in named:
            rest &= adjacent[n]
        return Room(named, rest, mask_of(n for n in adjacent if adjacent[n] >> n & 1))

    # -- the steps -------------------------------------------------------------------------------

    def _moves_at(self, place: Place) -> list[Move]:
        """The steps from ``place``, whoever is there."""
        states = mask_of(self.at[place])
        known, moves = self._moves.get(place, (0, []))
        if states != known:
            moves = [
                Move(step, self._ledger.plain(step.facts, place, states))
                for step in self.counting.steps(place, sorted(self.at[place]))
            ]
            self._moves[place] = states, moves
        return moves

    def _expand(self, place: Place, fresh: int) -> None:
        """Take the steps from ``place`` that members in the states ``fresh`` have a part in."""
        self._clock.check()
        moves = self._moves_at(place)
        adjacent = dict(self.at[place])
        states = mask_of(adjacent)
        own = self._own(place)
        for move in moves:
            room = self._room(adjacent, move.step.named)
            if room is None or not fresh & (room.rest | mask_of(room.named)):
                continue
            sums = _sums(move.facts, own)
            left = narrowed(sums, room)
            if left is None:
                continue
            after, wrong = self._ledger.after(move.step, place, states, left[0].rest)
            for tally, off in wrong:
                if narrowed([*sums, off], left[0]) is not None:
                    raise Untold(tally, move.step)
            self._take(place, adjacent, move, *left)
            self._lower(move, left[0], own, after)

    def _take(
        self,
        place: Place,
        adjacent: Mapping[int, int],
        move: Move,
        room: Room,
        strict: list[Strict],
    ) -> None:
        """Let the states after ``move``, with the others in ``room``, be in the set."""
        end = move.step.place
        self._visit(end)
        after = move.step.after
        others = move.moved(room.rest)
        for number, state in enumerate(after):
            more = mask_of(other for k, other in enumerate(after) if k != number)
            self._join(end, state, others | more)
        if end == place and not move.step.moves:
            return
        for state in bits(room.rest):
            together = adjacent[state] & room.rest
            if strict:
                together &= ~beside(state, strict)
            self._join(end, move.step.moves.get(state, state), move.moved(together))

    def _lower(self, move: Move, room: Room, own: Sequence[Sum], after: Sequence[Sum]) -> None:
        """Tallies that may be 0 after ``move`` are not above 0 throughout the place it leads to."""
        end = move.step.place
        for number in sorted(self.some[end]):
            total, terms = after[number]
            if (total - 1, terms) in own:
                continue
            none: Sum = -total, tuple((-n, mask) for n, mask in terms)
            sums = [none, *in_twos([*own, *move.facts], [none])]
            if narrowed(sums, room) is not None:
                self.some[end].discard(number)
                self._left[end] = _ALL


def _sums(facts: Sequence[Sum], own: Sequence[Sum]) -> list[Sum]:
    """What is not negative, one by one and in twos."""
    return [*facts, *own, *in_twos(facts, own)]
