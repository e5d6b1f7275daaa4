"""Every state that a group of so many devices may come to, as one diagram for each place.

It is a least fixpoint: from the states to start from, each step is taken from whole sets at once,
until nothing new is found.
"""

from __future__ import annotations

from collections.abc import Callable

from model.diagrams.bags import EMPTY, Bags
from model.diagrams.changes import Mask, Moves, Node
from model.diagrams.moves import Here, Move, Own, Steps, onward
from model.proof.bounds import mask_of
from model.proof.counting import CounterSystem
from model.proof.linear import COUNTED
from model.proof.steps import Place


class Reached:
    """The reachable states of a group of ``devices``. The constructor raises Unsuitable.

    ``at`` has those of each place. ``look`` is called every so often, and what it raises ends it.
    """

    def __init__(self, counting: CounterSystem, devices: int, look: Callable[[], None]) -> None:
        self.counting = counting
        self.devices = devices
        self.bags = Bags(look)
        self.at: dict[Place, Node] = {}
        self.steps = Steps(counting, devices)
        self._fresh: dict[Place, Node] = {}
        self._onward: dict[tuple[Own, ...], Moves] = {}
        starts = mask_of(n for one in counting.starts() for n in one if 0 <= n < COUNTED)
        for place in counting.places():
            self.steps.weights.begin(place, starts)
            self._join(place, self._started(starts))
        while self._fresh:
            place = next(iter(self._fresh))
            self._expand(place, self._fresh.pop(place))

    def _started(self, states: Mask) -> Node:
        node = self.bags.leaf([self.steps.weights.nothing])
        for _ in range(self.devices):
            node = self.bags.beside(states, node)
        return node

    def _join(self, place: Place, node: Node) -> None:
        known = self.at.get(place, EMPTY)
        new = self.bags.difference(node, known)
        if new != EMPTY:
            self.at[place] = self.bags.union(known, new)
            self._fresh[place] = self.bags.union(self._fresh.get(place, EMPTY), new)

    def _expand(self, place: Place, fresh: Node) -> None:
        """Take every step from ``fresh``, which is at ``place``."""
        fresh, here, bound = self._alone(place, fresh)
        self.at[place] = self.bags.union(self.at[place], fresh)
        for move in [*here.moves, *(move for own in bound for move in own.moves)]:
            self._join(move.end, self.after(move, fresh))

    def _alone(self, place: Place, fresh: Node) -> tuple[Node, Here, list[Own]]:
        """``fresh``, and all that comes of it by steps that change one device and nothing else.

        That every device takes as many of them as it likes is right for steps that can be taken
        wherever this leads; those of which that is not so are handed back.
        """
        known = self.bags.states(fresh)
        while True:
            here = self.steps.at(place, known)
            free = [own for own in here.own if not own.moves]
            bound = []
            found = self._each(fresh, free)
            for own in here.own:
                if own.moves:
                    wider = self._each(found, [*free, own])
                    known |= self.bags.states(wider)
                    if all(self._everywhere(one, wider) for one in [*free, own]):
                        free.append(own)
                        found = wider
                    else:
                        bound.append(own)
            known |= self.bags.states(found)
            if here.states & known == known:
                return found, here, bound
            # What steps ask for was said for fewer local states than there may be beside them.

    def _each(self, node: Node, steps: list[Own]) -> Node:
        key = tuple(steps)
        if key not in self._onward:
            self._onward[key] = onward(steps)
        return self.bags.each(node, self._onward[key])

    def _everywhere(self, own: Own, node: Node) -> bool:
        """Whether these steps can be taken by every device there that is where they begin."""
        for move in own.moves:
            node = self.bags.difference(node, self.bags.where(node, move.totals))
        return not own.moves or not any(self.bags.states(node) >> n & 1 for n in own.one)

    def states(self, place: Place) -> Mask:
        """The local states that devices come to at ``place``."""
        return self.bags.states(self.at[place])

    def after(self, move: Move, node: Node) -> Node:
        """What ``move`` makes of the states of ``node``."""
        node = self.bags.where(node, move.totals)
        for value, by in move.before:
            node = self.bags.lowered(node, value, by)
        step = self.bags.after if move.named else self.bags.moved
        node = step(node, move.moves)
        for value, by in move.after:
            node = self.bags.lowered(node, value, by)
        return node
