"""The search with NumPy leaves out only what is known, and knows how much memory it takes."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from model.designs import driver_managed_dma
from model.engines.choice import Machine, Reductions, Wish, choose
from model.engines.explorer import Watch
from model.engines.result import Limits
from model.engines.search import explore
from model.engines.vector import crew
from model.engines.vector.actions import Found
from model.engines.vector.explorer import VectorExplorer
from model.engines.vector.saving import taking
from model.lang import Kind, System
from model.linux.design import Size
from tests.engines.test_kernel import asked_of, same
from tests.random_systems import random_system

NOTHING = Watch([], [], domains=False, deadlocks=False)
FEW = 3000
"""Steps beside which it counts what is there for all of them together."""


@pytest.mark.parametrize("seed", range(0, 300, 3))
def test_where_only_states_are_asked_about_what_is_repeated_is_left_out_and_no_more(
    seed: int,
) -> None:
    system, claims = random_system(seed)
    about_states = [item for item in claims if item.kind is not Kind.POSSIBLE]
    plain = explore(system, about_states)
    same(plain, explore(system, about_states, explorer=VectorExplorer), traces=True)
    most = (plain.states or 0) // 2 + 1
    cut = explore(system, about_states, Limits(max_states=most), VectorExplorer)
    again = explore(system, about_states, Limits(max_states=most))
    same(again, cut, traces=True)


def test_of_two_devices_what_is_repeated_is_left_out() -> None:
    system = driver_managed_dma.design.system(Size(1, 1))
    claims = [item for item in asked_of(system) if item.kind is Kind.INVARIANT]
    explorers: list[VectorExplorer] = []

    def make(system: System, watch: Watch, most: int | None = None) -> VectorExplorer:
        explorers.append(VectorExplorer(system, watch, most))
        return explorers[-1]

    plain = explore(system, claims)
    same(plain, explore(system, claims, explorer=make), traces=True)
    (explorer,) = explorers
    everything = taken_of(explorer, None)
    left = taken_of(explorer, explorer.came)
    assert everything.offsets[-1] == everything.many.sum() == left.many.sum() == plain.transitions
    assert left.offsets[-1] < 0.6 * everything.offsets[-1]


def taken_of(explorer: VectorExplorer, came: Any) -> Found:
    """The steps from all states, which ``came`` by those actions."""
    return explorer.graph.steps.take(explorer.graph.states.words(0, explorer.count), came)


@pytest.mark.parametrize(("name", "value"), [("_PART_BITS", 3), ("_PAIRS", 64), ("_TOGETHER", 1)])
def test_whatever_can_be_remembered_of_steps_the_very_same_is_found(
    name: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, name, value)
    system = driver_managed_dma.design.system(Size(0, 1))
    claims = asked_of(system)
    same(explore(system, claims), explore(system, claims, explorer=VectorExplorer), traces=True)
    for seed in range(0, 60, 3):
        system, claims = random_system(seed)
        same(explore(system, claims), explore(system, claims, explorer=VectorExplorer), traces=True)


@pytest.mark.parametrize("reduced", [False, True])
@pytest.mark.parametrize("along", [False, True])
def test_taking_steps_needs_no_more_memory_than_is_foreseen_and_not_far_less(
    reduced: bool, along: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = driver_managed_dma.design.system(Size(2, 0))
    claims = [item for item in asked_of(system) if along or item.kind is Kind.INVARIANT]
    fold = Wish.ON if reduced else Wish.OFF
    reductions = Reductions(fold, Wish.OFF, fold, Wish.OFF)
    make, _ = choose(system, claims, Machine.NUMPY, reductions)
    needed: list[tuple[int, int]] = []
    expand = VectorExplorer.expand

    def measured(self: VectorExplorer, end: int) -> None:
        start, allocated = self.expanded, self.allocated
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        expand(self, end)
        _, peak = tracemalloc.get_traced_memory()
        found = self.graph.steps.take(self.graph.states.words(start, end))
        if len(found.actions) > FEW:
            foreseen = taking(self.graph, end - start, len(found.actions))
            needed.append((peak - before - (self.allocated - allocated), foreseen))

    monkeypatch.setattr(VectorExplorer, "expand", measured)
    tracemalloc.start()
    explore(system, claims, Limits(max_states=12_000), explorer=make)
    tracemalloc.stop()
    assert needed
    for real, foreseen in needed[len(needed) // 2 :]:  # the first ones make tables that stay
        assert foreseen / 4 < real < foreseen


def test_a_state_has_no_more_steps_than_is_foreseen() -> None:
    for seed in range(60):
        system, _ = random_system(seed)
        explorer = VectorExplorer(system, NOTHING)
        for state in system.initial_states():
            explorer.add(state)
        explorer.expand(explorer.count)
        assert taken_of(explorer, None).many.max(initial=0) <= explorer.graph.steps.most
