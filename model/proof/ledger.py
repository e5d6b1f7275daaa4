"""What steps do to tallies: whether each is still what it says, and whether it may be 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from model.proof.bounds import Sum, bits, mask_of, summed
from model.proof.counting import CounterSystem, Place, Step
from model.proof.linear import CONST, COUNTED, Form, plus
from model.proof.tallies import Tally


class Untold(Exception):
    """After some step a growing integer is no longer what its tally says."""

    def __init__(self, tally: Tally, step: Step) -> None:
        super().__init__(f"after {step.rule.title}")
        self.tally = tally


class Ledger:
    """The tallies of a counter system, as sums over counts."""

    def __init__(self, counting: CounterSystem, tallies: Sequence[Tally]) -> None:
        self.tallies = tallies
        self._counting = counting
        self._known: dict[Place, tuple[int, list[Form], list[Sum]]] = {}
        self._shifts: dict[Step, list[int | None]] = {}
        # Of steps that change counts in another way: beside which others, and what ``after`` says.
        self._counted: dict[Step, tuple[int, list[Sum], list[tuple[Tally, Sum]]]] = {}

    def forms(self, place: Place, states: int) -> list[Form]:
        """Each tally at ``place`` as a form over the counts of the local states ``states``."""
        return self._at(place, states)[1]

    def sums(self, place: Place, states: int) -> list[Sum]:
        """The same, as sums."""
        return self._at(place, states)[2]

    def plain(self, facts: Iterable[Form], place: Place, states: int) -> list[Sum]:
        """Facts as sums over counts; one about an integer that no tally tells of is left out."""
        told = self._told(place, states)
        found = []
        for fact in facts:
            columns = [c for c in fact if c >= COUNTED]
            if told.keys() >= set(columns):
                form: Form = {c: n for c, n in fact.items() if c < COUNTED}
                for column in columns:
                    form = plus(form, told[column], fact[column])
                found.append(summed(form))
        return found

    def value(self, tally: Tally, vector: Form) -> int:
        """What ``tally`` is in a state."""
        if tally.column is not None:
            return int(vector.get(tally.column, 0))
        counts = {n: number for n, number in vector.items() if 0 <= n < COUNTED}
        return sum(int(m) * (tally.weight(n, self._counting) or 0) for n, m in counts.items())

    def after(
        self, step: Step, place: Place, states: int, rest: int
    ) -> tuple[list[Sum], list[tuple[Tally, Sum]]]:
        """Each tally after ``step`` from ``place``, as a sum over the counts before it.

        With them come sums of which one is not negative if a tally is wrong. Other members are in
        ``rest``. Weights that are met for the first time are made to fit; raises Untold where
        they cannot.
        """
        shifts = self._shifts.get(step) or [self._shift(step, place, t) for t in self.tallies]
        self._shifts[step] = shifts
        found: list[Sum] = []
        if None not in shifts:
            for shift, (total, terms) in zip(shifts, self.sums(place, states), strict=True):
                found.append((total + (shift or 0), terms))
            return found, []
        known = self._counted.get(step)
        if known is None or rest & ~known[0]:
            rest |= known[0] if known else 0
            wrong: list[tuple[Tally, Sum]] = []
            for tally in self.tallies:
                if tally.column is not None:
                    off = self._settle(step, tally, self._told(place, states), rest)
                    wrong += [(tally, summed(plus({CONST: -1}, off, k))) for k in (1, -1) if off]
                found.append(summed(self._after(step, tally, rest)))
            known = self._counted[step] = rest, found, wrong
        return known[1], known[2]

    def _shift(self, step: Step, place: Place, tally: Tally) -> int | None:
        """By how much ``step`` changes ``tally``; None if that depends on counts."""
        if step.moves:
            return None
        growth = None
        if tally.column is not None:
            by = plus(self._new(step, tally.column), {tally.column: 1}, -1)
            if by.keys() - {CONST}:
                return None
            growth = int(by.get(CONST, 0))
        return self._fitted(step, place, tally, growth)

    def _fitted(self, step: Step, place: Place, tally: Tally, growth: int | None) -> int:
        """What ``step`` adds to the weights; a weight not yet known makes that ``growth``."""
        before = [tally.weight(n, self._counting) or 0 for n in step.named]
        after = [tally.weight(n, self._counting) for n in step.after]
        end = tally.of_place(step.place)
        fixed = sum(n or 0 for n in after) + (end or 0) - sum(before) - (tally.of_place(place) or 0)
        if growth is None:
            return fixed
        if [*after, end].count(None) == 1:
            if end is None:
                tally.at[step.place] = growth - fixed
            else:
                tally.weights[step.after[after.index(None)]] = growth - fixed
            return growth
        if fixed != growth or None in after or end is None:
            raise Untold(tally, step)
        return growth

    def _settle(self, step: Step, tally: Tally, told: Mapping[int, Form], rest: int) -> Form:
        """By how much the weights after ``step`` are more than the growing integer is."""
        for old in bits(rest):
            if old in step.moves:
                tally.weights.setdefault(step.moves[old], tally.weights[old])
        off = self._difference(step, tally, told, rest)
        fixed = int(off.get(CONST, 0) + sum(off.get(n, 0) for n in step.named))
        unknown = [n for n in step.after if n not in tally.weights]
        if not unknown and step.place not in tally.at:
            tally.at[step.place] = -fixed
        elif len(unknown) == 1 and step.place in tally.at:
            tally.weights[unknown[0]] = -fixed
        elif unknown:
            raise Untold(tally, step)
        return self._difference(step, tally, told, rest)

    def _difference(self, step: Step, tally: Tally, told: Mapping[int, Form], rest: int) -> Form:
        form = self._after(step, tally, rest)
        new = {} if tally.column is None else self._new(step, tally.column)
        if any(column >= COUNTED and column not in told for column in new):
            raise Untold(tally, step)
        for column, number in new.items():
            form = plus(form, told[column] if column >= COUNTED else {column: 1}, -number)
        relevant = rest | mask_of(step.named)
        return {c: n for c, n in form.items() if c == CONST or relevant >> c & 1}

    @staticmethod
    def _new(step: Step, column: int) -> Form:
        """The growing integer in ``column`` after ``step``."""
        return step.counted.get(column, {column: 1})

    def _after(self, step: Step, tally: Tally, rest: int) -> Form:
        reached = {step.moves.get(n, n) for n in (*bits(rest), *step.named)} | set(step.after)
        return step.before(self._form(tally, step.place, reached))

    # -- what is known ---------------------------------------------------------------------------

    def _told(self, place: Place, states: int) -> dict[int, Form]:
        """The growing integers as forms over counts."""
        forms = zip(self.tallies, self.forms(place, states), strict=True)
        return {tally.column: form for tally, form in forms if tally.column is not None}

    def _form(self, tally: Tally, place: Place, states: Iterable[int]) -> Form:
        weights = {n: tally.weight(n, self._counting) for n in states}
        form: Form = {n: weight for n, weight in weights.items() if weight}
        return plus(form, {CONST: tally.of_place(place) or 0})

    def _at(self, place: Place, states: int) -> tuple[int, list[Form], list[Sum]]:
        known = self._known.get(place)
        if known is None or known[0] != states:
            forms = [self._form(tally, place, bits(states)) for tally in self.tallies]
            known = states, forms, [summed(form) for form in forms]
            self._known[place] = known
        return known
