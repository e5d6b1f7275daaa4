"""What follows from which local states two members can be in together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from model.engines.solving import Clock
from model.lang import Kind, Property
from model.proof.counting import CounterSystem
from model.proof.family import Condition
from model.proof.groups import Groups
from model.proof.ledger import Untold
from model.proof.linear import Form, below
from model.proof.pairs import Pairs
from model.proof.quantified import NotUniform
from model.proof.steps import Place
from model.proof.tallies import Tally, asked, grown


class ByPairs:
    """What the pairs of a family's local states say of some properties. Raises GaveUp."""

    def __init__(
        self,
        counting: CounterSystem,
        groups: Groups,
        properties: Sequence[Property],
        seeds: Iterable[tuple[Place, Form]],
        clock: Clock,
    ) -> None:
        self.counting = counting
        self._conditions: dict[str, list[Condition]] = {}
        self._odd: dict[str, str] = {}
        for item in properties:
            if item.kind is Kind.INVARIANT:
                try:
                    groups.alike(item.ground)
                    self._conditions[item.name] = counting.family.conditions(item.ground)
                except NotUniform as error:
                    self._odd[item.name] = f"{item.name}: {error}"
        known = list(seeds)
        claimed = [c.that for conditions in self._conditions.values() for c in conditions]
        tallies = [*grown(counting, known), *asked(counting.family, claimed)]
        self.pairs = self._closed(tallies, known, clock)

    def objection(self, item: Property) -> str:
        """Why ``item`` is not proved; an empty text if it is."""
        match item.kind:
            case Kind.INVARIANT:
                return self._odd.get(item.name) or self._invariant(item)
            case Kind.TYPES:
                return self._types()
            case Kind.DEADLOCK:
                return self._deadlock()
            case _:
                return "induction over counts is for what holds in every state"

    def _closed(
        self, tallies: list[Tally], seeds: Sequence[tuple[Place, Form]], clock: Clock
    ) -> Pairs:
        """The closure with as many of ``tallies`` as every step keeps."""
        while True:
            try:
                return Pairs(self.counting, tallies, seeds, clock)
            except Untold as error:
                tallies = [tally for tally in tallies if tally is not error.tally]

    def _invariant(self, item: Property) -> str:
        for condition in self._conditions[item.name]:
            for place, adjacent in self.pairs.at.items():
                for named, facts in self.counting.broken(condition, place, sorted(adjacent)):
                    if self.pairs.allows(place, named, facts):
                        return f"pairs of members allow {self.counting.family.told(place)}"
        return ""

    def _types(self) -> str:
        for place in self.pairs.at:
            # Of steps by the same members some ask for more than others.
            never: set[tuple[object, ...]] = set()
            for step in self.pairs.steps(place):
                for name, facts in self.counting.leaving(step):
                    key = step.named, *(frozenset(fact.items()) for fact in facts)
                    if key in never:
                        continue
                    if not self.pairs.allows(place, step.named, facts):
                        never.add(key)
                    elif self.pairs.allows(place, step.named, [*step.facts, *facts]):
                        return f"{step.rule.name} may take {name} outside its domain"
        return ""

    def _deadlock(self) -> str:
        told = self.counting.family.told
        for place, adjacent in self.pairs.at.items():
            sure = [step for step in self.pairs.steps(place) if not step.leaves]
            by: dict[frozenset[int], list[tuple[Form, ...]]] = {}
            for step in sorted(sure, key=lambda step: len(step.facts)):
                by.setdefault(frozenset(step.named), []).append(step.facts)
            nobody = by.get(frozenset(), [])
            for state in adjacent:
                own = [*nobody, *by.get(frozenset([state]), [])]
                if self._stuck(place, state, own, []):
                    return f"pairs of members allow no step from {told(place)}"
        return ""

    def _stuck(
        self, place: Place, state: int, steps: Sequence[Sequence[Form]], facts: list[Form]
    ) -> bool:
        """Whether, with somebody in ``state``, of the facts of each step one may not be so."""
        if not steps:
            return True
        for fact in steps[0]:
            more = [*facts, below(fact)]
            if self.pairs.allows(place, (state,), more) and self._stuck(
                place, state, steps[1:], more
            ):
                return True
        return False
