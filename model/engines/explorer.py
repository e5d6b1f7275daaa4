"""What a search asks of the machine that stores states and takes steps; there are two of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple, Protocol

from model.lang import Case, Claim, Expr, GroundAction, State, System

MOST_TARGETS = 64
"""How many of the violations found at the same depth compete for the most readable trace."""


class Full(Exception):
    """There are more states than the limit allows."""


@dataclass(frozen=True)
class Watch:
    """What to look for: ``invariants`` by claim and ``goals`` in each new state.

    Behind the invariants, the next number stands for a step out of a domain and the one after
    that for a deadlock; ``domains`` and ``deadlocks`` say whether they are looked for. ``along``
    lists, by claim, what will be asked of the whole graph, and ``fair`` the LEADS_TO claims.
    """

    invariants: Sequence[Sequence[Expr[bool]]]
    goals: Sequence[Expr[bool]]
    domains: bool
    deadlocks: bool
    along: Sequence[Sequence[Case]] = ()
    fair: Sequence[Claim] = ()

    def asked(self) -> Iterator[Expr[bool]]:
        """The conditions that are asked of stored states when all of them are known."""
        for case in [*chain(*self.along), *chain(*(claim.cases for claim in self.fair))]:
            yield from (case.that, case.during, case.when, *(fair.where for fair in case.fair))

    def fair_actions(self) -> set[GroundAction]:
        """The actions to which a LEADS_TO claim asks runs to be fair."""
        cases = chain(*(claim.cases for claim in self.fair))
        return {action for case in cases for one in case.fair for action in one.actions}

    def conditions(self) -> Iterator[Expr[bool]]:
        """Every condition by which stored states are told apart: all but goals."""
        yield from chain(*self.invariants, self.asked())


class Run(NamedTuple):
    """A run as numbers of actions between states.

    ``loop`` is the number of the state from which it goes round for ever, as in a trace.
    """

    states: Sequence[State]
    actions: Sequence[int]
    loop: int | None = None


class Saved(NamedTuple):
    """What an explorer has found: notes that JSON can hold, and columns of bytes.

    A column only ever grows while states are expanded, so that what was saved of it stays right.
    """

    notes: Mapping[str, Any]
    columns: Mapping[str, bytes | memoryview]


def depth_of(state: int, levels: Sequence[int]) -> int:
    """The depth of the state with that number; ``levels`` as in ``Explorer.runs``."""
    return bisect_right(levels, state) - 1


class Explorer(Protocol):
    """Stored states, numbered in the order in which they are found, and steps between them."""

    name: str
    """Which machine this is, for the report."""
    at_once: int
    """How many states to expand between two looks at the clock: some hundredths of a second's."""

    @property
    def fired(self) -> Sequence[int]:
        """By action: whether it was ever taken."""

    @property
    def count(self) -> int:
        """How many states are stored."""

    @property
    def expanded(self) -> int:
        """How many states have been expanded."""

    def unfolded(self) -> tuple[int, int]:
        """How many states and steps there are, those included that stored ones stand for."""

    @property
    def allocated(self) -> int:
        """How many bytes what is stored takes."""

    def growth(self, states: int) -> int:
        """The most bytes that expanding so many further ``states`` may take, and then traces."""

    @property
    def questions(self) -> int:
        """The most bytes that answers to questions about runs may take."""

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

    def forget(self) -> None:
        """Make use of what has been decided, at the end of a depth."""

    @property
    def forgotten(self) -> Sequence[str]:
        """The variables that have been left out of states from some depth on."""

    @property
    def folded(self) -> Sequence[str]:
        """What is made of entities' own states: of how many how many are left, and fleeting."""

    @property
    def hurries(self) -> bool:
        """Whether interleavings are left out, so that traces need not be the shortest ones."""

    def met(self, goal: int) -> bool:
        """Whether a state that meets the goal was found."""

    def lost(self, claim: int, levels: Sequence[int]) -> Sequence[int]:
        """The nearest states from which the ``along`` claim's goal is out of reach."""

    def runs(self, targets: Sequence[Sequence[int]], levels: Sequence[int]) -> Sequence[Run]:
        """For each list of states of one depth, a readable shortest run to one of them.

        ``levels`` holds the first state of each depth, and the number of all states at its end.
        """

    def endless(self, claim: Claim, levels: Sequence[int]) -> Run | None:
        """A fair run that breaks ``claim``, one of ``fair``, or None if there is none."""

    def leaving(self, state: State) -> int:
        """The first action that takes a variable outside its domain from ``state``."""

    def saved(self, since: Mapping[str, int]) -> Saved:
        """What has been found: of each column what is behind its first ``since`` bytes.

        The columns are good until the next state is expanded.
        """

    def reserve(self, notes: Mapping[str, Any]) -> Mapping[str, memoryview]:
        """Room for the columns that were saved with ``notes``, to be filled in. For a new one."""

    def resume(self, notes: Mapping[str, Any]) -> None:
        """Go on from what was saved with ``notes``, once the columns are filled in."""


class MakeExplorer(Protocol):
    """Makes the machine that stores states: at most so many, if a number is given."""

    def __call__(self, system: System, watch: Watch, most: int | None = None) -> Explorer:
        """The machine for one system."""
