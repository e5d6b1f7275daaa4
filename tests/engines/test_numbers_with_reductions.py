"""With reductions and with stored steps, numbers of local states lead to the very same search.

A system has no such numbers once there are many more entities, to which nothing happens.
"""

from __future__ import annotations

import copy

import pytest

from model.designs import DESIGNS, driver_managed_dma
from model.engines.choice import UNREDUCED, Machine, Reductions, choose
from model.engines.explorer import Explorer, Watch
from model.engines.kernel import native, saving
from model.engines.kernel.explorer import KernelExplorer
from model.engines.search import explore
from model.engines.symmetry import NotInterchangeable
from model.lang import Claim, Entity, System, counter
from model.linux.design import Design, Size
from model.traces.trace import Trace
from tests.random_cells import random_cells
from tests.reductions.compare import ALL, FOLD, PARTIAL_ORDER, asked_of

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(native.library() is None, reason="the kernel was not built"),
]

Found = tuple[object, ...]


def told(trace: Trace | None) -> list[str]:
    """What is done in a trace, but for runs without end: those look at stones as well."""
    return [a.title for a in trace.actions] if trace and trace.loop is None else []


class Stone(Entity):
    """Something that nothing happens to."""

    weight = counter(0, 1, 0)


def with_stones(system: System) -> System:
    """The same system beside so many stones that the kernel does not number local states."""
    other = copy.copy(system)
    kinds = [type(f"Stone{k}", (Stone,), {}) for k in range(17 - len(system.entities))]
    stones = [kind(kind.__name__) for kind in kinds]  # none of them is like another
    other.entities = (*system.entities, *stones)
    other.variables = (*system.variables, *(v for stone in stones for v in stone.variables()))
    other.index = {variable: k for k, variable in enumerate(other.variables)}
    return other


def found(system: System, claims: list[Claim], reductions: Reductions) -> tuple[Found, bool]:
    """What there is of a search, and whether it went by numbers of local states to its end."""
    made: list[KernelExplorer] = []
    make, _ = choose(system, claims, Machine.KERNEL, reductions)

    def kept(system: System, watch: Watch, most: int | None = None) -> Explorer:
        explorer = make(system, watch, most)
        assert isinstance(explorer, KernelExplorer)
        made.append(explorer)
        return explorer

    report = explore(system, claims, None, kept)
    store = made[0]._store  # noqa: SLF001  # what it has stored is what is compared
    columns = saving.saved(store, {}).columns
    steps = {name: bytes(column) for name, column in columns.items() if name != "states"}
    verdicts = [(name, each.verdict, told(each.trace)) for name, each in report.findings.items()]
    forgotten = [name for name in report.forgotten if not name.startswith("Stone")]
    counts = report.states, report.transitions, report.stored, report.depth, report.never_fired
    whole = (steps, verdicts, counts, forgotten, report.folded, bytes(store.met))
    return whole, store.sizes()[4] > 0


def same_without_numbers(system: System, claims: list[Claim], reductions: Reductions) -> bool:
    """Assert that nothing differs; whether there were numbers."""
    by_numbers, numbered = found(system, claims, reductions)
    otherwise, never = found(with_stones(system), claims, reductions)
    assert not never
    assert by_numbers == otherwise
    return numbered


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_a_design_is_searched_alike(design: Design) -> None:
    system = design.system(Size(1, 1))
    try:
        same_without_numbers(system, list(asked_of(system)), ALL)
    except NotInterchangeable as refused:
        assert "has no counterpart for dev0 and dev1 exchanged" in str(refused)  # noqa: PT017


@pytest.mark.parametrize("size", [Size(2, 0), Size(2, 1)], ids=str)
def test_with_numbers_and_without_the_merged_design_is_searched_alike(size: Size) -> None:
    system = driver_managed_dma.design.system(size)
    assert same_without_numbers(system, list(asked_of(system)), ALL)


@pytest.mark.parametrize("seed", range(60))
def test_so_are_random_cells(seed: int) -> None:
    system, claims = random_cells(seed, 3, busy=True)
    for reductions in (UNREDUCED, FOLD, PARTIAL_ORDER, Reductions()):
        same_without_numbers(system, list(claims), reductions)


def test_most_random_cells_have_numbers() -> None:
    numbered = 0
    for seed in range(30):
        system, claims = random_cells(seed, 3, busy=True)
        numbered += same_without_numbers(system, list(claims), Reductions())
    assert numbered > 10
