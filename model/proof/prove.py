"""Proving what holds in every state of every system of a family."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator, Sequence

from model.engines.memory import peak_bytes
from model.engines.result import Finding, Limits, Report, Verdict
from model.engines.solving import Clock, GaveUp
from model.lang import Kind, Property, System
from model.proof.by_pairs import ByPairs
from model.proof.counting import CounterSystem
from model.proof.family import Family, Systems
from model.proof.groups import Groups
from model.proof.induction import At, Cell, Invariant
from model.proof.quantified import NotUniform
from model.proof.seeds import SEARCHED, seeds

COVERED = (Kind.INVARIANT, Kind.DEADLOCK, Kind.TYPES)
_ANY = "any number of groups and devices, every run: "
_PAIRS = "by pairs of devices"
_COUNTS = "by induction over counts"


def prove(
    systems: Systems, two_groups: System, properties: Sequence[Property], limits: Limits = Limits()
) -> Report:
    """Try to prove ``properties`` for ``systems``, whatever the number of members.

    ``two_groups`` is two copies of the system with two members, to be told apart. A property is
    PROVED or else UNDETERMINED, with the reason. Nothing is said of vacuity. What the pairs of
    members do not clear, the linear invariant may.
    """
    clock = Clock(limits)
    findings: dict[str, Finding] = {}
    stopped = ""
    try:
        with _uncollected():
            counting = CounterSystem(Family(systems))
            groups = Groups(counting.family.of_size(2).system, two_groups)
            found = seeds(counting, SEARCHED)
            pairs = ByPairs(counting, groups, properties, found, clock)
            _judge(pairs, _PAIRS, properties, findings)
        left = [p for p in properties if findings[p.name].verdict is not Verdict.PROVED]
        if any(item.kind in COVERED for item in left):
            _judge(Proof(systems, two_groups, clock), _COUNTS, left, findings)
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
        complete=not stopped,
        stopped=stopped,
    )


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collection: looking for cycles, of which there are none, takes a sixth."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _judge(
    proof: ByPairs | Proof, by: str, properties: Sequence[Property], findings: dict[str, Finding]
) -> None:
    """Put what ``proof`` says of ``properties`` into ``findings``."""
    for item in properties:
        why = proof.objection(item)
        findings[item.name] = (
            Finding(Verdict.UNDETERMINED, why) if why else Finding(Verdict.PROVED, _ANY + by)
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
                for _, facts in self.counting.broken(condition, place, at.occupied):
                    if at.vector(facts) is not None:
                        return f"the invariant that was found allows {self.family.told(place)}"
        return ""

    def _types(self) -> str:
        for (place, _), at in self._at.items():
            for step in self.counting.steps(place, at.occupied):
                for name, facts in self.counting.leaving(step):
                    if at.vector((*step.facts, *facts)) is not None:
                        return f"{step.rule.name} may take {name} outside its domain"
        return ""

    def _deadlock(self) -> str:
        for (place, _), at in self._at.items():
            steps = [step.facts for step in self.counting.steps(place, at.occupied)]
            if at.stuck(steps) is not None:
                return f"the invariant that was found allows no step from {self.family.told(place)}"
        return ""
