"""Fair runs that avoid a goal for ever, found in a graph of numbered states.

A run without end stays, from some point on, within one strongly connected component of the states
that it comes to again and again. Under weak fairness a component has a fair run if for each fair
set it has a state where none of the set's actions can be taken, or a step by one of them: a run
through all of that, again and again, is one. A step that changes nothing is no step here: it
cannot be told from nothing happening, which is always possible.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from model.engines.explorer import Run
from model.lang import Case, Claim, Expr, GroundAction, State

Edge: TypeAlias = tuple[int, int]
"""The number of an action and of the state that it leads to."""


@dataclass(frozen=True)
class StateGraph:
    """Every reachable state and step, as an engine has them; states are told by their number.

    Nothing may be left out or taken for something else: that would change which runs are fair.
    States nearer to the initial ones have lower numbers: ``depth`` is that distance. ``steps``
    is what leads on from a state, and ``holds`` gives for a condition whether it holds in a state.
    """

    states: int
    depth: Callable[[int], int]
    steps: Callable[[int], Iterable[Edge]]
    holds: Callable[[Expr[bool]], Callable[[int], object]]


@dataclass(frozen=True)
class Lasso:
    """A run from state ``start``: the steps of ``stem``, then those of ``loop`` again and again.

    An empty ``loop`` means that nothing happens any more. ``length`` is how many steps a run
    takes from an initial state until it repeats itself.
    """

    start: int
    stem: tuple[Edge, ...]
    loop: tuple[Edge, ...]
    length: int


def shortest_lasso(
    claim: Claim, actions: Sequence[GroundAction], graph: StateGraph
) -> Lasso | None:
    """A fair run that breaks ``claim``, which is of kind LEADS_TO, or None if there is none."""
    found = [lasso for case in claim.cases if (lasso := _lasso(case, actions, graph)) is not None]
    return min(found, key=lambda lasso: lasso.length, default=None)


def continued(run: Run, lasso: Lasso, state: Callable[[int], State]) -> Run:
    """``run``, which leads to where ``lasso`` starts, with that."""
    way = [*lasso.stem, *lasso.loop]
    return Run(
        [*run.states, *(state(j) for _, j in way)],
        [*run.actions, *(number for number, _ in way)],
        loop=len(run.actions) + len(lasso.stem),
    )


def _lasso(case: Case, actions: Sequence[GroundAction], graph: StateGraph) -> Lasso | None:
    """A fair run that breaks ``case``.

    Its loop begins as early as that of any such run, unless a run that just stops is no longer
    than this one with its loop.
    """
    asks, met = graph.holds(case.when), graph.holds(case.that)
    starts = (j for j in range(graph.states) if asks(j) and not met(j))
    sets = [sum((a in fair.actions) << k for k, fair in enumerate(case.fair)) for a in actions]
    where = [graph.holds(fair.where) for fair in case.fair]
    region = _Region(graph, starts, met, sets, where)
    fair = [part for part in region.components() if region.is_fair(part)]
    if not fair:
        return None
    part = min(fair, key=min)
    first = min(part)
    loop = region.loop(first, set(part))
    stops = next((i for i, enabled in enumerate(region.enabled) if not enabled), None)
    if stops is not None and region.length[stops] <= region.length[first] + len(loop):
        first, loop = stops, []
    start, stem = region.stem(first)
    back = tuple((action, region.states[j]) for action, j in loop)
    return Lasso(start, tuple(stem), back, region.length[first] + len(back))


_NOWHERE = -1


class _Region:
    """What the starts lead to without the goal, in the order of how far it is from the beginning.

    States have numbers of their own here. ``length`` is how many steps a run takes to come to a
    state, ``enabled`` the fair sets of which a step can be taken there, even one to the goal.
    """

    def __init__(
        self,
        graph: StateGraph,
        starts: Iterable[int],
        met: Callable[[int], object],
        sets: Sequence[int],
        where: Sequence[Callable[[int], object]],
    ) -> None:
        self._steps = graph.steps
        self._met = met
        self._sets = sets  # which fair sets each action is in, a bit for each
        self._where = where  # of each set, in which states its actions are
        self.states = array("I")
        self.length = array("I")
        self.enabled: list[int] = []
        self._before = array("i")  # the state that each was found from, and by which action
        self._by = array("i")
        self._index: dict[int, int] = {}
        self._offsets = array("q", [0])
        self._actions = array("I")
        self._targets = array("I")
        waiting = deque(starts)
        frontier: list[int] = []
        level = 0
        while frontier or waiting:
            if not frontier:
                level = graph.depth(waiting[0])
            while waiting and graph.depth(waiting[0]) == level:
                self._add(waiting.popleft(), level, _NOWHERE, _NOWHERE, frontier)
            following: list[int] = []
            for i in frontier:
                self._expand(i, level + 1, following)
            frontier, level = following, level + 1

    def _add(self, state: int, length: int, before: int, by: int, frontier: list[int]) -> int:
        i = self._index.get(state)
        if i is None:
            i = self._index[state] = len(self.states)
            self.states.append(state)
            self.length.append(length)
            self._before.append(before)
            self._by.append(by)
            frontier.append(i)
        return i

    def _expand(self, i: int, length: int, following: list[int]) -> None:
        state, enabled = self.states[i], 0
        for action, after in self._steps(state):
            if after == state:
                continue
            enabled |= self._sets[action]
            if after in self._index or not self._met(after):
                self._actions.append(action)
                self._targets.append(self._add(after, length, i, action, following))
        self._offsets.append(len(self._targets))
        # A step of a set's action where it is not of the set needs no care elsewhere: the state
        # it is taken in has that set not enabled, which serves it as well.
        for k, at in enumerate(self._where):
            if enabled >> k & 1 and not at(state):
                enabled ^= 1 << k
        self.enabled.append(enabled)

    def edges(self, i: int) -> Iterator[Edge]:
        """The steps from state ``i`` that avoid the goal."""
        start, end = self._offsets[i], self._offsets[i + 1]
        return zip(self._actions[start:end], self._targets[start:end], strict=True)

    def is_fair(self, part: Collection[int]) -> bool:
        """Whether some run that stays in the component ``part`` starves no set."""
        starved = -1
        for i in part:
            starved &= self.enabled[i]
        if not starved or len(part) == 1:
            return not starved
        inside = set(part)
        for i in part:
            for action, j in self.edges(i):
                if j in inside:
                    starved &= ~self._sets[action]
        return not starved

    def stem(self, i: int) -> tuple[int, list[Edge]]:
        """The start that state ``i`` was found from, and the steps from there."""
        steps: list[Edge] = []
        while self._before[i] != _NOWHERE:
            steps.append((self._by[i], self.states[i]))
            i = self._before[i]
        return self.states[i], steps[::-1]

    def loop(self, first: int, part: Collection[int]) -> list[Edge]:
        """Steps from ``first`` through the component ``part`` and back that starve no set."""
        steps: list[Edge] = []
        at, starved = first, self.enabled[first]
        while starved:
            for action, at in self._walk(at, part, starved):  # noqa: B020  # it goes on from there
                starved &= ~self._sets[action] & self.enabled[at]
                steps.append((action, at))
        return steps + self._walk(at, part, 0, first)

    def _walk(self, at: int, part: Collection[int], starved: int, back: int = -1) -> list[Edge]:
        """The shortest way within ``part`` to something that one of ``starved`` lacks, or back."""
        if at == back:
            return []
        ways: dict[int, list[Edge]] = {at: []}
        queue = deque([at])
        while True:
            i = queue.popleft()
            for action, j in self.edges(i):
                if j not in part:
                    continue
                way = [*ways[i], (action, j)]
                if j == back or starved & (self._sets[action] | ~self.enabled[j]):
                    return way
                if j not in ways:
                    ways[j] = way
                    queue.append(j)

    def components(self) -> Iterator[list[int]]:
        """The strongly connected components (Tarjan's algorithm, without recursion)."""
        order = array("i", [_NOWHERE]) * len(self.states)  # in which states were come to
        lowest = array("i", order)
        is_open = bytearray(len(self.states))
        opened: list[int] = []  # come to and in no component yet, in that order
        come = 0
        for root in range(len(self.states)):
            path = [] if order[root] != _NOWHERE else [(root, self._following(root))]
            while path:
                i, left = path[-1]
                if order[i] == _NOWHERE:
                    order[i] = lowest[i] = come
                    come += 1
                    is_open[i] = 1
                    opened.append(i)
                for j in left:
                    if order[j] == _NOWHERE:
                        path.append((j, self._following(j)))
                        break
                    if is_open[j] and order[j] < lowest[i]:
                        lowest[i] = order[j]
                else:
                    path.pop()
                    if path and lowest[i] < lowest[path[-1][0]]:
                        lowest[path[-1][0]] = lowest[i]
                    if lowest[i] == order[i]:
                        part: list[int] = []
                        while not part or part[-1] != i:
                            part.append(opened.pop())
                            is_open[part[-1]] = 0
                        yield part

    def _following(self, i: int) -> Iterator[int]:
        return iter(self._targets[self._offsets[i] : self._offsets[i + 1]])
