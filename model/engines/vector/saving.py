"""A search with NumPy as columns that only grow, and the memory that they may come to take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model.engines.vector.edges import Edges
from model.engines.vector.growing import Growing
from model.engines.vector.states import States

_WORD = 8
_STEP = 16 * _WORD  # bytes for a step while it is looked at, besides the words of its state
_TRACES = 4 * _WORD  # bytes for each state
QUESTIONS = 12 * _WORD
"""Bytes for each state, for answers to questions about runs."""
_ASIDE = 32 * 2**20  # for what NumPy keeps for itself


def columns_of(states: States, edges: Edges | None) -> dict[str, Growing]:
    """What is saved of a search, by name."""
    columns = {f"word{k}": word for k, word in enumerate(states.columns)}
    return columns | (edges.columns if edges is not None else {})


def saved(states: States, edges: Edges | None, since: Mapping[str, int]) -> dict[str, memoryview]:
    """Of each column what is behind its first ``since`` bytes."""
    return {
        name: column.all.view("B").data[since.get(name, 0) :]
        for name, column in columns_of(states, edges).items()
    }


def reserve(
    states: States, edges: Edges | None, lengths: Mapping[str, int]
) -> dict[str, memoryview]:
    """Columns of those ``lengths``, to be filled in."""
    columns = columns_of(states, edges)
    for name, column in columns.items():
        column.make(lengths[name])
    return {name: column.all.view("B").data for name, column in columns.items()}


def lengths(states: States, edges: Edges | None) -> dict[str, Any]:
    """How long each column is."""
    return {name: column.count for name, column in columns_of(states, edges).items()}


def allocated(states: States, edges: Edges | None) -> int:
    """The bytes of the table and of the columns."""
    columns = columns_of(states, edges).values()
    return states.table_bytes + sum(column.allocated for column in columns)


def growth(states: States, edges: Edges | None, steps: int, at_once: int) -> int:
    """The bytes that may be needed beyond what is held for so many ``steps``.

    All of them may lead to new states. So many are looked ``at_once``.
    """
    width = _WORD * len(states.columns)
    fresh = states.room_for(steps)
    needed = (_STEP + 3 * width) * min(steps, at_once) + width * fresh + _ASIDE
    for name, column in columns_of(states, edges).items():
        more = fresh if name.startswith("word") else steps
        needed += column.growth(more)
    return needed + states.table_growth(fresh) + _TRACES * (states.count + fresh)
