"""Folding stores fewer states, and decides and shows the same."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable

import pytest

from model.designs import DESIGNS, driver_managed_dma
from model.engines.choice import Machine, Reductions, Wish, choose
from model.engines.explorer import Watch
from model.engines.folding import TooMany, fold
from model.engines.kernel import native
from model.engines.kernel.explorer import KernelExplorer
from model.engines.result import Report
from model.engines.search import explore
from model.engines.symmetry import NotInterchangeable
from model.lang import (
    Action,
    Claim,
    Entity,
    System,
    action,
    counter,
    field,
    invariant,
    leads_to,
    weakly_fair,
)
from model.lang.properties import LeadsTo
from model.linux.design import Design, Size
from properties import PROPERTIES
from tests.random_cells import random_cells

FINISHED = "every claim is decided"


class Lamp(Entity):
    """What is seen of it is whether it is lit; how it came to be dark is not."""

    lit = field(bool, False)
    burnt = field(bool, False)
    times = counter(0, 3, 0)


@action
def light(x: Lamp) -> Action:
    """A dark lamp is lit."""
    return Action([~x.lit], [x.lit.becomes(True)])


@action
def put_out(x: Lamp) -> Action:
    """It is put out."""
    return Action([x.lit], [x.lit.becomes(False)])


@action
def burn_out(x: Lamp) -> Action:
    """It goes out by itself, which can be seen no longer once it is dark."""
    return Action([x.lit], [x.lit.becomes(False), x.burnt.becomes(True)])


@action
def count_on(x: Lamp) -> Action:
    """It counts."""
    return Action([x.times < 3], [x.times.becomes(x.times + 1)])


@invariant(broken="Lit at the last count.")
def dark_at_the_last_count(x: Lamp) -> object:
    """At the last count no lamp is lit."""
    return ~(x.lit & (x.times == 3))


@leads_to(broken="It stays dark.")
def gets_burnt(x: Lamp) -> LeadsTo:
    """A lit lamp is burnt in the end."""
    return LeadsTo(x.lit, x.burnt, [weakly_fair("it burns", burn_out)])


def folded(system: System, *claims: Claim) -> list[int]:
    """How many local states the first entity has, and how many stand for all of them."""
    invariants = [[case.that for case in c.cases] for c in claims if c.kind.name == "INVARIANT"]
    fair = [claim for claim in claims if claim.kind.name == "LEADS_TO"]
    watch = Watch(invariants, [], domains=True, deadlocks=True, fair=fair)
    found = fold(system, system.entities[0], watch)
    return [found.states, found.states - len(found.others)]


def test_what_nothing_reads_makes_no_difference() -> None:
    lamps = System("lamps", [Lamp("a"), Lamp("b")], [light, put_out, burn_out, count_on])
    assert folded(lamps) == [16, 8]


def test_what_a_claim_reads_makes_one_and_only_as_far_as_it_does() -> None:
    lamps = System("lamps", [Lamp("a"), Lamp("b")], [light, put_out, burn_out])
    assert folded(lamps) == [4, 2]
    assert folded(lamps, gets_burnt.ground(lamps)) == [4, 4]
    counting = System("lamps", [Lamp("a"), Lamp("b")], [light, put_out, count_on])
    assert folded(counting, dark_at_the_last_count.ground(counting)) == [8, 8]


def test_a_step_that_may_change_nothing_is_told_from_one_that_does_if_runs_are_fair_to_it() -> None:
    """A burnt lamp may burn out again and again, and a fair run need not take that."""

    @action
    def burn(x: Lamp) -> Action:
        """It burns, or is burnt already."""
        return Action([x.lit], [x.burnt.becomes(True)])

    @leads_to(broken="It goes on counting.")
    def counts(x: Lamp) -> LeadsTo:
        """A lit lamp that burns comes to its last count."""
        return LeadsTo(x.lit, x.times == 3, [weakly_fair("it burns", burn)])

    lamps = System("lamps", [Lamp("a"), Lamp("b")], [light, burn, count_on])
    assert folded(lamps) == [12, 8]
    assert folded(lamps, counts.ground(lamps)) == [12, 12]


class Meter(Entity):
    """Counts far."""

    high = counter(0, 300, 0)
    low = counter(0, 300, 0)


@action
def up(x: Meter) -> Action:
    """High."""
    return Action([x.high < 300], [x.high.becomes(x.high + 1)])


@action
def down(x: Meter) -> Action:
    """Low."""
    return Action([x.low < 300], [x.low.becomes(x.low + 1)])


def test_an_entity_with_too_many_states_is_said_to_have_them() -> None:
    with pytest.raises(TooMany, match="a has more than 20000 local states"):
        folded(System("meters", [Meter("a"), Meter("b")], [up, down]))


def same(whole: Report, fewer: Report) -> None:
    """Assert that both come to the same verdicts, by traces of the same length."""
    if FINISHED in (whole.stopped, fewer.stopped):
        assert whole.stopped == fewer.stopped
    else:
        assert stored(fewer) <= stored(whole)
        assert fewer.never_fired == whole.never_fired
    for name, found in whole.findings.items():
        again = fewer.findings[name]
        assert (again.verdict, again.reason) == (found.verdict, found.reason), name
        if found.trace is not None and found.trace.loop is None:
            assert len(again.trace or ()) == len(found.trace), name


def stored(report: Report) -> int:
    """How many states the search stored."""
    assert report.stored is not None
    return report.stored


def reduced(system: System, claims: list[Claim], symmetry: Wish, forget: Wish) -> Report:
    """The kernel's report with folding, and other reductions if they are wished."""
    make, _ = choose(system, claims, Machine.KERNEL, Reductions(symmetry, forget, Wish.ON))
    return explore(system, claims, explorer=make)


