"""Writing down a proof, so that somebody else can check it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from model.certificates.form import (
    CONSTANT,
    READ_AT,
    VERSION,
    Certificate,
    Form,
    Place,
    Property,
    Searched,
    Step,
    digest_of_claim,
    digest_of_design,
)
from model.engines.solving import Clock
from model.lang import Kind, System, show
from model.lang import Property as Claimed
from model.proof import linear, steps
from model.proof.bounds import mask_of
from model.proof.by_pairs import ByPairs
from model.proof.counting import CounterSystem
from model.proof.induction import Cell
from model.proof.ledger import Ledger
from model.proof.prove import Proof

C = TypeVar("C")


class Proved(Protocol[C]):
    """An invariant by cells, and what follows from it. All of it may raise GaveUp."""

    system: CounterSystem

    def objection(self, item: Claimed) -> str:
        """Why ``item`` does not follow; an empty text if it does."""

    def cells(self) -> Sequence[C]:
        """Where the invariant allows anything at all."""

    def at(self, cell: C) -> steps.Place:
        """The place that the cell is a part of."""

    def told(self, cell: C) -> list[str]:
        """What tells the cell from all others."""

    def occupied(self, cell: C) -> list[int]:
        """The local states that members may be in."""

    def apart(self, cell: C) -> list[tuple[list[int], list[int]]]:
        """The local states that no two members are in together."""

    def zero(self, cell: C) -> list[linear.Form]:
        """Forms that are 0."""

    def least(self, cell: C) -> list[linear.Form]:
        """Forms that are not negative."""

    def end(self, cell: C, step: steps.Step) -> list[str]:
        """What ``told`` says of the cell after ``step``; nothing if it can not be taken."""


class OfCounts:
    """The linear invariant, as a certificate says it."""

    def __init__(self, proof: Proof) -> None:
        self.system = proof.counting
        self.objection = proof.objection
        self.cells = proof.cells
        self.occupied = proof.occupied
        self.least = proof.invariant.least
        self._invariant = proof.invariant

    def at(self, cell: Cell) -> steps.Place:
        """The place that the cell is a part of."""
        return cell[0]

    def told(self, cell: Cell) -> list[str]:
        """The values of the place, and what tells its cells apart."""
        return [*map(show, cell[0]), *map(str, cell[1])]

    def apart(self, _: Cell) -> list[tuple[list[int], list[int]]]:
        """The linear invariant says nothing of two members."""
        return []

    def zero(self, cell: Cell) -> list[linear.Form]:
        """The equalities."""
        return self._invariant.hulls[cell].equalities()

    def end(self, cell: Cell, step: steps.Step) -> list[str]:
        """The cell after ``step``. Raises GaveUp."""
        end = self._invariant.target(cell, self._invariant.at(cell), step)
        return [] if end is None else self.told(end)


class OfPairs:
    """What pairs of members say, with tallies and lower bounds, as a certificate says it."""

    def __init__(self, proof: ByPairs) -> None:
        self.system = proof.counting
        self.objection = proof.objection
        self._pairs = proof.pairs
        self._ledger = Ledger(proof.counting, proof.pairs.tallies)

    def cells(self) -> list[steps.Place]:
        """The places that the set of pairs has."""
        return list(self._pairs.at)

    def at(self, cell: steps.Place) -> steps.Place:
        """The place itself."""
        return cell

    def told(self, cell: steps.Place) -> list[str]:
        """The values of the place."""
        return [*map(show, cell)]

    def occupied(self, cell: steps.Place) -> list[int]:
        """The local states that the set has at a place."""
        return sorted(self._pairs.at[cell])

    def apart(self, cell: steps.Place) -> list[tuple[list[int], list[int]]]:
        """The pairs that are not in the set, said of all states at once that are in the same."""
        alike: dict[int, list[int]] = {}
        for state, others in sorted(self._pairs.at[cell].items()):
            alike.setdefault(others, []).append(state)
        kinds = [*alike.items()]
        return [
            (states, theirs)
            for number, (others, states) in enumerate(kinds)
            for _, theirs in kinds[number:]
            if not others >> theirs[0] & 1
        ]

    def zero(self, cell: steps.Place) -> list[linear.Form]:
        """By how much each tally of a growing integer is more than that."""
        return [
            linear.plus(form, {tally.column: -1})
            for tally, form in zip(self._pairs.tallies, self._forms(cell), strict=True)
            if tally.column is not None
        ]

    def least(self, cell: steps.Place) -> list[linear.Form]:
        """By how much each tally that is above 0 is more than 1; two may be the same there."""
        forms = self._forms(cell)
        some = [forms[k] for k in sorted(self._pairs.some[cell])]
        different = {frozenset(form.items()): form for form in some}
        return [linear.plus(form, {linear.CONST: -1}) for form in different.values()]

    def end(self, _: steps.Place, step: steps.Step) -> list[str]:
        """The place after ``step``, unless the set has none there."""
        return self.told(step.place) if step.place in self._pairs.at else []

    def _forms(self, cell: steps.Place) -> list[linear.Form]:
        return self._ledger.forms(cell, mask_of(self._pairs.at[cell]))


def certificate(
    proof: Proved[C],
    properties: Sequence[Claimed],
    systems: Callable[[int], System],
    clock: Clock,
) -> tuple[Certificate, dict[str, str]]:
    """The certificate for those of ``properties`` that ``proof`` proves.

    What is not in it is told by name, with the reason. What is reachable with few devices is for
    the caller to fill in. Raises GaveUp.
    """
    families = [systems(n) for n in READ_AT]
    cells = proof.cells()
    numbers = {cell: number for number, cell in enumerate(cells)}
    outgoing = {cell: [*proof.system.steps(proof.at(cell), proof.occupied(cell))] for cell in cells}
    left: dict[str, str] = {}
    proved: list[Property] = []
    family = proof.system.family
    column = _Columns(proof.system)
    for item in properties:
        clock.check()
        why = proof.objection(item)
        if why:
            left[item.name] = why
            continue
        digest = digest_of_claim(item.ground(s) for s in families)
        cases = [
            (numbers[cell], [column.form(fact) for fact in facts])
            for cell, facts in _broken(proof, item, outgoing)
        ]
        proved.append(Property(item.name, item.kind.name.lower(), digest, cases))
    taken = [
        column.step(numbers[cell], step, proof.end(cell, step))
        for cell, every in outgoing.items()
        for step in every
    ]
    made = Certificate(
        VERSION,
        family.name,
        digest_of_design(families),
        [variable.name for variable in family.shared],
        [counted.variable.name for counted in family.counted],
        [variable.name.split(".")[1] for variable in family.stands[0]],
        # After the steps: whatever they lead to has its number by now.
        [[show(value) for value in state] for state in proof.system.locals],
        [
            Place(
                proof.told(cell),
                proof.occupied(cell),
                proof.apart(cell),
                [column.form(form) for form in proof.zero(cell)],
                [column.form(form) for form in proof.least(cell)],
            )
            for cell in cells
        ],
        taken,
        proved,
        Searched(0, 0, ""),
    )
    return made, left


def _broken(
    proof: Proved[C], item: Claimed, outgoing: Mapping[C, Sequence[steps.Step]]
) -> Iterator[tuple[C, Sequence[linear.Form]]]:
    """Each case in which ``item`` would be broken; a deadlock follows from the steps."""
    system = proof.system
    if item.kind is Kind.INVARIANT:
        for condition in system.family.conditions(item.ground):
            for cell in outgoing:
                every = system.broken(condition, proof.at(cell), proof.occupied(cell))
                yield from ((cell, facts) for _, facts in every)
    elif item.kind is Kind.TYPES:
        for cell, taken in outgoing.items():
            for step in taken:
                yield from ((cell, (*step.facts, *more)) for _, more in system.leaving(step))


class _Columns:
    """The columns of a counter system as certificates name them."""

    def __init__(self, system: CounterSystem) -> None:
        self._grown = [counted.variable.name for counted in system.family.counted]

    def form(self, form: linear.Form) -> Form:
        """A form as certificates have it. All of its coefficients are whole numbers."""
        return [(self._name(column), int(number)) for column, number in sorted(form.items())]

    def step(self, start: int, step: steps.Step, end: list[str]) -> Step:
        """A step from the place of number ``start``."""
        return Step(
            step.rule.name,
            start,
            list(step.named),
            [self.form(fact) for fact in step.facts],
            end,
            list(step.after),
            sorted(step.moves.items()),
            [(self._name(c), self.form(form)) for c, form in sorted(step.counted.items())],
        )

    def _name(self, column: int) -> str:
        if column == linear.CONST:
            return CONSTANT
        return self._grown[column - linear.COUNTED] if column >= linear.COUNTED else f"c{column}"
