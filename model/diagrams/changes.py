"""What is asked of bags of devices, and what becomes of them; each remembers its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from model.proof.bounds import bits, mask_of

Node: TypeAlias = int
"""The number of a diagram."""
Mask: TypeAlias = int
"""A set of local states: bit n stands for the local state of number n."""
Values: TypeAlias = tuple[int, ...]


class Moves:
    """What becomes of one device, and of all others, in a step.

    ``one`` says where a device in a local state may go and ``others`` where each other device in
    a local state goes; those that it lacks stay. Each value is kept or not, and then added to:
    ``values`` has a factor and a summand for each.
    """

    def __init__(
        self,
        one: Mapping[int, Mask],
        others: Mapping[int, int],
        values: Sequence[tuple[int, int]] = (),
    ) -> None:
        self._one = one
        self._others = others
        self._values = values
        self.sources = mask_of(one)
        self.idle = not others and all(change == (1, 0) for change in values)
        """Whether it changes nothing but the one device."""
        self._stirred = mask_of(others)
        self._moved: dict[Mask, Mask] = {}
        self.done: dict[Node, Node] = {}
        """The sets after the step, by that before it."""
        self.rest: dict[Node, Node] = {}
        """The sets of bags of others after it."""

    def after(self, mask: Mask) -> Mask:
        """Where the device that takes the step may be after it, from anywhere in ``mask``."""
        here = mask & self.sources
        if here not in self._moved:
            found = 0
            for number in bits(here):
                found |= self._one[number]
            self._moved[here] = found
        return self._moved[here]

    def others(self, mask: Mask) -> Mask:
        """Where other devices are after it that were in ``mask``."""
        here = mask & self._stirred
        return mask & ~here | mask_of(self._others[number] for number in bits(here))

    def changed(self, values: Values) -> Values:
        """The values after it."""
        return tuple(f * old + add for old, (f, add) in zip(values, self._values, strict=True))


class Total:
    """A constant, and what devices and values add to it.

    ``weights`` has what a device in a local state adds, if that is not 0, and ``factors`` what
    each value is taken times.
    """

    def __init__(self, constant: int, weights: Mapping[int, int], factors: Values) -> None:
        self.constant = constant
        self.factors = factors
        self.parts = [
            (weight, mask_of(n for n, mine in weights.items() if mine == weight))
            for weight in sorted(set(weights.values()) - {0})
        ]
        self._known = mask_of(n for n, mine in weights.items() if mine)
        self.bounds: dict[Node, tuple[int, int]] = {}
        self.done: dict[tuple[Node, int], Node] = {}
        self.lowered: dict[tuple[Node, int], Node] = {}

    def parts_of(self, mask: Mask) -> Iterator[tuple[int, Mask]]:
        """``mask`` in parts, each with what a device there adds."""
        for weight, states in self.parts:
            if mask & states:
                yield weight, mask & states
        if mask & ~self._known:
            yield 0, mask & ~self._known

    def of(self, values: Values) -> int:
        """What the values add."""
        return sum(f * value for f, value in zip(self.factors, values, strict=True))
