"""What a search asks of the machine that stores states and takes steps; there are two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from model.lang import Case, Expr, State

MOST_TARGETS = 64
"""How many of the violations found at the same depth compete for the most readable trace."""


class Full(Exception):
    """There are more states than the limit allows."""


@dataclass(frozen=True)
class Watch:
    """What to look for: ``invariants`` by claim and ``goals`` in each new state.

    Behind the invariants, the next number stands for a step out of a domain and the one after
    that for a deadlock; ``domains`` and ``deadlocks`` say whether they are looked for. ``along``
    lists, by claim, what will be asked of the whole graph.
    """

    invariants: Sequence[Sequence[Expr[bool]]]
    goals: Sequence[Expr[bool]]
    domains: bool
    deadlocks: bool
    along: Sequence[Sequence[Case]] = ()


class Run(NamedTuple):
    """A run as numbers of actions between states; it may end in front of a step it cannot take."""

    states: Sequence[State]
    actions: Sequence[int]


class Explorer(Protocol):
    """Stored states, numbered in the order in which they are found, and steps between them."""

    name: str
    """Which machine this is, for the report."""
    fired: Sequence[int]
    """By action: whether it was ever taken."""

    @property
    def count(self) -> int:
        """How many states are stored."""

    @property
    def transitions(self) -> int:
        """How many steps were taken."""

    @property
    def left_domain(self) -> int | None:
        """The first action that took a variable outside its domain."""

    def add(self, state: State) -> None:
        """Store an initial state."""

    def expand(self, end: int) -> None:
        """Take every step from the states up to ``end`` that were not yet expanded. Raises Full."""

    def found(self) -> Mapping[int, Sequence[int]]:
        """By number of the claim, the violating states found since the last call."""

    def close(self, claim: int) -> None:
        """Look for no further violation of ``claim``."""

    def met(self, goal: int) -> bool:
        """Whether a state that meets the goal was found."""

    def lost(self, claim: int, levels: Sequence[int]) -> Sequence[int]:
        """The nearest states from which the ``along`` claim's goal is out of reach."""

    def runs(self, targets: Sequence[Sequence[int]], levels: Sequence[int]) -> Sequence[Run]:
        """For each list of states of one depth, a readable shortest run to one of them.

        ``levels`` holds the first state of each depth, and the number of all states at its end.
        """

    def leaving(self, state: State) -> int:
        """The first action that takes a variable outside its domain from ``state``."""
