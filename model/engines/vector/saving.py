"""A search with NumPy as columns that only grow, and the memory that they may come to take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from model.engines.vector.graph import AT_ONCE, Graph
from model.engines.vector.growing import Growing

Columns: TypeAlias = Mapping[str, Growing]

STEPS = ("targets", "actions", "ranks")
"""Columns that have something for each step; see ``Edges.columns``."""

_WORD = 8
_STEP = 10 * _WORD  # bytes for a step while it is looked at, besides its state's words and parts
_WORDS = 5  # of a state after a step: so often there at the same time
_STATE = 12 * _WORD  # bytes for a state while its steps are taken
_TRACES = 3 * _WORD  # bytes for each state, besides those for each actor
_ACTOR = 4
QUESTIONS = 12 * _WORD
"""Bytes for each state, for answers to questions about runs."""
_ASIDE = 32 * 2**20  # for what NumPy keeps for itself


def saved(columns: Columns, since: Mapping[str, int]) -> dict[str, memoryview]:
    """Of each column what is behind its first ``since`` bytes."""
    return {
        name: column.all.view("B").data[since.get(name, 0) :] for name, column in columns.items()
    }


def reserve(columns: Columns, lengths: Mapping[str, int]) -> dict[str, memoryview]:
    """Columns of those ``lengths``, to be filled in."""
    for name, column in columns.items():
        column.make(lengths[name])
    return {name: column.all.view("B").data for name, column in columns.items()}


def lengths(columns: Columns) -> dict[str, Any]:
    """How long each column is."""
    return {name: column.count for name, column in columns.items()}


def allocated(graph: Graph, columns: Columns) -> int:
    """The bytes of the table and of the columns."""
    return graph.states.table_bytes + sum(column.allocated for column in columns.values())


def taking(graph: Graph, states: int, steps: int) -> int:
    """The most bytes that it takes to look at so many ``steps`` from so many ``states`` at once."""
    words = _WORD * graph.layout.words
    step = _STEP + _WORDS * words + _WORD * graph.standing.most
    return states * (_STATE + words) + steps * step


def growth(graph: Graph, columns: Columns, states: int, actors: int) -> int:
    """The most bytes that it may take to expand so many further ``states``, and then for traces.

    All of their steps may lead to new states. Traces tell so many ``actors``.
    """
    most = graph.steps.most
    fresh = graph.states.room_for(states * most)
    added = moved = 0
    for name, column in columns.items():
        more = {"offsets": states}.get(name, states * most if name in STEPS else fresh)
        added += column.all.itemsize * more
        moved += column.growth(more)
    expanding = taking(graph, states, states * most) + moved + graph.states.table_growth(fresh)
    stored = graph.states.count + fresh
    again = min(stored, AT_ONCE)
    traces = stored * (_TRACES + _ACTOR * actors) + taking(graph, again, again * most) + added
    return max(expanding, traces) + _ASIDE
