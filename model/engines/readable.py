"""Of all shortest traces to a state, the one that is easiest to read: with the fewest switches.

Whoever reads an interleaving follows one actor until another takes over, and every such switch
costs attention. The length is that of a shortest trace all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from model.engines.graph import Graph
from model.engines.lowering import Successors

_Choice = tuple[int, int, int, int]  # (switches from here on, next step's rank, action, state)


def fewest_switches(
    graph: Graph,
    depth: Callable[[int], int],
    target: int,
    states: Sequence[int],
    index: dict[int, int],
    successors: Successors,
    ranks: Sequence[int],
) -> tuple[list[int], list[int]]:
    """The states (by number) and actions of a shortest path to ``target``.

    ``depth`` gives a state's distance from the initial states and ``ranks`` who takes each
    action, as a number; where the switches are equally many, lower ranks act earlier. All other
    ties go to the lower action and state, so the answer is always the same.
    """
    layers = _layers(graph, depth, target)
    after: dict[int, dict[int, _Choice]] = {target: {-1: (0, -1, -1, -1)}}
    for layer in reversed(layers[:-1]):
        for s in layer:
            choices: dict[int, _Choice] = {}
            for action, packed in successors(states[s]):
                t = index.get(packed, -1)
                if action < 0 or t not in after:
                    continue
                rank = ranks[action]
                switches, following = min(
                    (choice[0] + (who not in (-1, rank)), who) for who, choice in after[t].items()
                )
                choice = (switches, following, action, t)
                if rank not in choices or choice < choices[rank]:
                    choices[rank] = choice
            after[s] = choices
    return _follow(after, layers[0], target)


def _layers(graph: Graph, depth: Callable[[int], int], target: int) -> list[list[int]]:
    """The states on shortest paths to ``target``, by their distance from the initial states."""
    layers = [[target]]
    for distance in range(depth(target) - 1, -1, -1):
        before = {s for t in layers[-1] for s in graph.before(t) if depth(s) == distance}
        layers.append(sorted(before))
    return layers[::-1]


def _follow(
    after: dict[int, dict[int, _Choice]], initial: Sequence[int], target: int
) -> tuple[list[int], list[int]]:
    _, rank, s = min((after[s][rank][0], rank, s) for s in initial for rank in after[s])
    path, actions = [s], []
    while s != target:
        _, rank, action, s = after[s][rank]
        path.append(s)
        actions.append(action)
    return path, actions
