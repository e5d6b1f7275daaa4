"""Every reduction stores fewer states and comes to the same verdicts, as do all together."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable

import pytest

from model.catalogue import UsageError
from model.designs import DESIGNS, driver_managed_dma
from model.engines.choice import UNREDUCED, Reductions
from model.engines.kernel import native
from model.engines.result import Report, Verdict
from model.linux.design import Design, Size
from tests.random_cells import random_cells
from tests.reductions.cases import items
from tests.reductions.compare import (
    ALL,
    FOLD,
    OFF,
    ON,
    PARTIAL_ORDER,
    asked_of,
    differences,
    report_of,
    stored,
)

SEEDS = range(300)


def built(test: Callable[..., None]) -> Callable[..., None]:
    """A test that needs the kernel."""
    missing = pytest.mark.skipif(native.library() is None, reason="the kernel was not built")
    marked: Callable[..., None] = pytest.mark.kernel(missing(test))
    return marked


def same(whole: Report, fewer: Report) -> None:
    """Assert that nothing differs that must not."""
    assert list(differences(whole, fewer)) == []


@functools.cache
def _of_cells(seed: int, reductions: Reductions) -> Report:
    system, claims = random_cells(seed, 2, busy=True)
    return report_of(system, claims, reductions)


@built
@pytest.mark.parametrize("seed", SEEDS)
def test_on_random_cells_no_reduction_changes_a_verdict(seed: int) -> None:
    whole = _of_cells(seed, UNREDUCED)
    same(whole, _of_cells(seed, FOLD))
    same(whole, _of_cells(seed, PARTIAL_ORDER))
    try:
        same(whole, _of_cells(seed, ALL))
    except UsageError as refused:
        assert "no run makes up for it" in str(refused)  # noqa: PT017  # not what is tested


@built
@pytest.mark.parametrize("reductions", [FOLD, PARTIAL_ORDER], ids=["fold", "partial-order"])
def test_enough_random_cells_are_reduced_and_every_verdict_is_met(reductions: Reductions) -> None:
    met: Counter[object] = Counter()
    for seed in SEEDS:
        fewer = _of_cells(seed, reductions)
        if stored(fewer) < stored(_of_cells(seed, UNREDUCED)):
            met["fewer"] += 1
            met.update((name, found.verdict) for name, found in fewer.findings.items())
    assert met["fewer"] >= 30, met
    for name in ("never_wrong", "can_happen", "happens"):
        assert met[name, Verdict.HOLDS], met
        assert met[name, Verdict.VIOLATED], met


@built
@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_no_reduction_changes_a_verdict_of_a_design(design: Design) -> None:
    system = design.system(Size(1, 1))
    claims = asked_of(system)
    whole = report_of(system, claims, UNREDUCED)
    folded = report_of(system, claims, FOLD)
    same(whole, folded)
    assert stored(folded) < stored(whole)
    same(whole, report_of(system, claims, PARTIAL_ORDER))
    try:
        same(whole, report_of(system, claims, ALL))
    except UsageError as refused:
        assert "has no counterpart for dev0 and dev1 exchanged" in str(refused)  # noqa: PT017


@built
def test_of_three_devices_so_many_states_are_left() -> None:
    system = driver_managed_dma.design.system(Size(2, 1))
    report = report_of(system, asked_of(system), Reductions(ON, ON, ON, OFF))
    assert report.folded == ("dev0/dev1/dev2 (262 states to 213)",)
    assert (report.stored, report.states) == (123736, 693402)
    report = report_of(system, asked_of(system), ALL)
    assert report.folded == (
        "dev0/dev1/dev2 (262 states to 213, 52 of them fleeting, 52 of those not stored)",
    )
    assert (report.stored, report.states) == (43630, 237921)
    assert report.hurried  # else something was missing, and it was searched again


@built
@pytest.mark.parametrize(
    "name",
    [
        "remove/update/device.stage",
        "really_probe_return/update/device.stage",
        "device_unbind_cleanup_unwind/update/device.driver",
    ],
)
def test_a_run_to_what_is_lost_ends_where_a_choice_has_been_made(name: str) -> None:
    mutant = next(item for item in items() if item.name == name)
    system, claims = mutant.made()
    same(report_of(system, claims, UNREDUCED), report_of(system, claims, PARTIAL_ORDER))
