"""Every operation on diagrams against plain sets of bags, at random."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.diagrams.bags import EMPTY, Bags
from model.diagrams.changes import Moves, Node, Total
from model.proof.bounds import mask_of

STATES = range(4)
DEVICES = 3
Bag = tuple[tuple[int, ...], int]
"""Local states in ascending order, and the one value."""

bags = st.tuples(
    st.lists(st.sampled_from(STATES), min_size=DEVICES, max_size=DEVICES).map(sorted).map(tuple),
    st.integers(-1, 1),
)
sets = st.frozensets(bags, max_size=8)
tables = st.dictionaries(st.sampled_from(STATES), st.sampled_from(STATES))
relations = st.dictionaries(
    st.sampled_from(STATES), st.frozensets(st.sampled_from(STATES), min_size=1, max_size=2)
)
weights = st.dictionaries(st.sampled_from(STATES), st.integers(-2, 2))


def diagram(store: Bags, content: Iterable[Bag]) -> Node:
    """The diagram of some bags."""
    whole = EMPTY
    for states, value in content:
        for order in set(itertools.permutations(states)):
            node = store.leaf([(value,)])
            for state in order:
                node = store.beside(1 << state, node)
            whole = store.union(whole, node)
    return whole


def new() -> Bags:
    """A store that nobody waits for."""
    return Bags(lambda: None)


def sorted_bag(states: Iterable[int], value: int) -> Bag:
    """The bag of these devices."""
    return tuple(sorted(states)), value


def moves_of(one: dict[int, frozenset[int]], others: dict[int, int], more: int) -> Moves:
    """The same tables for the diagrams."""
    return Moves({old: mask_of(new_) for old, new_ in one.items()}, others, [(1, more)])


@given(sets, sets)
def test_sets_are_joined_and_taken_apart(left: frozenset[Bag], right: frozenset[Bag]) -> None:
    store = new()
    one, other = diagram(store, left), diagram(store, right)
    assert store.union(one, other) == diagram(store, left | right)
    assert store.difference(one, other) == diagram(store, left - right)
    assert (one == other) == (left == right)


@given(sets)
def test_states_are_counted_with_devices_told_apart(content: frozenset[Bag]) -> None:
    store = new()
    node = diagram(store, content)
    orders = [len(set(itertools.permutations(states))) for states, _ in content]
    assert store.count(node) == sum(orders)
    assert store.states(node) == mask_of(state for states, _ in content for state in states)


@given(sets, weights, st.integers(-3, 3), st.integers(-1, 1))
def test_where_a_total_is_not_negative(
    content: frozenset[Bag], weight: dict[int, int], constant: int, factor: int
) -> None:
    store = new()
    left = {
        (states, value)
        for states, value in content
        if constant + sum(weight.get(s, 0) for s in states) + factor * value >= 0
    }
    total = Total(constant, weight, (factor,))
    assert store.where(diagram(store, content), [total]) == diagram(store, left)


@given(sets, relations, tables, st.integers(-1, 1))
def test_one_device_takes_a_step_and_others_are_moved(
    content: frozenset[Bag],
    one: dict[int, frozenset[int]],
    others: dict[int, int],
    more: int,
) -> None:
    store = new()
    found = set()
    for states, value in content:
        for k, state in enumerate(states):
            rest = [others.get(s, s) for j, s in enumerate(states) if j != k]
            found |= {sorted_bag([*rest, end], value + more) for end in one.get(state, ())}
    moves = moves_of(one, others, more)
    assert store.after(diagram(store, content), moves) == diagram(store, found)


@given(sets, tables, st.integers(-1, 1))
def test_all_devices_are_moved(content: frozenset[Bag], others: dict[int, int], more: int) -> None:
    store = new()
    found = {sorted_bag([others.get(s, s) for s in bag], value + more) for bag, value in content}
    moves = moves_of({}, others, more)
    assert store.moved(diagram(store, content), moves) == diagram(store, found)


@given(sets, relations)
def test_each_device_goes_or_stays(content: frozenset[Bag], one: dict[int, frozenset[int]]) -> None:
    store = new()
    found = {
        sorted_bag(ends, value)
        for states, value in content
        for ends in itertools.product(*({s, *one.get(s, ())} for s in states))
    }
    moves = moves_of(one, {}, 0)
    assert store.each(diagram(store, content), moves) == diagram(store, found)


@given(sets, weights)
def test_a_value_is_lowered_by_what_devices_add(
    content: frozenset[Bag], weight: dict[int, int]
) -> None:
    store = new()
    found = {(states, v - sum(weight.get(s, 0) for s in states)) for states, v in content}
    by = Total(0, weight, (0,))
    assert store.lowered(diagram(store, content), 0, by) == diagram(store, found)


class Enough(Exception):
    """Somebody has waited long enough."""


def test_whoever_waits_is_asked_again_and_again() -> None:
    def look() -> None:
        raise Enough

    store = Bags(look)
    with pytest.raises(Enough):
        nested(store, 2000)


def nested(store: Bags, devices: int) -> Node:
    """The bag of so many devices, all in one state."""
    node = store.leaf([(0,)])
    for _ in range(devices):
        node = store.beside(1, node)
    return node
