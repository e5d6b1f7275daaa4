"""Fair runs of real states, found from what is known of the states that stand for them."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from model.engines.explorer import Run
from model.engines.fairness import Edge, Lasso, StateGraph, shortest_lasso
from model.engines.kernel.store import Store
from model.engines.symmetry import Asked, Symmetry
from model.lang import Claim, Expr
from model.lang.reference import evaluate


class Known(NamedTuple):
    """What is known of a LEADS_TO claim: ``bits`` of what was asked are its own.

    For stored states, ``stays`` has a bit where some fair run avoids the case's goal, and
    ``starts`` where that breaks it.
    """

    claim: Claim
    asked: Sequence[Asked]
    bits: Sequence[int]
    stays: array[int]
    starts: array[int]


def lasso_from(store: Store, symmetry: Symmetry, known: Known, run: Run) -> tuple[Lasso, list[int]]:
    """A fair run from the end of ``run`` that breaks the claim, and the states it numbers."""
    bits_of = _reader(store, symmetry, known.asked)
    packed, depth = store.layout.pack(run.states[-1]), len(run.actions)
    broken = bits_of(packed, known.starts)
    bit = next(k for k in known.bits if broken >> k & 1)
    asked = known.asked[bit].case
    region = _Region(store, packed, lambda raw: bool(bits_of(raw, known.stays) >> bit & 1))
    outside = len(region.states)

    def holds(condition: Expr[bool]) -> Callable[[int], object]:
        if condition is asked.when:
            return lambda j: j == 0
        if condition is asked.that:
            return lambda j: j == outside
        unpack, states = store.layout.unpack, region.states
        return lambda j: j != outside and evaluate(condition, store.system, unpack(states[j]))

    graph = StateGraph(outside + 1, lambda j: depth + region.depth[j], region.edges, holds)
    lasso = shortest_lasso(replace(known.claim, cases=(asked,)), store.system.actions, graph)
    if lasso is None:
        raise AssertionError(f"{known.claim.name}: the fixpoint has a fair run that is not there")
    return lasso, region.states


def _reader(
    store: Store, symmetry: Symmetry, asked: Sequence[Asked]
) -> Callable[[int, Sequence[int]], int]:
    """Reads, for a real state, the bits of what is asked off a list about stored states."""
    images: dict[tuple[int, ...], list[int]] = {}

    def read(packed: int, bits: Sequence[int]) -> int:
        standing, to = store.sorted(packed)
        key = tuple(to)
        if key not in images:
            images[key] = symmetry.images(asked, to)
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
