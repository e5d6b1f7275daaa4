"""The census counts what the reference semantics reaches, and digests it as documented."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from model.catalogue import find
from model.designs import DESIGNS
from model.engines.census import Census, by_kernel, by_numpy, by_python, digest
from model.engines.kernel import native
from model.lang import System, show
from model.linux.design import Size
from tests.engines.naive import Naive
from tests.random_systems import random_system
from tests.toys import counter, peterson, philosophers, two_phase_commit

Take = Callable[[System], Census]

KERNEL = [
    pytest.mark.kernel,
    pytest.mark.skipif(native.library() is None, reason="the kernel was not built"),
]
ALL = [pytest.param(by_kernel, marks=KERNEL), by_numpy, by_python]
TOYS: dict[str, Callable[[], System]] = {
    "counter": counter.good,
    "counter that leaves its range": counter.blind,
    "peterson": peterson.good,
    "philosophers": lambda: philosophers.table(4),
    "two-phase commit": lambda: two_phase_commit.protocol(3),
}


def counted(system: System) -> Census:
    """The census as its definition says, by the reference semantics."""
    found = Naive.explore(system)
    total = 0
    for state in found.distance:
        text = " ".join(show(value) for value in state)
        total += int(hashlib.sha256(text.encode()).hexdigest(), 16)
    return Census(
        len(found.distance),
        len(found.steps) + len(found.lost),
        max(found.distance.values()),
        f"{total % 2**256:064x}",
    )


@pytest.mark.parametrize("take", ALL)
@pytest.mark.parametrize("name", TOYS)
def test_toys_are_counted_as_the_reference_counts_them(take: Take, name: str) -> None:
    system = TOYS[name]()
    assert take(system) == counted(system)


@pytest.mark.parametrize("take", ALL)
@pytest.mark.parametrize("seed", range(40))
def test_random_systems_are_counted_as_the_reference_counts_them(take: Take, seed: int) -> None:
    system, _ = random_system(seed)
    assert take(system) == counted(system)


@pytest.mark.parametrize("name", [design.name for design in DESIGNS])
def test_designs_are_counted_as_the_reference_counts_them(name: str) -> None:
    system = find(name).design.system(Size(1, 0))
    assert by_python(system) == counted(system)


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("name", "size"),
    # One whose states fill a word and more, and one of several groups.
    [("reset_fences_claims", Size(1, 1)), ("driver_managed_dma", Size(1, 0, 2))],
)
def test_all_machines_count_the_same(name: str, size: Size) -> None:
    if native.library() is None:
        pytest.skip("the kernel was not built")
    system = find(name).design.system(size)
    assert by_kernel(system) == by_numpy(system) == by_python(system)


def test_the_digest_is_that_of_a_set() -> None:
    assert digest([b"open 1"]) == hashlib.sha256(b"open 1").hexdigest()
    assert digest([b"open 1", b"open 2"]) == digest([b"open 2", b"open 1"])
    assert digest([b"open 1", b"open 2"]) != digest([b"open 1", b"open 3"])
