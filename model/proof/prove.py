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
from model.proof.family import Condition, Family, Systems
from model.proof.groups import Groups
from model.proof.induction import At, Cell, Invariant
from model.proof.linear import Hull
from model.proof.quantified import NotUniform
from model.proof.seeds import SEARCHED, seeds

COVERED = (Kind.INVARIANT, Kind.DEADLOCK, Kind.TYPES)
_ANY = "any number of groups and devices, every run: "
_PAIRS = "by pairs of devices"
_COUNTS = "by induction over counts"


def prove(
    systems: Systems,
    two_groups: System,
    properties: Sequence[Property],
    limits: Limits = Limits(),
    lemmas: Sequence[Property] = (),
) -> Report:
    """Try to prove ``properties`` for ``systems``, whatever the number of members.

    ``two_groups`` is two copies of the system with two members, to be told apart. A property is
    PROVED or else UNDETERMINED, with the reason. Nothing is said of vacuity. What the pairs of
    members do not clear, the linear invariant may. ``lemmas`` are invariants among ``properties``:
    one after the other is proved, and what comes after it may rest on it.
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
        given, proof = _established(systems, two_groups, lemmas, findings, clock)
        left = [p for p in properties if findings[p.name].verdict is not Verdict.PROVED]
        left = [p for p in left if p not in lemmas]
        if any(item.kind in COVERED for item in left):
            proof = proof or Proof(systems, two_groups, clock, given)
            _judge(proof, _COUNTS, left, findings, given)
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


def _established(
    systems: Systems,
    two_groups: System,
    lemmas: Sequence[Property],
    findings: dict[str, Finding],
    clock: Clock,
) -> tuple[list[Property], Proof | None]:
    """Those of ``lemmas`` that are proved, and the proof that assumes just these if there is one.

    What is found goes into ``findings``; some may be proved there already.
    """
    given: list[Property] = []
    proof: Proof | None = None
    for item in lemmas:
        if findings[item.name].verdict is Verdict.PROVED:
            given.append(item)
            proof = None
            continue
        try:
            tried = Proof(systems, two_groups, clock, [*given, item])
            why = tried.loss(item)
        except (NotUniform, GaveUp) as error:
            clock.check()
            why = f"{item.name}: {error}"
        findings[item.name] = _finding(why, _COUNTS, given)
        if not why:
            given.append(item)
            proof = tried
    return given, proof


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
    proof: ByPairs | Proof,
    by: str,
    properties: Sequence[Property],
    findings: dict[str, Finding],
    given: Sequence[Property] = (),
) -> None:
    """Put what ``proof`` says of ``properties`` into ``findings``; it assumes ``given``."""
    for item in properties:
        findings[item.name] = _finding(proof.objection(item), by, given)


def _finding(objection: str, by: str, given: Sequence[Property]) -> Finding:
    """PROVED in the way ``by``, resting on ``given``, if there is no objection."""
    if objection:
        return Finding(Verdict.UNDETERMINED, objection)
    names = ", ".join(item.name for item in given)
    rests = f"rests on {'lemma' if len(given) == 1 else 'lemmas'} {names}; " if given else ""
    return Finding(Verdict.PROVED, f"{rests}{_ANY}{by}")


class Proof:
    """The invariant of a family, and what follows from it and from ``lemmas``.

    These are assumed: each has to have no ``loss``, or to be proved in another way.
    Raises NotUniform if the systems are no family or a lemma is not alike, and GaveUp.
    """

    def __init__(
        self, systems: Systems, two_groups: System, clock: Clock, lemmas: Sequence[Property] = ()
    ) -> None:
        self.family = Family(systems)
        self._groups = Groups(self.family.of_size(2).system, two_groups)
        self.counting = CounterSystem(self.family)
        self._clock = clock
        given = [condition for item in lemmas for condition in self._conditions(item)]
        self.invariant = Invariant(self.counting, seeds(self.counting), clock, given)
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

    def loss(self, lemma: Property) -> str:
        """Why ``lemma`` may come not to hold; an empty text if it holds at first and ever after.

        Each step is tried from where the invariant and all lemmas hold. Raises NotUniform, GaveUp.
        """
        told = self.family.told
        for condition in self._conditions(lemma):
            for place in self.counting.places():
                start = Hull(self.counting.grown.values())
                for vector in self.counting.starts():
                    start.add(vector)
                at = At(start, (), self._clock)
                for _, facts in self.counting.broken(condition, place, at.occupied):
                    if at.vector(facts) is not None:
                        return f"it need not hold at first: with {told(place)}"
            for cell, at in self._at.items():
                for step in self.counting.steps(cell[0], at.occupied):
                    reached = {step.moves.get(c, c) for c in at.occupied} | set(step.after)
                    for _, facts in self.counting.broken(condition, step.place, sorted(reached)):
                        if at.vector([*step.facts, *map(step.before, facts)]) is not None:
                            return f"{step.rule.name} may break it, from {told(cell[0])}"
        return ""

    def _conditions(self, item: Property) -> list[Condition]:
        """The cases of ``item``, which is an invariant. Raises NotUniform."""
        self._groups.alike(item.ground)
        return self.family.conditions(item.ground)

    def _invariant(self, item: Property) -> str:
        for condition in self._conditions(item):
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
