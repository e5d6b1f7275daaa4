"""Steps that only repeat what an earlier step has found.

Let a state be found first by the action b, from a state in which another action a could be taken
as well, one that comes before b in the order of steps, and let neither write what the other reads
or writes. Then a was taken before b was, and b can be taken from where it led to: a state that was
found earlier, so that its steps are taken earlier. They come to the very state to which a leads
here. So that is there already, with its number, and whoever only collects states need not look it
up. Godefroid's sleep sets leave out the same steps; no state is lost by it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.engines.vector.values import Truths
from model.lang import System, Var


def repeated_steps(system: System, order: Sequence[int]) -> Truths:
    """By the action a state was first found by, and the action taken: whether that is a repetition.

    Actions are numbered as in ``system``; the last row is for states that no action has found.
    Steps are taken in that ``order`` of the numbers.
    """
    column = {variable: k for k, variable in enumerate(system.variables)}
    actions = len(system.actions)
    touched = np.zeros((actions, len(column)), np.bool_)
    written = np.zeros_like(touched)
    for row, action in enumerate(system.actions):
        written[row, [column[update.variable] for update in action.updates]] = True
        for item in [*action.guard, *(update.value for update in action.updates)]:
            read = [column[node] for node in item.walk() if isinstance(node, Var)]
            touched[row, read] = True
    touched |= written
    disturbs = written @ touched.T
    place = np.argsort(order)
    found = np.zeros((actions + 1, actions), np.bool_)
    found[:-1] = ~(disturbs | disturbs.T) & (place < place[:, None])
    return found
