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

from model.lang import System, Var


def repeated_steps(system: System, order: Sequence[int]) -> list[bytearray]:
    """By the action a state was first found by, and the action taken: whether that is a repetition.

    Actions are numbered as in ``system``; the last row is for states that no action has found.
    Steps are taken in that ``order`` of the numbers.
    """
    bit = {variable: 1 << k for k, variable in enumerate(system.variables)}
    written, touched = [], []
    for action in system.actions:
        values = [*action.guard, *(update.value for update in action.updates)]
        read = {node for item in values for node in item.walk() if isinstance(node, Var)}
        written.append(sum(bit[update.variable] for update in action.updates))
        touched.append(written[-1] | sum(map(bit.__getitem__, read)))
    rows = [bytearray(len(order)) for _ in range(len(order) + 1)]
    for place, found_by in enumerate(order):
        for other in order[:place]:
            if not (written[other] & touched[found_by] or written[found_by] & touched[other]):
                rows[found_by][other] = 1
    return rows
