"""What steps do to tallies: whether each is still what it says, and whether it may be 0."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from model.proof.bounds import Sum, added, bits, summed
from model.proof.counting import CounterSystem
from model.proof.linear import CONST, COUNTED, Form, constant, plus
from model.proof.steps import Effect, Place, Step
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
        self._asked: dict[Effect, list[tuple[Form, Sum | None]]] = {}
        # A number for each way in which members go from where to where, and by that what it does to
        # each tally, with how many weights there were that are made to fit.
        self._numbers: dict[tuple[object, ...], int] = {}
        self._shifts: dict[Effect, int] = {}
        self._of_members: dict[int, tuple[int, list[Sum]]] = {}

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

    def asked(self, effect: Effect, place: Place, states: int) -> tuple[Sum, ...]:
        """What ``effect`` asks for beside those whom it names, as ``plain`` says it."""
        if effect not in self._asked:
            grows = [any(column >= COUNTED for column in form) for form in effect.asked]
            pairs = zip(effect.asked, grows, strict=True)
            self._asked[effect] = [(form, None if g else summed(form)) for form, g in pairs]
        sums = (
            self._told(form, place, states) if fixed is None else fixed
            for form, fixed in self._asked[effect]
        )
        return tuple([item for item in sums if item is not None])

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
        effect = step.effect
        relevant = rest | effect.who
        for k in self._of_column.values():
            self._settle(step, k, place, states, rest & effect.moving)
        changes = [*self._by_members(effect)]
        wrong: list[tuple[Tally, Sum]] = []
        for k in self._of_column.values():
            by = changes[k] = self._change(step, k, place)
            total, terms = self._off(step, k, place, states, by)
            terms = tuple((n, mask & relevant) for n, mask in terms if mask & relevant)
            if total or terms:
                tally = self.tallies[k]
                wrong.append((tally, (total - 1, terms)))
                wrong.append((tally, (-total - 1, tuple((-n, mask) for n, mask in terms))))
        # Who moves nobody does the same beside whomever.
        self._changes[step] = _Changes(changes, wrong, rest if effect.moves or wrong else -1)
        return changes, wrong

    def _settle(self, step: Step, k: int, place: Place, states: int, moving: int) -> None:
        """Give what has no weight yet one that fits. Raises Untold."""
        tally = self.tallies[k]
        for old in bits(moving):
            tally.weights.setdefault(step.moves[old], tally.weights[old])
        unknown = [n for n in step.after if n not in tally.weights]
        if not unknown and step.place in tally.at:
            return
        total, terms = self._off(step, k, place, states, self._change(step, k, place))
        fixed = int(total + sum(n for n, mask in terms for one in step.named if mask >> one & 1))
        if not unknown:
            tally.at[step.place] = -fixed
        elif len(unknown) == 1 and step.place in tally.at:
            tally.weights[unknown[0]] = -fixed
        else:
            raise Untold(tally, step)

    def _change(self, step: Step, k: int, place: Place) -> Sum:
        """What ``step`` does to a tally; what has no weight yet has none here."""
        tally = self.tallies[k]
        total, terms = self._by_members(step.effect)[k]
        return total + (tally.of_place(step.place) or 0) - (tally.of_place(place) or 0), terms

    def _by_members(self, effect: Effect) -> list[Sum]:
        """What ``effect`` does to each tally through the members."""
        number = self._shifts.get(effect)
        if number is None:
            number = self._numbers.setdefault(effect.shifts, len(self._numbers))
            self._shifts[effect] = number
        many = sum(len(self.tallies[k].weights) for k in self._of_column.values())
        known = self._of_members.get(number)
        if known is None or known[0] != many:
            by = [self._moved(effect, tally) for tally in self.tallies]
            known = self._of_members[number] = many, by
        return known[1]

    def _moved(self, effect: Effect, tally: Tally) -> Sum:
        def weight(number: int) -> int:
            return tally.weight(number, self._counting) or 0

        terms: dict[int, int] = {}
        known = total = 0
        for old, new in effect.moves.items():
            if tally.weight(new, self._counting) is not None:
                known |= 1 << old
                by = weight(new) - weight(old)
                if by:
                    terms[by] = terms.get(by, 0) | 1 << old
        for old, new in zip(effect.named, effect.after, strict=True):
            # Moved as the others are, as far as that is known, and from there to where it is.
            total += weight(new) - weight(effect.moves[old] if known >> old & 1 else old)
        return total, tuple(terms.items())

    def _off(self, step: Step, k: int, place: Place, states: int, by: Sum) -> Sum:
        """By how much the weights after ``step`` are more than the growing integer is."""
        column = self.tallies[k].column
        if column is None or column not in step.counted:
            return by
        growth = constant(plus(step.counted[column], {column: 1}, -1))
        if growth is not None:
            return by[0] - int(growth), by[1]
        new = self._told(plus({}, step.counted[column], -1), place, states)
        if new is None:
            raise Untold(self.tallies[k], step)
        return added(added(self.sums(place, states)[k], by), new)

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
