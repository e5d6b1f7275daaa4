"""Searching by the numbers of local states finds what any search finds, also if it is given up."""

from __future__ import annotations

import pytest

from model.designs import driver_managed_dma
from model.engines.census import by_kernel, by_python
from model.engines.explorer import Watch
from model.engines.kernel import native
from model.engines.kernel.store import Store
from model.engines.symmetry import NONE
from model.lang import Action, Entity, System, action, counter
from model.linux.design import Size

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(native.library() is None, reason="the kernel was not built"),
]


class Dial(Entity):
    """A number with many values."""

    at = counter(0, 2999, 0)


class Few(Entity):
    """A number with fewer values."""

    at = counter(0, 249, 0)


class Lamp(Entity):
    """Something small."""

    lit = counter(0, 1, 0)


class Stone(Entity):
    """Something that nothing happens to."""

    weight = counter(0, 3, 2)


@action
def turn_both(one: Dial, other: Dial) -> Action:
    """Two dials go up together."""
    return Action(
        guard=[one.at == other.at, one.at < 2999],
        update=[one.at.becomes(one.at + 1), other.at.becomes(other.at + 1)],
    )


@action
def turn_with(few: Few, dial: Dial) -> Action:
    """One dial goes up, and so does the one that adds."""
    return Action(
        guard=[few.at < 249],
        update=[few.at.becomes(few.at + 1), dial.at.becomes(dial.at + 1)],
    )


@action
def light(lamp: Lamp) -> Action:
    """Light a lamp."""
    return Action(guard=[lamp.lit == 0], update=[lamp.lit.becomes(1)])


def numbered(system: System) -> bool:
    """Whether the search of ``system`` goes by numbers to its end."""
    store = Store(
        system, Watch((), (), domains=False, deadlocks=False), None, NONE, (), 0, skips=True
    )
    for state in system.initial_states():
        store.add(store.layout.pack(state))
    while store.numbers().expanded < (stored := store.numbers().stored):
        store.expand(stored)
    return store.sizes()[4] > 0


def test_a_design_with_two_devices_is_searched_by_numbers() -> None:
    assert numbered(driver_managed_dma.design.system(Size(0, 2)))


def test_pairs_too_many_for_a_table_are_given_up_and_nothing_is_lost() -> None:
    system = System("in step", [Dial("one"), Dial("other"), Lamp("lamp")], [turn_both, light])
    assert not numbered(system)
    assert by_kernel(system) == by_python(system)
    assert by_kernel(system).states == 6000


def test_rows_that_one_state_has_for_itself_are_given_up_and_nothing_is_lost() -> None:
    system = System("sums", [Few("one"), Few("other"), Dial("sum")], [turn_with])
    assert not numbered(system)
    assert by_kernel(system) == by_python(system)
    assert by_kernel(system).states == 62_500


@pytest.mark.parametrize(("places", "by_numbers"), [(2, False), (3, True), (16, True), (17, False)])
def test_so_many_places_have_numbers(places: int, *, by_numbers: bool) -> None:
    lamps = [Lamp(f"lamp{k}") for k in range(min(places, 6))]
    stones = [Stone(f"stone{k}") for k in range(places - len(lamps))]
    system = System("lamps", [*lamps, *stones], [light])
    assert numbered(system) == by_numbers
    assert by_kernel(system) == by_python(system)
    assert by_kernel(system).states == 2 ** len(lamps)
