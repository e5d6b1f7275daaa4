"""What steps do to tallies: whether each is still what it says, and whether it may be 0."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from model.proof.bounds import Sum, added, bits, mask_of, summed
from model.proof.counting import CounterSystem, Place, Step
from model.proof.linear import CONST, COUNTED, Form, constant, plus
from model.proof.tallies import Tally


class Untold(Exception):
    """After some step a growing integer is no longer what its tally says."""

    def __init__(self, tally: Tally, step: Step) -> None:
        super().__init__(f"after {step.rule.title}")
        self.tally = tally


class _Changes(NamedTuple):
    """What ``Ledger.changes`` says of a step, beside others in these local states."""

    by: list[Sum]
    wrong: list[tuple[Tally, Sum]]
    beside: int


class Ledger:
    """The tallies of a counter system, as sums over counts."""

    def __init__(self, counting: CounterSystem, tallies: Sequence[Tally]) -> None:
        self.tallies = tallies
        self._counting = counting
        self._of_column = {t.column: k for k, t in enumerate(tallies) if t.column is not None}
        # By tally: how many weights there were, and the local states that have each of them.
        self._weighed: list[tuple[int, dict[int, int]]] = [(-1, {}) for _ in tallies]
        self._sums: dict[Place, tuple[int, list[Sum]]] = {}
        self._changes: dict[Step, _Changes] = {}
        # Of tallies that are no growing integers, by who moves from where to where.
        self._of_moves: dict[tuple[object, ...], list[Sum | None]] = {}

    def forms(self, place: Place, states: int) -> list[Form]:
        """Each tally at ``place`` as a form over the counts of the local states ``states``."""
        found = []
        for total, terms in self.sums(place, states):
            form: Form = {state: int(n) for n, mask in terms for state in bits(mask)}
            found.append(plus(form, {CONST: int(total)}))
        return found

    def sums(self, place: Place, states: int) -> list[Sum]:
        """Each tally at ``place`` as a sum over the counts of the local states ``states``."""
        known = self._sums.get(place)
        if known is None or known[0] != states:
            found: list[Sum] = []
            for k, tally in enumerate(self.tallies):
                terms = [(n, mask & states) for n, mask in self._weights(k).items()]
                found.append((tally.of_place(place) or 0, tuple(t for t in terms if t[1])))
            known = self._sums[place] = states, found
        return known[1]

    def plain(self, facts: Iterable[Form], place: Place, states: int) -> list[Sum]:
        """Facts as sums over counts; one about an integer that no tally tells of is left out."""
        sums = (self._told(fact, place, states) for fact in facts)
        return [item for item in sums if item is not None]

    def value(self, tally: Tally, vector: Form) -> int:
        """What ``tally`` is in a state."""
        if tally.column is not None:
            return int(vector.get(tally.column, 0))
        counts = {n: number for n, number in vector.items() if 0 <= n < COUNTED}
        return sum(int(m) * (tally.weight(n, self._counting) or 0) for n, m in counts.items())

    def changes(
        self, step: Step, place: Place, states: int, rest: int
    ) -> tuple[list[Sum], list[tuple[Tally, Sum]]]:
        """By how much ``step`` from ``place`` changes each tally, in the counts before it.

        With them come sums of which one is not negative if a tally is wrong. Other members are in
        ``rest``. Weights that are met for the first time are made to fit; raises Untold where
        they cannot.
        """
        known = self._changes.get(step)
        if known is not None and not rest & ~known.beside:
            return known.by, known.wrong
        moving = rest & mask_of(step.moves)
        relevant = rest | mask_of(step.named)
        changes: list[Sum] = []
        wrong: list[tuple[Tally, Sum]] = []
        counted = self._by_moves(step, place)
        for tally, known_by in zip(self.tallies, counted, strict=True):
            if tally.column is not None:
                self._settle(step, tally, place, states, moving)
            by = self._change(step, tally, place) if known_by is None else known_by
            changes.append(by)
            if tally.column is not None:
                total, terms = self._off(step, tally, place, states, by)
                terms = tuple((n, mask & relevant) for n, mask in terms if mask & relevant)
                if total or terms:
                    wrong.append((tally, (total - 1, terms)))
                    wrong.append((tally, (-total - 1, tuple((-n, mask) for n, mask in terms))))
        # Who moves nobody does the same beside whomever.
        self._changes[step] = _Changes(changes, wrong, rest if step.moves or wrong else -1)
        return changes, wrong

    def _by_moves(self, step: Step, place: Place) -> list[Sum | None]:
        """What ``step`` does to each tally that counts members; None for all others."""
        key = step.named, step.after, *step.moves.items()
        if key not in self._of_moves:
            self._of_moves[key] = [
                None if tally.column is not None else self._change(step, tally, place)
                for tally in self.tallies
            ]
        return self._of_moves[key]

    def _settle(self, step: Step, tally: Tally, place: Place, states: int, moving: int) -> None:
        """Give what has no weight yet one that fits. Raises Untold."""
        for old in bits(moving):
            tally.weights.setdefault(step.moves[old], tally.weights[old])
        unknown = [n for n in step.after if n not in tally.weights]
        if not unknown and step.place in tally.at:
            return
        total, terms = self._off(step, tally, place, states, self._change(step, tally, place))
        fixed = int(total + sum(n for n, mask in terms for one in step.named if mask >> one & 1))
        if not unknown:
            tally.at[step.place] = -fixed
        elif len(unknown) == 1 and step.place in tally.at:
            tally.weights[unknown[0]] = -fixed
        else:
            raise Untold(tally, step)

    def _change(self, step: Step, tally: Tally, place: Place) -> Sum:
        """What ``step`` does to ``tally``; what has no weight yet has none here."""

        def weight(number: int) -> int:
            return tally.weight(number, self._counting) or 0

        terms: dict[int, int] = {}
        known = 0
        for old, new in step.moves.items():
            if tally.weight(new, self._counting) is not None:
                known |= 1 << old
                by = weight(new) - weight(old)
                if by:
                    terms[by] = terms.get(by, 0) | 1 << old
        total = (tally.of_place(step.place) or 0) - (tally.of_place(place) or 0)
        for old, new in zip(step.named, step.after, strict=True):
            # Moved as the others are, as far as that is known, and from there to where it is.
            total += weight(new) - weight(step.moves[old] if known >> old & 1 else old)
        return total, tuple(terms.items())

    def _off(self, step: Step, tally: Tally, place: Place, states: int, by: Sum) -> Sum:
        """By how much the weights after ``step`` are more than the growing integer is."""
        column = tally.column
        if column is None or column not in step.counted:
            return by
        growth = constant(plus(step.counted[column], {column: 1}, -1))
        if growth is not None:
            return by[0] - int(growth), by[1]
        new = self._told(plus({}, step.counted[column], -1), place, states)
        if new is None:
            raise Untold(tally, step)
        return added(added(self.sums(place, states)[self._of_column[column]], by), new)

    # -- what is known ---------------------------------------------------------------------------

    def _told(self, form: Form, place: Place, states: int) -> Sum | None:
        """``form`` as a sum over counts; None if no tally tells of an integer in it."""
        columns = [column for column in form if column >= COUNTED]
        if not columns:
            return summed(form)
        if not self._of_column.keys() >= set(columns):
            return None
        total = summed({column: n for column, n in form.items() if column < COUNTED})
        for column in columns:
            factor = int(form[column])
            fixed, terms = self.sums(place, states)[self._of_column[column]]
            scaled = tuple((factor * n, mask) for n, mask in terms)
            total = added(total, (factor * fixed, scaled))
        return total

    def _weights(self, k: int) -> dict[int, int]:
        """The local states that have each weight but 0 in a tally."""
        tally = self.tallies[k]
        if tally.template is not None:
            for number in range(len(tally.weights), len(self._counting.locals)):
                tally.weight(number, self._counting)
        if self._weighed[k][0] != len(tally.weights):
            masks: dict[int, int] = {}
            for number, weight in tally.weights.items():
                if weight:
                    masks[weight] = masks.get(weight, 0) | 1 << number
            self._weighed[k] = len(tally.weights), masks
        return self._weighed[k][1]
