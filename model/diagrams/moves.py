"""The steps of a counter system, gathered so that they can be taken from whole sets of bags.

Steps that differ in nothing but the local state of who takes them are one move.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from model.diagrams.changes import Mask, Moves, Total
from model.diagrams.weights import Unsuitable, Weights
from model.proof.bounds import bits
from model.proof.counting import CounterSystem
from model.proof.linear import CONST, Form, Number, below, plus
from model.proof.steps import Place, Step

_Fact: TypeAlias = tuple[tuple[int, Number], ...]
_Facts: TypeAlias = frozenset[_Fact]


@dataclass(eq=False)
class Move:
    """Steps from one place to ``end``, taken where none of ``totals`` is negative.

    One device takes them, if they are ``named`` after one. Of what is stored of the growing
    integers, totals are taken off ``before`` and ``after``.
    """

    end: Place
    totals: Sequence[Total]
    moves: Moves
    named: bool
    before: Sequence[tuple[int, Total]]
    after: Sequence[tuple[int, Total]]


@dataclass(eq=False)
class Own:
    """Steps that change nothing but the device that takes them, from a local state to another.

    ``one`` says where they lead. They are taken where one of ``moves`` can be; if there are none,
    anywhere.
    """

    one: Mapping[int, Mask]
    moves: Sequence[Move]


class _Way(NamedTuple):
    """A step, and what it asks for lest it leave a domain; nothing, if it does so anyway.

    ``leaving`` are the variables whose domain it may leave, each with when it does.
    """

    step: Step
    facts: Sequence[Form] | None
    leaving: Sequence[tuple[str, Sequence[Form]]]


class Here(NamedTuple):
    """All steps from a place by devices in ``states``, one by one and gathered."""

    states: Mask
    ways: Sequence[_Way]
    own: Sequence[Own]
    moves: Sequence[Move]


class Taken(NamedTuple):
    """A step, where none of ``totals`` is negative; it ``leaves`` the domain of that variable."""

    step: Step
    totals: Sequence[Total]
    leaves: str = ""


class _Effect(NamedTuple):
    """What steps do beside moving the one device that takes them."""

    end: Place
    named: bool
    others: tuple[tuple[int, int], ...]
    values: tuple[tuple[int, int], ...]


class Steps:
    """The steps of a group of ``devices``, by place."""

    def __init__(self, counting: CounterSystem, devices: int) -> None:
        self.weights = Weights(counting)
        self._counting = counting
        self._devices = devices
        self._at: dict[Place, Here] = {}

    def at(self, place: Place, states: Mask) -> Here:
        """The steps from ``place`` where all devices are in ``states``, or in some more.

        Raises Unsuitable.
        """
        here = self._at.get(place)
        if here is None or states & ~here.states:
            states |= here.states if here else 0
            here = self._at[place] = self._gathered(place, states)
        return here

    def totals(self, facts: Iterable[Form], place: Place, states: Mask) -> list[Total]:
        """Facts about states at ``place`` as totals, with all devices in ``states``."""
        return [self.weights.total(fact, place, states) for fact in facts]

    def asked(self, named: tuple[int, ...], facts: Iterable[Form]) -> list[Form]:
        """``facts`` without those that say that the ``named`` devices are there."""
        present = [_fact(fact) for fact in self._counting.present(named)]
        return [fact for fact in facts if _fact(fact) not in present]

    def taken(self, place: Place, states: Mask) -> Iterator[Taken]:
        """Each step from ``place`` by itself, where all devices are in ``states``."""
        here = self.at(place, states)
        known: dict[_Fact, Total] = {}

        def totals(facts: Iterable[Form]) -> list[Total]:
            found = []
            for fact in facts:
                key = _fact(fact)
                if key not in known:
                    known[key] = self.weights.total(fact, place, here.states)
                found.append(known[key])
            return found

        for way in here.ways:
            for variable, gone in way.leaving:
                yield Taken(way.step, totals([*way.step.facts, *gone]), variable)
            if way.facts is not None:
                yield Taken(way.step, totals(way.facts))

    def _ways(self, place: Place, states: Mask) -> Iterator[_Way]:
        for step in self._counting.steps(place, [*bits(states)]):
            if len(step.named) > 1:
                raise Unsuitable(f"{step.rule.title} is a step of two devices at once")
            leaving = list(self._leaving(step))
            if all(gone for _, gone in leaving):
                self.weights.settle(place, step)
                inside = [below(fact) for _, gone in leaving for fact in gone]
                facts = [*self.asked(step.named, step.facts), *inside]
                yield _Way(step, facts, leaving)
            else:
                yield _Way(step, None, leaving)

    def _gathered(self, place: Place, states: Mask) -> Here:
        ways: dict[_Effect, dict[tuple[tuple[int, int], ...], set[_Facts]]] = {}
        every = list(self._ways(place, states))
        for step, facts, _ in every:
            if facts is None:
                continue
            values = self.weights.stored(place, step)
            others = tuple(sorted(step.moves.items()))
            effect = _Effect(step.place, bool(step.named), others, values)
            who = tuple(zip(step.named, step.after, strict=True))
            alternatives = ways.setdefault(effect, {}).setdefault(who, set())
            alternatives.add(frozenset(map(_fact, facts)))
        alone = _Effect(place, True, (), ((1, 0),) * len(self.weights.columns))
        own: list[Own] = []
        moves: list[Move] = []
        for effect, asked in ways.items():
            alike: dict[frozenset[_Facts], dict[int, Mask]] = {}
            for who, alternatives in asked.items():
                one = alike.setdefault(_fewer(alternatives), {})
                for old, new in who:
                    one[old] = one.get(old, 0) | 1 << new
            for wanted, one in alike.items():
                made = [self._move(effect, facts, one, place, states) for facts in wanted]
                if effect == alone:
                    own.append(Own(one, [] if frozenset() in wanted else made))
                else:
                    moves += made
        return Here(states, every, own, moves)

    def _leaving(self, step: Step) -> Iterator[tuple[str, Sequence[Form]]]:
        """The variables that ``step`` may take out of their domains, and when it does."""
        yield from step.leaves
        for counted in self._counting.family.counted:
            new = step.counted.get(self._counting.grown[counted.variable])
            if new is not None:
                most: Form = {CONST: counted.slope * self._devices + counted.base}
                for inside in (plus(new, {CONST: -counted.low}), plus(most, new, -1)):
                    yield counted.variable.name, [below(inside)]

    def _move(
        self, effect: _Effect, facts: _Facts, one: dict[int, Mask], place: Place, states: Mask
    ) -> Move:
        others = dict(effect.others)
        anew = [k for k, (factor, _) in enumerate(effect.values) if not factor]
        return Move(
            effect.end,
            self.totals([dict(fact) for fact in sorted(facts)], place, states),
            Moves(one, others, effect.values),
            effect.named,
            [(k, by) for k, by in self.weights.shifts(others) if k not in anew],
            [(k, self.weights.whole(k)) for k in anew],
        )


def onward(steps: Iterable[Own]) -> Moves:
    """From a local state to all that a device comes to by any number of ``steps``."""
    nexts: dict[int, Mask] = {}
    for own in steps:
        for old, new in own.one.items():
            nexts[old] = nexts.get(old, 0) | new
    found = {old: new | 1 << old for old, new in nexts.items()}
    for between in nexts:
        further = found[between]
        for old, ends in found.items():
            if ends >> between & 1:
                found[old] = ends | further
    return Moves(found, {})


def _fewer(alternatives: Iterable[_Facts]) -> frozenset[_Facts]:
    """As many sets of facts as need be: a fact that may be so or not is left out."""
    left = set(alternatives)
    while True:
        for facts in left:
            for fact in facts:
                rest = facts - {fact}
                other = rest | {_fact(below(dict(fact)))}
                if other in left:
                    left -= {facts, other}
                    left.add(rest)
                    break
            else:
                continue
            break
        else:
            return frozenset(left)


def _fact(form: Form) -> _Fact:
    return tuple(sorted(form.items()))
