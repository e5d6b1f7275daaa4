"""Numbers that can be told from counts: growing integers, and of how many members something holds.

A tally is a weight for each member, by its local state, and one for the place, added up. That a
growing integer is one is guessed from small systems; whether every step keeps it so is for
the proof to find out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from model.lang import Expr
from model.proof.counting import CounterSystem
from model.proof.family import Family
from model.proof.linear import CONST, COUNTED, Form, plus, worth
from model.proof.quantified import HowMany, Some
from model.proof.steps import Place


@dataclass(eq=False)
class Tally:
    """The weights of the members and that of the place, added up.

    ``column`` is that of the growing integer that this is; there is none for the number of members
    of which ``template`` holds. Weights are missing where none is known.
    """

    column: int | None
    weights: dict[int, int] = field(default_factory=dict)
    at: dict[Place, int] = field(default_factory=dict)
    template: Expr[bool] | None = None

    def weight(self, number: int, counting: CounterSystem) -> int | None:
        """The weight of the local state ``number``."""
        if self.template is not None and number not in self.weights:
            self.weights[number] = int(counting.states.holds(self.template, number) or 0)
        return self.weights.get(number)

    def of_place(self, place: Place) -> int | None:
        """The weight of a place."""
        return self.at.get(place) if self.template is None else 0


def grown(counting: CounterSystem, seeds: Iterable[tuple[Place, Form]]) -> list[Tally]:
    """A tally for each growing integer for which some weights explain all of ``seeds``."""
    known = list(seeds)
    found = (_learnt(counting, column, known) for column in counting.grown.values())
    return [tally for tally in found if tally is not None]


def asked(family: Family, items: Iterable[Expr[bool]]) -> Iterator[Tally]:
    """A tally for each different thing that ``items`` ask whether some member has it."""
    seen = set()
    own = set(family.stands[-1])
    for item in items:
        for node in item.walk():
            if isinstance(node, Some | HowMany) and str(node.template) not in seen:
                seen.add(str(node.template))
                read = set(node.template.variables())
                if read <= own:
                    yield Tally(None, template=node.template)


def _learnt(
    counting: CounterSystem, column: int, seeds: Iterable[tuple[Place, Form]]
) -> Tally | None:
    places: dict[Place, int] = {}
    equations = _Equations()
    base, *ones = counting.starts()
    for one in ones:
        equations.add({n: number for n, number in one.items() if 0 <= n < COUNTED})
    left: list[Form] = []
    met: set[int] = set()
    for place, vector in [*((place, base) for place in counting.places()), *seeds]:
        form = {n: number for n, number in vector.items() if 0 <= n < COUNTED}
        form[places.setdefault(place, COUNTED + len(places))] = 1
        form[CONST] = -vector.get(column, 0)
        # First one for each weight: most of the others say nothing new.
        if form.keys() <= met:
            left.append(form)
        elif not equations.add(form):
            return None
        met |= form.keys()
    solution = equations.solution()
    while wrong := [form for form in left if worth(form, solution)]:
        if not all(map(equations.add, wrong)):
            return None
        solution = equations.solution()
    if any(number != int(number) for number in solution.values()):
        return None
    weights = {n: int(number) for n, number in solution.items() if 0 <= n < COUNTED}
    return Tally(column, weights, {place: int(solution[n]) for place, n in places.items()})


class _Equations:
    """Linear equations, solved as they come."""

    def __init__(self) -> None:
        self._solved: dict[int, Form] = {}

    def add(self, form: Form) -> bool:
        """Whether ``form`` may be 0 beside those that were added before."""
        left: Form = {}
        for column, number in form.items():
            left = plus(left, self._solved.get(column, {column: 1}), number)
        unknown = [column for column in left if column != CONST]
        if not unknown:
            return not left
        chosen = next((c for c in unknown if abs(left[c]) == 1), unknown[0])
        number = left.pop(chosen)
        # In whole numbers as long as they do: they are quicker.
        new = plus({}, left, -number if abs(number) == 1 else Fraction(-1) / number)
        for column, row in self._solved.items():
            if chosen in row:
                factor = row[chosen]
                self._solved[column] = plus(plus(row, {chosen: -factor}), new, factor)
        self._solved[chosen] = new
        return True

    def solution(self) -> dict[int, Fraction | int]:
        """A solution, with 1 at CONST: what the equations leave open is 0."""
        found: dict[int, Fraction | int] = {
            column: 0 for row in self._solved.values() for column in row if column != CONST
        }
        return {CONST: 1, **found, **{c: row.get(CONST, 0) for c, row in self._solved.items()}}
