"""Proving what holds in every state of every system of a family."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from model.engines.memory import peak_bytes
from model.engines.result import Finding, Limits, Report, Verdict
from model.engines.solving import Clock, GaveUp
from model.lang import Kind, Property, System, show
from model.proof.counting import CounterSystem, Place
from model.proof.family import Counted, Family, Systems
from model.proof.groups import Groups
from model.proof.induction import At, Cell, Invariant
from model.proof.linear import CONST, Form, below, plus
from model.proof.quantified import NotUniform
from model.proof.seeds import seeds

COVERED = (Kind.INVARIANT, Kind.DEADLOCK, Kind.TYPES)
_BY = "any number of groups and devices, every run: by induction over counts"


def prove(
    systems: Systems, two_groups: System, properties: Sequence[Property], limits: Limits = Limits()
) -> Report:
    """Try to prove ``properties`` for ``systems``, whatever the number of members.

    ``two_groups`` is two copies of the system with two members, to be told apart. A property is
    PROVED or else UNDETERMINED, with the reason. Nothing is said of vacuity.
    """
    clock = Clock(limits)
    findings: dict[str, Finding] = {}
    stopped = ""
    places = None
    try:
        proof = Proof(systems, two_groups, clock)
        places = len(proof.invariant.hulls)
        for item in properties:
            why = proof.objection(item)
            findings[item.name] = (
                Finding(Verdict.UNDETERMINED, why) if why else Finding(Verdict.PROVED, _BY)
            )
    except (NotUniform, GaveUp) as error:
        stopped = str(error)
    except KeyboardInterrupt:
        stopped = "interrupted"
    for item in properties:
        findings.setdefault(item.name, Finding(Verdict.UNDETERMINED, stopped))
    return Report(
        engine="proof",
        findings=findings,
        seconds=clock.seconds,
        peak_bytes=peak_bytes(),
        states=places,
        complete=not stopped,
        stopped=stopped,
    )


class Proof:
    """The invariant of a family, and what follows from it.

    Raises NotUniform if the systems are no family, and GaveUp.
    """

    def __init__(self, systems: Systems, two_groups: System, clock: Clock) -> None:
        self.family = Family(systems)
        self._groups = Groups(self.family.of_size(2).system, two_groups)
        self.counting = CounterSystem(self.family)
        self.invariant = Invariant(self.counting, seeds(self.counting), clock)
        self._at: dict[Cell, At] = {cell: self.invariant.at(cell) for cell in self.cells()}

    def cells(self) -> list[Cell]:
        """Where the invariant allows anything at all."""
        return list(self.invariant.hulls)

    def occupied(self, cell: Cell) -> list[int]:
        """The local states that devices may be in in ``cell``."""
        return self._at[cell].occupied

    def objection(self, item: Property) -> str:
        """Why ``item`` is not proved; an empty text if it is. Raises GaveUp."""
        check: Callable[[], str] | None = {
            Kind.INVARIANT: lambda: self._invariant(item),
            Kind.TYPES: self._types,
            Kind.DEADLOCK: self._deadlock,
        }.get(item.kind)
        if check is None:
            return "induction over counts is for what holds in every state"
        try:
            return check()
        except NotUniform as error:
            return f"{item.name}: {error}"

    def _invariant(self, item: Property) -> str:
        self._groups.alike(item.ground)
        for condition in self.family.conditions(item.ground):
            for (place, _), at in self._at.items():
                for facts in self.counting.broken(condition, place, at.occupied):
                    if at.vector(facts) is not None:
                        return f"the invariant that was found allows {self.told(place)}"
        return ""

    def leaving(self) -> Iterator[tuple[Cell, str, tuple[Form, ...]]]:
        """Each case in which a step would leave a domain: where, how to say it, and the facts."""
        for cell, at in self._at.items():
            for step in self.counting.steps(cell[0], at.occupied):
                leaving = [*step.leaves]
                for counted in self.family.counted:
                    new = step.counted.get(self.counting.grown[counted.variable])
                    if new is not None:
                        sides = _outside(counted, new, at.occupied)
                        leaving += [(counted.variable.name, (side,)) for side in sides]
                for name, facts in leaving:
                    told = f"{step.rule.name} may take {name} outside its domain"
                    yield cell, told, (*step.facts, *facts)

    def _types(self) -> str:
        for cell, told, facts in self.leaving():
            if self._at[cell].vector(facts) is not None:
                return told
        return ""

    def _deadlock(self) -> str:
        for (place, _), at in self._at.items():
            steps = [step.facts for step in self.counting.steps(place, at.occupied)]
            if at.stuck(steps) is not None:
                return f"the invariant that was found allows no step from {self.told(place)}"
        return ""

    def told(self, place: Place) -> str:
        """A place, as a reason names it."""
        return ", ".join(
            f"{variable} = {show(value)}"
            for variable, value in zip(self.family.shared, place, strict=True)
        )


def _outside(counted: Counted, new: Form, occupied: Sequence[int]) -> list[Form]:
    """Facts, one for either side, that say that a growing integer's new value is outside."""
    high: Form = plus({CONST: counted.base}, dict.fromkeys(occupied, 1), counted.slope)
    return [below(plus(new, {CONST: -counted.low})), below(plus(high, new, -1))]
