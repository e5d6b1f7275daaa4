"""Sets of bags, as decision diagrams.

A bag says of some devices that are alike which local states they are in: how many are in each, and
not which. A diagram for bags of n devices says, for each local state, what bags of n - 1 others may
be beside a device in it; equal diagrams are one. Where what one device may do depends little on the
others, billions of bags take a few hundred nodes.

Below the last device is a set of values: those of the integers that grow with the group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from model.diagrams.changes import Mask, Moves, Node, Total, Values

EMPTY: Node = 0
"""The set of no bag, of any number of devices."""
_LOOK_UP_EVERY = 512  # diagrams between two looks at the clock


class Bags:
    """The diagrams of one search, never given back; ``look`` is called every so often."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._arcs: list[tuple[tuple[Node, Mask], ...]] = [()]
        self._values: dict[Node, frozenset[Values]] = {EMPTY: frozenset()}
        self._numbers: dict[object, Node] = {}
        self._unions: dict[tuple[Node, Node], Node] = {}
        self._differences: dict[tuple[Node, Node], Node] = {}
        self._counts: dict[Node, int] = {}

    def leaf(self, values: Iterable[Values]) -> Node:
        """The bag of no device with each of these values."""
        found = frozenset(values)
        if not found:
            return EMPTY
        if found not in self._numbers:
            self._numbers[found] = self._new(())
            self._values[self._numbers[found]] = found
        return self._numbers[found]

    def beside(self, states: Mask, others: Node) -> Node:
        """The bags of ``others`` with one further device, in any of ``states``."""
        return self._node({others: states})

    def states(self, node: Node) -> Mask:
        """The local states that some device is in."""
        found = 0
        for _, mask in self._arcs[node]:
            found |= mask
        return found

    def without(self, node: Node, state: int) -> Node:
        """What is beside a device in ``state``."""
        return next((child for child, mask in self._arcs[node] if mask >> state & 1), EMPTY)

    def size(self, nodes: Iterable[Node]) -> int:
        """How many nodes these diagrams have together."""
        seen = set(nodes)
        left = list(seen)
        while left:
            for child, _ in self._arcs[left.pop()]:
                if child not in seen:
                    seen.add(child)
                    left.append(child)
        return len(seen - {EMPTY})

    def count(self, node: Node) -> int:
        """How many states there are, devices told apart."""
        if node not in self._counts:
            self._counts[node] = len(self._values.get(node, ())) + sum(
                mask.bit_count() * self.count(child) for child, mask in self._arcs[node]
            )
        return self._counts[node]

    # -- sets ------------------------------------------------------------------------------------

    def union(self, left: Node, right: Node) -> Node:
        """The bags that are in either."""
        if right in (left, EMPTY):
            return left
        if left == EMPTY:
            return right
        key = (left, right) if left < right else (right, left)
        if key not in self._unions:
            if left in self._values:
                found = self.leaf(self._values[left] | self._values[right])
            else:
                found = self._joined([*self._arcs[left], *self._arcs[right]])
            self._unions[key] = found
        return self._unions[key]

    def difference(self, left: Node, right: Node) -> Node:
        """The bags of ``left`` that are not in ``right``."""
        if left in (EMPTY, right) or right == EMPTY:
            return EMPTY if left == right else left
        key = left, right
        if key not in self._differences:
            if left in self._values:
                self._differences[key] = self.leaf(self._values[left] - self._values[right])
            else:
                self._differences[key] = self._apart(left, right)
        return self._differences[key]

    def _apart(self, left: Node, right: Node) -> Node:
        arcs: dict[Node, Mask] = {}
        for child, mask in self._arcs[left]:
            alone = mask
            for other, theirs in self._arcs[right]:
                both = alone & theirs
                if both:
                    kept = self.difference(child, other)
                    arcs[kept] = arcs.get(kept, 0) | both
                    alone &= ~both
            if alone:
                arcs[child] = arcs.get(child, 0) | alone
        return self._node(arcs)

    # -- conditions ------------------------------------------------------------------------------

    def where(self, node: Node, totals: Iterable[Total]) -> Node:
        """The bags for which none of ``totals`` is negative."""
        for one in totals:
            node = self._where(node, one, one.constant)
        return node

    def _where(self, node: Node, one: Total, total: int) -> Node:
        low, high = self._bounds(node, one)
        if total + low >= 0 or node == EMPTY:
            return node
        if total + high < 0:
            return EMPTY
        key = node, total
        if key not in one.done:
            if node in self._values:
                fit = (v for v in self._values[node] if total + one.of(v) >= 0)
                one.done[key] = self.leaf(fit)
            else:
                arcs: dict[Node, Mask] = {}
                for child, mask in self._arcs[node]:
                    for weight, states in one.parts_of(mask):
                        kept = self._where(child, one, total + weight)
                        arcs[kept] = arcs.get(kept, 0) | states
                one.done[key] = self._node(arcs)
        return one.done[key]

    def _bounds(self, node: Node, one: Total) -> tuple[int, int]:
        """The least and the greatest that the sum comes to, without its constant."""
        if node not in one.bounds:
            if node in self._values:
                totals = [one.of(values) for values in self._values[node]] or [0]
            else:
                totals = []
                for child, mask in self._arcs[node]:
                    low, high = self._bounds(child, one)
                    for weight, _ in one.parts_of(mask):
                        totals += [weight + low, weight + high]
            one.bounds[node] = min(totals), max(totals)
        return one.bounds[node]

    # -- steps -----------------------------------------------------------------------------------

    def after(self, node: Node, moves: Moves) -> Node:
        """The bags after some one device takes a step and all others move as they must."""
        if node not in moves.done:
            parts = []
            for child, mask in self._arcs[node]:
                if mask & moves.sources:
                    parts.append((self.moved(child, moves), moves.after(mask)))
                parts.append((self.after(child, moves), moves.others(mask)))
            moves.done[node] = self._joined(parts)
        return moves.done[node]

    def moved(self, node: Node, moves: Moves) -> Node:
        """The bags after all devices move as those do that take no step themselves."""
        if moves.idle:
            return node
        if node not in moves.rest:
            if node in self._values:
                found = self.leaf(map(moves.changed, self._values[node]))
            else:
                found = self._joined(
                    [(self.moved(c, moves), moves.others(mask)) for c, mask in self._arcs[node]]
                )
            moves.rest[node] = found
        return moves.rest[node]

    def lowered(self, node: Node, value: int, by: Total, total: int = 0) -> Node:
        """The bags where one of the values is less by ``total``, and ``by`` what devices add."""
        if node == EMPTY or (not total and self._bounds(node, by) == (0, 0)):
            return node
        key = node, total
        if key not in by.lowered:
            if node in self._values:
                found = self.leaf(
                    (*values[:value], values[value] - total, *values[value + 1 :])
                    for values in self._values[node]
                )
            else:
                arcs: dict[Node, Mask] = {}
                for child, mask in self._arcs[node]:
                    for weight, states in by.parts_of(mask):
                        child_ = self.lowered(child, value, by, total + weight)
                        arcs[child_] = arcs.get(child_, 0) | states
                found = self._node(arcs)
            by.lowered[key] = found
        return by.lowered[key]

    def each(self, node: Node, moves: Moves) -> Node:
        """The bags after each device has gone where one may go in a step, or has stayed."""
        if not self._arcs[node]:
            return node
        if node not in moves.done:
            parts = []
            for child, mask in self._arcs[node]:
                parts.append((self.each(child, moves), mask | moves.after(mask)))
            moves.done[node] = self._joined(parts)
        return moves.done[node]

    # -- nodes -----------------------------------------------------------------------------------

    def _joined(self, parts: Sequence[tuple[Node, Mask]]) -> Node:
        """The diagram of all these arcs; one local state may have several."""
        merged: dict[Node, Mask] = {}
        for child, mask in parts:
            if child != EMPTY and mask:
                merged[child] = merged.get(child, 0) | mask
        cells: list[tuple[Mask, list[Node]]] = []
        for child, mask in merged.items():
            left = mask
            split: list[tuple[Mask, list[Node]]] = []
            for states, children in cells:
                both = states & left
                if both:
                    split.append((both, [*children, child]))
                    left &= ~both
                if states & ~both:
                    split.append((states & ~both, children))
            if left:
                split.append((left, [child]))
            cells = split
        arcs: dict[Node, Mask] = {}
        for states, children in cells:
            whole = children[0]
            for child in children[1:]:
                whole = self.union(whole, child)
            arcs[whole] = arcs.get(whole, 0) | states
        return self._node(arcs)

    def _node(self, arcs: Mapping[Node, Mask]) -> Node:
        """The diagram of these arcs, at most one for each local state."""
        kept = tuple(sorted((child, mask) for child, mask in arcs.items() if child and mask))
        if not kept:
            return EMPTY
        if kept not in self._numbers:
            self._numbers[kept] = self._new(kept)
        return self._numbers[kept]

    def _new(self, arcs: tuple[tuple[Node, Mask], ...]) -> Node:
        if len(self._arcs) % _LOOK_UP_EVERY == 0:
            self._look()
        self._arcs.append(arcs)
        return len(self._arcs) - 1
