"""Integers that grow with the group, told by how far they are from a total over the devices.

Each local state has a weight, and each place. What is stored of ``owner_cnt`` is by how much it is
more than all weights together: 0 throughout, where the weights are those of claims. Any weights
would be right; good ones make small diagrams. They are settled as steps are met, so that as few
steps as possible change what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping

from model.diagrams.changes import Mask, Total
from model.proof.bounds import bits
from model.proof.counting import CounterSystem
from model.proof.linear import CONST, COUNTED, Form
from model.proof.steps import Place, Step


class Unsuitable(Exception):
    """A design that diagrams cannot speak of; the message says why."""


class Weights:
    """The weights of the growing integers of ``counting``, in the order of ``columns``."""

    def __init__(self, counting: CounterSystem) -> None:
        base, *_ = counting.starts()
        self.columns = list(counting.grown.values())
        self.start = tuple(int(base.get(column, 0)) for column in self.columns)
        self.nothing = (0,) * len(self.columns)
        """The factors of a total over devices only."""
        self._names = {column: v.name for v, column in counting.grown.items()}
        self._devices: list[dict[int, int]] = [{} for _ in self.columns]
        self._places: list[dict[Place, int]] = [{} for _ in self.columns]

    def begin(self, place: Place, states: Mask) -> None:
        """Have weights for a place to start from: nothing is stored there."""
        for places, devices, start in zip(self._places, self._devices, self.start, strict=True):
            places.setdefault(place, start)
            for number in bits(states):
                devices.setdefault(number, 0)

    def settle(self, place: Place, step: Step) -> None:
        """Have weights for whatever ``step`` from ``place`` leads to."""
        for k, column in enumerate(self.columns):
            places, devices = self._places[k], self._devices[k]
            keeps, more = self._change(step, column)
            growth = more if keeps else 0
            for old, new in step.moves.items():
                devices.setdefault(new, devices[old])
            unknown = [new for new in step.after if new not in devices]
            if step.place not in places:
                places[step.place] = places[place] + (0 if unknown else growth)
            growth += places[place] - places[step.place]
            for old, new in zip(step.named, step.after, strict=True):
                if unknown and new == unknown[0]:
                    devices.setdefault(new, devices[old] + growth)
                devices.setdefault(new, devices[old])

    def total(self, form: Form, place: Place, states: Mask) -> Total:
        """``form`` at ``place``, as a total over devices in ``states`` and what is stored."""
        total = int(form.get(CONST, 0))
        weights = {n: int(number) for n, number in form.items() if 0 <= n < COUNTED}
        for k, column in enumerate(self.columns):
            factor = int(form.get(column, 0))
            total += factor * self._places[k][place]
            for number in bits(states) if factor else ():
                more = factor * self._devices[k][number]
                weights[number] = weights.get(number, 0) + more
        factors = tuple(int(form.get(column, 0)) for column in self.columns)
        return Total(total, weights, factors)

    def stored(self, place: Place, step: Step) -> tuple[tuple[int, int], ...]:
        """What becomes of each value that is stored: what it is taken times, and what is added.

        If it is taken times 1, ``shifts`` of all devices before the step have to be taken from it
        as well; if times 0, the weights of all devices after it. Raises Unsuitable.
        """
        found = []
        for k, column in enumerate(self.columns):
            places, devices = self._places[k], self._devices[k]
            keeps, more = self._change(step, column)
            more -= places[step.place]
            if keeps:
                more += places[place]
                for old, new in zip(step.named, step.after, strict=True):
                    more -= devices[new] - devices[step.moves.get(old, old)]
            found.append((keeps, more))
        return tuple(found)

    def shifts(self, moves: Mapping[int, int]) -> list[tuple[int, Total]]:
        """For each value whose weights devices change by ``moves``, by how much."""
        found = []
        for k, devices in enumerate(self._devices):
            more = {old: devices[new] - devices[old] for old, new in moves.items()}
            if any(more.values()):
                found.append((k, self._over_devices(more)))
        return found

    def whole(self, value: int) -> Total:
        """The weights of all devices for that value."""
        return self._over_devices(self._devices[value])

    def _over_devices(self, weights: Mapping[int, int]) -> Total:
        return Total(0, weights, self.nothing)

    def _change(self, step: Step, column: int) -> tuple[int, int]:
        """What a growing integer is taken times in ``step``, and what is added."""
        form = step.counted.get(column, {column: 1})
        if not form.keys() <= {column, CONST} or form.get(column, 0) not in (0, 1):
            raise Unsuitable(f"{step.rule.title} makes {self._names[column]} depend on counts")
        return int(form.get(column, 0)), int(form.get(CONST, 0))
