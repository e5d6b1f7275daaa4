"""A search of the counter system with so many devices: what the proof's steps reach there.

The proof speaks of every number of devices at once. With the number fixed, its steps make a finite
system again, one of counts: a state of it stands for all states of the design that differ by an
exchange of devices. So it must have as many states and steps as the design, once all that a state
stands for are counted, and the same verdicts and shortest counterexamples.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from model.lang import Kind, Property
from model.proof.counting import CounterSystem
from model.proof.family import Condition, Family
from model.proof.linear import CONST, Form, worth
from model.proof.steps import Place, Step


@dataclass(frozen=True)
class Seen:
    """A state: the place, the integers that grow by column, and how many are in which local one."""

    place: Place
    grown: tuple[tuple[int, int], ...]
    counts: tuple[tuple[int, int], ...]

    @property
    def vector(self) -> Mapping[int, int]:
        """The state's counts and integers, as forms read them."""
        return {CONST: 1, **dict(self.grown), **dict(self.counts)}

    @property
    def named(self) -> Iterator[tuple[int, ...]]:
        """The local states that a rule or a claim may name: none, one or two of those there are."""
        here = [number for number, _ in self.counts]
        return itertools.chain([()], ((k,) for k in here), itertools.product(here, repeat=2))

    @property
    def stands_for(self) -> int:
        """How many states of the design differ from each other by an exchange of devices only."""
        numbers = [number for _, number in self.counts]
        return math.factorial(sum(numbers)) // math.prod(map(math.factorial, numbers))


@dataclass
class Answer:
    """What was found. ``violated`` is the length of the shortest counterexample, by property.

    States and transitions are those of the design. Not ``complete``: there were too many.
    """

    states: int = 0
    transitions: int = 0
    depth: int = -1
    complete: bool = True
    violated: dict[str, int] = field(default_factory=dict)


class Counted:
    """The counter system of a family. Raises NotUniform for what is none."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self._system = CounterSystem(family)
        self._at: dict[Place, _At] = {}

    def search(self, devices: int, properties: Sequence[Property], most: int) -> Answer:
        """Search with so many devices, up to so many states of counts."""
        conditions = {
            item.name: self.family.conditions(item.ground)
            for item in properties
            if item.kind is Kind.INVARIANT
        }
        self._at.clear()
        names = {item.kind: item.name for item in properties}
        answer = Answer()

        def breaks(name: str | None, steps: int) -> None:
            if name is not None:
                answer.violated.setdefault(name, steps)

        level = dict.fromkeys(self._starts(devices))
        known = set(level)
        while level:
            answer.depth += 1
            later: dict[Seen, None] = {}
            for state in level:
                answer.states += state.stands_for
                at = self._known(state, conditions)
                for name in at.broken_in(state):
                    breaks(name, answer.depth)
                stuck = True
                for step in at.taken(state):
                    stuck = False
                    answer.transitions += state.stands_for * _ways(step, state)
                    after = self._after(step, state, devices)
                    if after is None:
                        breaks(names.get(Kind.TYPES), answer.depth + 1)
                    elif after not in known:
                        known.add(after)
                        later[after] = None
                if stuck:
                    breaks(names.get(Kind.DEADLOCK), answer.depth)
            if len(known) > most:
                answer.complete = False
                break
            level = later
        return answer

    def _starts(self, devices: int) -> Iterator[Seen]:
        stand = self.family.stands[0]
        every = [self._system.number(s) for s in itertools.product(*(v.initial for v in stand))]
        grown = tuple((column, v.initial[0]) for v, column in self._system.grown.items())
        for place in self._system.places():
            for some in itertools.combinations_with_replacement(sorted(every), devices):
                yield Seen(place, grown, tuple(sorted(Counter(some).items())))

    def _known(self, state: Seen, conditions: Mapping[str, list[Condition]]) -> _At:
        """What can happen at the state's place, with devices in its local states at least."""
        here = {number for number, _ in state.counts}
        known = self._at.get(state.place)
        if known is None or not here <= known.occupied:
            occupied = sorted(here | (known.occupied if known else set()))
            known = _At(self._system, state.place, occupied, conditions)
            self._at[state.place] = known
        return known

    def _after(self, step: Step, state: Seen, devices: int) -> Seen | None:
        """The state after ``step``; None if it leaves a domain."""
        vector = state.vector
        if any(_true(facts, vector) for _, facts in step.leaves):
            return None
        grown = {column: int(worth(form, vector)) for column, form in step.counted.items()}
        for counted in self.family.counted:
            new = grown.get(self._system.grown[counted.variable], counted.low)
            if not counted.low <= new <= counted.base + counted.slope * devices:
                return None
        counts = dict(state.counts)
        for named in step.named:
            counts[named] -= 1
        others: Counter[int] = Counter()
        for number, many in counts.items():
            others[step.moves.get(number, number)] += many
        others.update(step.after)
        return Seen(
            step.place,
            tuple((column, grown.get(column, old)) for column, old in state.grown),
            tuple(sorted((number, many) for number, many in others.items() if many)),
        )


class _At:
    """The steps and the broken claims at a place, with devices in some of ``occupied``."""

    def __init__(
        self,
        system: CounterSystem,
        place: Place,
        occupied: Sequence[int],
        conditions: Mapping[str, list[Condition]],
    ) -> None:
        self.occupied = set(occupied)
        self._steps: dict[tuple[int, ...], list[Step]] = {}
        for step in system.steps(place, occupied):
            self._steps.setdefault(step.named, []).append(step)
        self._broken: dict[tuple[int, ...], list[tuple[str, tuple[Form, ...]]]] = {}
        for name, several in conditions.items():
            for condition in several:
                for named, facts in system.broken(condition, place, occupied):
                    self._broken.setdefault(named, []).append((name, facts))

    def taken(self, state: Seen) -> Iterator[Step]:
        """The steps that can be taken in ``state``."""
        vector = state.vector
        for named in state.named:
            for step in self._steps.get(named, ()):
                if _true(step.facts, vector):
                    yield step

    def broken_in(self, state: Seen) -> set[str]:
        """The claims that do not hold in ``state``."""
        vector = state.vector
        return {
            name
            for named in state.named
            for name, facts in self._broken.get(named, ())
            if _true(facts, vector)
        }


def _true(facts: Sequence[Form], vector: Mapping[int, int]) -> bool:
    return all(worth(fact, vector) >= 0 for fact in facts)


def _ways(step: Step, state: Seen) -> int:
    """How many choices of devices ``step`` stands for."""
    counts = dict(state.counts)
    ways = 1
    for named in step.named:
        ways *= counts[named]
        counts[named] -= 1
    return ways
