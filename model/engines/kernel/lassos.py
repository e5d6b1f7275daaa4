"""Fair runs of real states, found from what is known of the states that stand for them."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from model.engines.fairness import Edge, Lasso, StateGraph, shortest_lasso
from model.engines.kernel.store import Store
from model.engines.symmetry import Symmetry
from model.lang import Claim, Expr, State
from model.lang.reference import evaluate


def lasso_from(  # everything that is known of the claim
    store: Store,
    symmetry: Symmetry,
    claim: Claim,
    stays: array[int],
    starts: array[int],
    state: State,
    depth: int,
) -> tuple[Lasso, list[int]]:
    """A fair run from ``state`` that breaks ``claim``, and the packed states it numbers.

    ``stays`` and ``starts`` tell, of stored states, from where a fair run avoids a case's goal,
    and where that breaks the case; ``depth`` is the way to ``state``.
    """
    bits_of = _reader(store, symmetry, claim)
    packed = store.layout.pack(state)
    broken = bits_of(packed, starts)
    case = next(k for k in range(len(claim.cases)) if broken >> k & 1)
    region = _Region(store, packed, lambda raw: bool(bits_of(raw, stays) >> case & 1))
    outside = len(region.states)
    asked = claim.cases[case]

    def answers(condition: Expr[bool]) -> list[bool]:
        if condition is asked.when:
            return [j == 0 for j in range(outside + 1)]
        if condition is asked.that:
            return [j == outside for j in range(outside + 1)]
        states = map(store.layout.unpack, region.states)
        return [*(bool(evaluate(condition, store.system, s)) for s in states), False]

    graph = StateGraph(outside + 1, lambda j: depth + region.depth[j], region.edges, answers)
    lasso = shortest_lasso(replace(claim, cases=(asked,)), store.system.actions, graph)
    if lasso is None:
        raise AssertionError(f"{claim.name}: the fixpoint has a fair run that is not there")
    return lasso, region.states


def _reader(store: Store, symmetry: Symmetry, claim: Claim) -> Callable[[int, Sequence[int]], int]:
    """Reads, for a real state, the cases' bits off a list that is about stored states."""
    images: dict[tuple[int, ...], list[int]] = {}

    def read(packed: int, bits: Sequence[int]) -> int:
        standing, to = store.sorted(packed)
        key = tuple(to)
        if key not in images:
            images[key] = symmetry.images(claim.cases, to)
        row = bits[store.find(standing)]
        return sum((row >> there & 1) << k for k, there in enumerate(images[key]))

    return read


class _Region:
    """The real states that a run from ``start`` can come to within ``stays``, nearest first."""

    def __init__(self, store: Store, start: int, stays: Callable[[int], bool]) -> None:
        self.states = [start]
        self.depth = [0]
        self._rows: list[list[Edge]] = []
        index = {start: 0}
        outside: set[int] = set()
        while len(self._rows) < len(self.states):
            j = len(self._rows)
            row = []
            for step in store.steps(self.states[j]):
                after = step.after
                if after not in index and after not in outside:
                    if stays(after):
                        index[after] = len(self.states)
                        self.states.append(after)
                        self.depth.append(self.depth[j] + 1)
                    else:
                        outside.add(after)
                row.append((step.action, index.get(after, -1)))
            self._rows.append(row)

    def edges(self, j: int) -> Iterator[Edge]:
        """The steps from state ``j``; all that lead out lead to one state behind the last."""
        for action, after in self._rows[j]:
            yield action, len(self.states) if after < 0 else after
