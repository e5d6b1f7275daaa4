"""Whether the steps and claims of a certificate are those of the design, state by state.

All reachable states with two devices are compared. So are, whether or not they can be reached, all
states with one device in a local state that its place allows, and some at random with two to
five. What the design does there must be among the certificate's steps, and where a claim does not
hold the certificate must have looked.
"""

from __future__ import annotations

import functools
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from model.certificates.form import (
    CONSTANT,
    DEADLOCK,
    INVARIANT,
    Certificate,
    CertificateError,
    Form,
    Place,
    Searched,
    Step,
)
from model.certificates.obligations import after_step
from model.certificates.part import Part
from model.engines import census
from model.engines.lowering import Condition, Lowered
from model.lang import Claim, State, System, Value, show

AT_RANDOM = (2, 3, 4, 5)
STATES_AT_RANDOM = 400
Vector = Mapping[str, int]


@dataclass(frozen=True, eq=False)
class _Seen:
    """A state as a certificate sees it: shared values, and counts with the growing integers.

    There is one for all states that it sees alike.
    """

    values: tuple[str, ...]
    counts: Vector
    """With 1 for the constant, and without what is 0."""


class Compared:
    """One system beside a certificate. Raises CertificateError, and what ``watch`` raises.

    That is called again and again.
    """

    def __init__(
        self,
        certificate: Certificate,
        system: System,
        claims: Mapping[str, Callable[..., Claim]],
        watch: Callable[[], None] = lambda: None,
    ) -> None:
        self._watch = watch
        self._certificate = certificate
        self.system = system
        self.lowered = Lowered(system)
        where = {v.name: k for k, v in enumerate(system.variables)}
        group, *devices = system.entities
        self._shared = [where[name] for name in certificate.shared]
        self._growing = {name: where[name] for name in certificate.growing}
        self._devices = {
            d.name: [where[f"{d.name}.{field}"] for field in certificate.device] for d in devices
        }
        known = {*certificate.shared, *certificate.growing}
        if known != {v.name for v in group.variables()} or any(
            len(own) != len(devices[0].variables()) for own in self._devices.values()
        ):
            raise CertificateError("the certificate is about other variables")
        self._states = {tuple(state): k for k, state in enumerate(certificate.states)}
        self._steps: dict[tuple[int, tuple[int, ...]], dict[str, list[Step]]] = {}
        for step in certificate.steps:
            here = self._steps.setdefault((step.start, tuple(step.named)), {})
            here.setdefault(step.action, []).append(step)
        self._cells: dict[tuple[str, ...], list[int]] = {}
        for number, place in enumerate(certificate.places):
            shared = tuple(place.values[: len(certificate.shared)])
            self._cells.setdefault(shared, []).append(number)
        self._claims: list[tuple[str, Condition | None, Mapping[int, list[list[Form]]]]] = []
        for item in certificate.properties:
            broken: dict[int, list[list[Form]]] = {}
            for number, facts in item.broken:
                broken.setdefault(number, []).append(facts)
            condition = None
            if item.kind == INVARIANT:
                condition = self.lowered.condition(claims[item.name](system).that)
            if item.kind != DEADLOCK:
                self._claims.append((item.name, condition, broken))
        # Only what is claimed of deadlocks rests on it that steps can be taken.
        self._relied_on = any(item.kind == DEADLOCK for item in certificate.properties)
        self._values = [
            {show(value): value for value in variable.domain.values}
            for variable in system.variables
        ]
        self._done: set[object] = set()
        self._seen_as: dict[int, _Seen | None] = {}
        self._every_seen: dict[object, _Seen] = {}
        self._effects: dict[int, dict[str, Form]] = {}
        self._place_of = Part(
            self.lowered, self._shared, lambda s: tuple(show(s[k]) for k in self._shared)
        )
        self._grown_of = Part(
            self.lowered,
            [*self._growing.values()],
            lambda s: tuple((name, cast("int", s[k])) for name, k in self._growing.items()),
        )
        self._local_of = [
            Part(self.lowered, own, functools.partial(self._local, own))
            for own in self._devices.values()
        ]
        numbers = {device: k for k, device in enumerate(devices)}
        self._called = [
            (ground.kind, [numbers[e] for e in ground.arguments if e in numbers])
            for ground in system.actions
        ]

    def at_random(self, seed: int) -> Iterator[int]:
        """Packed states with local states that some place allows, reachable or not."""
        rng = random.Random(seed)  # noqa: S311  # nobody is to be kept from guessing it
        growing = [self.system.variables[k].domain.values for k in self._growing.values()]
        for _ in range(STATES_AT_RANDOM):
            place = rng.choice(self._certificate.places)
            states = [rng.choice(place.occupied) for _ in self._devices]
            yield self._packed(place, states, [rng.choice(values) for values in growing])

    def every_state(self) -> Iterator[int]:
        """Packed states with every choice of local states that a place allows, reachable or not."""
        growing = [self.system.variables[k].domain.values for k in self._growing.values()]
        for place in self._certificate.places:
            for states in itertools.product(place.occupied, repeat=len(self._devices)):
                for values in itertools.product(*growing):
                    yield self._packed(place, states, values)

    def _packed(self, place: Place, states: Sequence[int], growing: Sequence[Value]) -> int:
        state: list[Any] = [None] * len(self.system.variables)
        for k, text in zip(self._shared, place.values, strict=False):
            state[k] = self._values[k][text]
        for k, value in zip(self._growing.values(), growing, strict=True):
            state[k] = value
        for own, number in zip(self._devices.values(), states, strict=True):
            for k, text in zip(own, self._certificate.states[number], strict=True):
                state[k] = self._values[k][text]
        return self.lowered.pack(tuple(state))

    def compare(self, packed: int) -> list[int]:
        """Compare one state; the states after it."""
        self._watch()
        after = self.lowered.successors(packed)
        locals_ = [local(packed) for local in self._local_of]
        seen = self._seen(packed, locals_)
        if seen is None:
            raise CertificateError("a local state of the design is missing")
        for number in self._cells.get(seen.values, ()):
            place = self._certificate.places[number]
            if {*locals_} <= {*place.occupied}:
                leaves = any(action < 0 for action, _ in after)
                self._compare_claims(packed, number, seen, leaves=leaves)
                for action, new in after:
                    if action >= 0:
                        self._compare_step(number, seen, locals_, action, new)
                if self._relied_on and (number, seen) not in self._done:
                    self._done.add((number, seen))
                    taken = {self._named(max(action, ~action), locals_) for action, _ in after}
                    self._compare_possible(number, seen, locals_, taken)
        return [new for action, new in after if action >= 0]

    def _compare_claims(self, packed: int, number: int, seen: _Seen, *, leaves: bool) -> None:
        for name, holds, broken in self._claims:
            fine = not leaves if holds is None else holds(packed)
            if not fine and not any(_true(f, seen.counts) for f in broken.get(number, ())):
                raise CertificateError(f"a state that breaks {name} is not looked at")

    def _compare_possible(
        self,
        number: int,
        seen: _Seen,
        locals_: Sequence[int],
        taken: set[tuple[str, tuple[int, ...]]],
    ) -> None:
        """Whether each step of the certificate that could be taken here is one of the design."""
        here = {*locals_}
        for named in [(), *((k,) for k in here), *itertools.product(here, repeat=2)]:
            for action, steps in self._steps.get((number, named), {}).items():
                called = action, named
                if called not in taken and any(_true(s.facts, seen.counts) for s in steps):
                    raise CertificateError(f"{action} is no step of the design where it should be")

    def _named(self, action: int, locals_: Sequence[int]) -> tuple[str, tuple[int, ...]]:
        """An action without its devices, and the local states of those."""
        kind, acting = self._called[action]
        return kind, tuple([locals_[k] for k in acting])

    def _compare_step(
        self, number: int, seen: _Seen, locals_: Sequence[int], action: int, new: int
    ) -> None:
        kind, named = self._named(action, locals_)
        after = self._seen(new)
        key = number, seen, kind, named, after
        if key in self._done:
            return
        self._done.add(key)
        place = self._certificate.places[number]
        for step in self._steps.get((number, named), {}).get(kind, ()):
            if not _true(step.facts, seen.counts):
                continue
            if not step.end:
                return
            there = tuple(step.end[: len(self._shared)])
            if after is None or after.values != there:
                continue
            if self._taken(place, step, seen.counts) == after.counts:
                return
        title = self.system.actions[action].title
        raise CertificateError(f"a step of the design is missing: {title}")

    def _taken(self, place: Place, step: Step, counts: Vector) -> Vector:
        """What is not 0 once ``step`` is taken, by the very forms that the obligations are made of.

        They are kept by the column that they read: most counts are 0 before and after.
        """
        if id(step) not in self._effects:
            effect = self._effects[id(step)] = dict[str, Form]()
            kept: dict[str, Form] = {c: [(c, 1)] for c in (CONSTANT, *self._growing)}
            for column, form in (kept | after_step(place, step)).items():
                for read, number in form:
                    effect.setdefault(read, []).append((column, number))
        effect = self._effects[id(step)]
        after: dict[str, int] = {}
        for read, count in counts.items():
            for column, number in effect.get(read, ()):
                after[column] = after.get(column, 0) + number * count
        return {column: n for column, n in after.items() if n}

    def _local(self, own: Sequence[int], state: State) -> int:
        return self._states.get(tuple(show(state[k]) for k in own), -1)

    def _seen(self, packed: int, locals_: Sequence[int] | None = None) -> _Seen | None:
        """A state with its counts; None if a device is in a local state that has no number."""
        if packed not in self._seen_as:
            among = sorted(locals_ or [local(packed) for local in self._local_of])
            values, grown = self._place_of(packed), self._grown_of(packed)
            key = values, grown, *among
            if key not in self._every_seen:
                counts = Counter({CONSTANT: 1, **{name: n for name, n in grown if n}})
                counts.update(f"c{number}" for number in among)
                self._every_seen[key] = _Seen(values, dict(counts))
            self._seen_as[packed] = None if -1 in among else self._every_seen[key]
        return self._seen_as[packed]


def search(compared: Compared) -> Searched:
    """Compare every reachable state. Raises CertificateError."""
    level = [compared.lowered.pack(state) for state in compared.system.initial_states()]
    seen = dict.fromkeys(level)
    depth = -1
    while level:
        depth += 1
        later: dict[int, None] = {}
        for packed in level:
            later |= dict.fromkeys(new for new in compared.compare(packed) if new not in seen)
        seen |= later
        level = list(later)
    texts = (census.text(compared.lowered.unpack(packed)) for packed in seen)
    return Searched(len(seen), depth, census.digest(texts))


def _worth(form: Form, vector: Vector) -> int:
    return sum(number * vector.get(column, 0) for column, number in form)


def _true(facts: Sequence[Form], vector: Vector) -> bool:
    return all(_worth(fact, vector) >= 0 for fact in facts)
