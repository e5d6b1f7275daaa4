"""Whether a certificate says something false of a design, told by the design's own steps.

It looks at states with two devices, and asks neither a solver nor the check. So a changed
certificate is known to be wrong before the check is asked.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from model.certificates.check import Claims
from model.certificates.form import CONSTANT, DEADLOCK, INVARIANT, TYPES, Certificate, Form, Place
from model.engines.lowering import Lowered
from model.lang import System, Value, show

MOST_REACHED = 4000


class Seen(NamedTuple):
    """A state as texts: the shared values, those of each device, and the growing integers."""

    values: tuple[str, ...]
    devices: tuple[tuple[str, ...], ...]
    growing: tuple[int, ...]


class Truth:
    """What a system with two devices says of certificates that name these variables."""

    def __init__(self, system: System, claims: Claims, like: Certificate) -> None:
        self._lowered = lowered = Lowered(system)
        self._holds = {
            item.name: lowered.condition(claims[item.name](system).that)
            for item in like.properties
            if item.kind == INVARIANT
        }
        self._where = {v.name: k for k, v in enumerate(system.variables)}
        self._meant = [
            {show(v): v for v in variable.domain.values} for variable in system.variables
        ]
        self._shared = [self._where[name] for name in like.shared]
        self._growing = [self._where[name] for name in like.growing]
        _, *devices = system.entities
        self._devices = [[self._where[f"{d.name}.{f}"] for f in like.device] for d in devices]
        self._seen = functools.cache(self._look)
        self._reached = list({lowered.pack(state): None for state in system.initial_states()})
        known = set(self._reached)
        for packed in self._reached:
            if len(self._reached) < MOST_REACHED:
                new = {s for action, s in lowered.successors(packed) if action >= 0} - known
                known |= new
                self._reached += sorted(new)

    def objection(self, made: Certificate, number: int) -> str:
        """What is wrong with ``made``, as far as its place ``number`` tells; or an empty text."""
        allows = _Allows(made)
        if not all(allows(self._seen(packed)) for packed in self._reached):
            return "a reachable state is outside the invariant"
        for packed in self._states(made, made.places[number]):
            if allows(self._seen(packed)):
                why = self._leads_to(made, allows, packed)
                if why:
                    return why
        return ""

    def _look(self, packed: int) -> Seen:
        state = self._lowered.unpack(packed)
        texts = [show(value) for value in state]
        return Seen(
            tuple(texts[k] for k in self._shared),
            tuple(tuple(texts[k] for k in own) for own in self._devices),
            tuple(int(texts[k]) for k in self._growing),
        )

    def _states(self, made: Certificate, place: Place) -> Iterator[int]:
        """States at a place, with every choice of local states that it has."""
        ranges = [list(self._meant[k]) for k in self._growing]
        for first, second in itertools.product(place.occupied, repeat=2):
            for grown in itertools.product(*ranges):
                texts = {
                    **dict(zip(self._shared, place.values, strict=False)),
                    **dict(zip(self._growing, grown, strict=True)),
                    **dict(zip(self._devices[0], made.states[first], strict=True)),
                    **dict(zip(self._devices[1], made.states[second], strict=True)),
                }
                state: list[Value] = [self._meant[k][texts[k]] for k in range(len(self._meant))]
                yield self._lowered.pack(tuple(state))

    def _leads_to(self, made: Certificate, allows: Callable[[Seen], bool], packed: int) -> str:
        """What is wrong in a state that the invariant allows, or one step later."""
        after = self._lowered.successors(packed)
        for item in made.properties:
            if (
                (item.kind == INVARIANT and not self._holds[item.name](packed))
                or (item.kind == DEADLOCK and not after)
                or (item.kind == TYPES and any(action < 0 for action, _ in after))
            ):
                return f"{item.name} does not follow"
        if all(allows(self._seen(new)) for action, new in after if action >= 0):
            return ""
        return "a step leads out of the invariant"


class _Allows:
    """Whether the invariant of a certificate holds in a state."""

    def __init__(self, made: Certificate) -> None:
        self._known = {tuple(local): k for k, local in enumerate(made.states)}
        self._growing = made.growing
        self._places: dict[tuple[str, ...], list[Place]] = {}
        for place in made.places:
            values = tuple(place.values[: len(made.shared)])
            self._places.setdefault(values, []).append(place)

    def __call__(self, seen: Seen) -> bool:
        counts = {CONSTANT: 1, **dict(zip(self._growing, seen.growing, strict=True))}
        devices = [self._known.get(device, -1) for device in seen.devices]
        for local in devices:
            counts[f"c{local}"] = counts.get(f"c{local}", 0) + 1
        return any(_holds(p, devices, counts) for p in self._places.get(seen.values, ()))


def _holds(place: Place, devices: list[int], counts: Mapping[str, int]) -> bool:
    """The invariant at a place, word by word."""
    return (
        all(local in place.occupied for local in devices)
        and not any(
            first in one and second in other
            for one, other in place.apart
            for first, second in itertools.permutations(devices, 2)
        )
        and all(_worth(form, counts) == 0 for form in place.zero)
        and all(_worth(form, counts) >= 0 for form in place.least)
    )


def _worth(form: Form, counts: Mapping[str, int]) -> int:
    return sum(number * counts.get(column, 0) for column, number in form)