def built(test: Callable[..., None]) -> Callable[..., None]:
    """A test that needs the kernel."""
    missing = pytest.mark.skipif(native.library() is None, reason="the kernel was not built")
    marked: Callable[..., None] = pytest.mark.kernel(missing(test))
    return marked


@functools.cache
def _folds(seed: int) -> tuple[Report, Report]:
    system, claims = random_cells(seed, 2 + seed % 2, notes=True)
    whole = explore(system, claims, explorer=KernelExplorer)
    return whole, reduced(system, claims, Wish.OFF, Wish.OFF)


@built
@pytest.mark.parametrize("seed", range(300))
def test_on_random_cells_folding_changes_no_verdict_and_no_length(seed: int) -> None:
    whole, fewer = _folds(seed)
    same(whole, fewer)
    system, claims = random_cells(seed, 2 + seed % 2, notes=True)
    try:
        same(whole, reduced(system, claims, Wish.ON, Wish.ON))
    except NotInterchangeable as refused:
        assert "no run makes up for it" in str(refused)  # noqa: PT017  # not what is tested


@built
def test_enough_of_the_random_cells_are_folded_and_every_verdict_is_met() -> None:
    met: Counter[object] = Counter()
    for seed in range(300):
        whole, fewer = _folds(seed)
        met["fewer"] += stored(fewer) < stored(whole)
        if stored(fewer) < stored(whole):
            met.update((name, f.verdict.name) for name, f in fewer.findings.items())
    assert met["fewer"] >= 30, met
    for name in ("never_wrong", "can_happen", "happens"):
        assert met[name, "HOLDS"], met
        assert met[name, "VIOLATED"], met


@built
@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_folding_changes_no_verdict_and_no_length_of_a_design(design: Design) -> None:
    system = design.system(Size(1, 1))
    claims = [item.ground(system) for item in PROPERTIES if item.concerns(system)]
    whole = explore(system, claims, explorer=KernelExplorer)
    fewer = reduced(system, claims, Wish.OFF, Wish.OFF)
    assert fewer.folded
    assert stored(fewer) < stored(whole)
    same(whole, fewer)


@built
def test_of_three_devices_so_many_states_are_left() -> None:
    system = driver_managed_dma.design.system(Size(2, 1))
    claims = [item.ground(system) for item in PROPERTIES if item.concerns(system)]
    report = reduced(system, claims, Wish.ON, Wish.ON)
    assert report.folded == ("262 states of dev0/dev1/dev2 to 213",)
    assert (report.stored, report.states) == (123736, 693402)
