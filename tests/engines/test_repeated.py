"""What is said to repeat an earlier step commutes with the one that its state was found by."""

from __future__ import annotations

import pytest

from model.designs import driver_managed_dma
from model.engines.repeated import repeated_steps
from model.lang import GroundAction, State, System
from model.lang.reference import OutOfDomain, apply, is_enabled
from model.linux.design import Size
from tests.random_systems import random_system


def end(system: System, state: State, *actions: GroundAction) -> State | None:
    """Where the actions lead one after the other; None if one of them cannot be taken."""
    for one in actions:
        if not is_enabled(one, system, state):
            return None
        try:
            state = apply(one, system, state)
        except OutOfDomain:
            return None
    return state


def commuting(system: System, most: int) -> int:
    """How many repetitions there are after the steps from the first ``most`` states.

    All of them have to come to where the two steps lead the other way round as well.
    """
    order = range(len(system.actions))
    repeated = repeated_steps(system, order)
    states = dict.fromkeys(system.initial_states())
    left, found = list(states), 0
    for state in left:
        for number in order:
            first = system.actions[number]
            between = end(system, state, first)
            if between is None:
                continue
            if between not in states and len(states) < most:
                states[between] = None
                left.append(between)
            for other in order:
                second = system.actions[other]
                after = end(system, between, second) if repeated[number][other] else None
                if after is not None:
                    assert other < number
                    assert end(system, state, second, first) == after
                    found += 1
    return found


def test_of_the_merged_design() -> None:
    assert commuting(driver_managed_dma.design.system(Size(1, 1)), 300) > 100


@pytest.mark.parametrize("seed", range(0, 90, 3))
def test_of_random_systems(seed: int) -> None:
    commuting(random_system(seed)[0], 60)
