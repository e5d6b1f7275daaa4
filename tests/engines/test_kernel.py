"""The kernel finds what the explorer in Python finds, with and without symmetry."""

from __future__ import annotations

import functools
import shutil
from collections import Counter
from pathlib import Path

import pytest

from model.checker import check
from model.designs import DESIGNS, driver_managed_dma, unuse_in_probe
from model.engines.choice import Machine, Reductions, Wish, choose
from model.engines.explorer import Watch
from model.engines.kernel import build, native
from model.engines.kernel.explorer import KernelExplorer
from model.engines.kernel.programs import Unsuitable
from model.engines.result import Limits, Progress, Report, Verdict
from model.engines.search import explore
from model.engines.symmetry import NotInterchangeable, find_symmetry
from model.lang import Action, Claim, Entity, System, action, counter, field, invariant
from model.linux.design import Design, Size
from model.linux.driver_core import bind_store
from model.linux.state import Device, Driver
from properties import PROPERTIES
from tests.random_cells import random_cells
from tests.random_systems import random_ending, random_system

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(native.library() is None, reason="the kernel was not built"),
]

FINISHED = "every claim is decided"


def same(one: Report, other: Report, *, traces: bool) -> None:
    """Assert that two reports say the same, with the very same ``traces`` or as long ones."""
    names: tuple[str, ...] = (
        "states",
        "transitions",
        "complete",
        "stopped",
        "never_fired",
        "left_domain",
    )
    if traces:
        names += ("depth",)
    assert [getattr(one, n) for n in names] == [getattr(other, n) for n in names]
    for name, found in one.findings.items():
        again = other.findings[name]
        assert (again.verdict, again.reason) == (found.verdict, found.reason), name
        if found.trace is None or again.trace is None:
            assert found.trace is again.trace
        elif traces:
            assert again.trace.states == found.trace.states, name
            assert again.trace.actions == found.trace.actions, name
            assert again.trace.loop == found.trace.loop, name
        elif found.trace.loop is None:
            assert len(again.trace) == len(found.trace), name


def with_symmetry(system: System, claims: list[Claim], forget: Wish = Wish.OFF) -> Report:
    """The kernel's report where one state stands for all that are alike."""
    reductions = Reductions(Wish.ON, forget, Wish.OFF, Wish.OFF)
    make, told = choose(system, claims, Machine.KERNEL, reductions)
    assert "symmetry of" in told
    return explore(system, claims, explorer=make)


def refused_or(system: System, claims: list[Claim], reason: str) -> Report | None:
    """The report with symmetry, unless that is refused for ``reason``."""
    try:
        return with_symmetry(system, claims)
    except NotInterchangeable as refused:
        if reason not in str(refused):
            raise
        return None


def asked_of(system: System) -> list[Claim]:
    """Every claim that concerns the system."""
    return [item.ground(system) for item in PROPERTIES if item.concerns(system)]


@pytest.mark.parametrize("seed", range(300))
def test_on_random_systems_the_kernel_finds_the_very_same(seed: int) -> None:
    system, claims = random_system(seed)
    same(explore(system, claims), explore(system, claims, explorer=KernelExplorer), traces=True)


@pytest.mark.parametrize("seed", range(300))
def test_on_random_endings_the_kernel_finds_the_very_same(seed: int) -> None:
    system, claim = random_ending(seed)
    same(explore(system, [claim]), explore(system, [claim], explorer=KernelExplorer), traces=True)


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_on_each_design_the_kernel_finds_the_very_same(design: Design) -> None:
    system = design.system(Size(0, 1))
    claims = asked_of(system)
    same(explore(system, claims), explore(system, claims, explorer=KernelExplorer), traces=True)


@pytest.mark.parametrize("design", [driver_managed_dma.design, unuse_in_probe.design], ids=str)
def test_of_two_devices_the_kernel_finds_the_very_same(design: Design) -> None:
    system = design.system(Size(1, 1))
    claims = asked_of(system)
    same(explore(system, claims), explore(system, claims, explorer=KernelExplorer), traces=True)


@pytest.mark.parametrize("seed", range(300))
def test_on_random_cells_symmetry_changes_no_verdict_and_no_count(seed: int) -> None:
    """Of one hub with up to four cells, and of two hubs with two each."""
    system, claims = random_cells(seed, 2 + seed % 3) if seed % 4 else random_cells(seed, 2, 2)
    reduced = refused_or(system, claims, "no run makes up for it")
    if reduced is None:
        return
    whole = explore(system, claims, explorer=KernelExplorer)
    if FINISHED in (whole.stopped, reduced.stopped):
        assert whole.stopped == reduced.stopped
        return
    same(whole, reduced, traces=False)
    assert reduced.stored is not None
    assert reduced.stored <= (whole.states or 0)


def test_the_random_cells_meet_every_verdict_of_every_kind() -> None:
    """Otherwise agreement over them would say little."""
    met: Counter[tuple[str, Verdict]] = Counter()
    for seed in range(300):
        system, claims = random_cells(seed, 2 + seed % 3)
        report = explore(system, claims, explorer=KernelExplorer)
        met.update((name, finding.verdict) for name, finding in report.findings.items())
    for name in ("never_wrong", "can_happen", "happens", "no_deadlock"):
        assert met[name, Verdict.HOLDS] >= 10, met
        assert met[name, Verdict.VIOLATED] >= 10, met


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_symmetry_changes_no_verdict_and_no_count_of_a_design(design: Design) -> None:
    system = design.system(Size(1, 1))
    claims = asked_of(system)
    reduced = refused_or(system, claims, "has no counterpart for dev0 and dev1 exchanged")
    if reduced is None:
        return
    same(explore(system, claims, explorer=KernelExplorer), reduced, traces=False)
    both = with_symmetry(system, claims, Wish.ON)
    for name, found in reduced.findings.items():
        again = both.findings[name]
        assert (again.verdict, again.reason) == (found.verdict, found.reason), name
        if found.trace is not None and found.trace.loop is None:
            assert len(again.trace or ()) == len(found.trace), name


def test_symmetry_changes_nothing_of_three_devices_but_what_is_stored() -> None:
    system = driver_managed_dma.design.system(Size(2, 1))
    claims = asked_of(system)
    whole = explore(system, claims, explorer=KernelExplorer)
    reduced = with_symmetry(system, claims)
    same(whole, reduced, traces=False)
    assert (whole.states, whole.transitions, whole.stored) == (1405296, 8308308, 1405296)
    assert (reduced.states, reduced.stored) == (1405296, 247300)


@action(source=bind_store.source, label=bind_store.label)
def quirk(d: Device, drv: Driver) -> Action | None:
    """A bind that only the first device knows."""
    plain = bind_store(d, drv)
    return plain if d.name == "dev0" else None


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_forgetting_changes_no_verdict_and_no_trace_of_a_design(design: Design) -> None:
    system = design.system(Size(1, 1))
    claims = asked_of(system)
    reductions = Reductions(Wish.OFF, Wish.ON, Wish.OFF, Wish.OFF)
    forgets, _ = choose(system, claims, Machine.KERNEL, reductions)
    fewer = explore(system, claims, explorer=forgets)
    whole = explore(system, claims, explorer=KernelExplorer)
    assert fewer.states is not None
    assert whole.states is not None
    # What is forgotten may be what never changes in this design.
    assert fewer.states <= whole.states if fewer.forgotten else fewer.states == whole.states
    for name, found in whole.findings.items():
        again = fewer.findings[name]
        assert (again.verdict, again.reason) == (found.verdict, found.reason), name
        if found.trace is not None and found.trace.loop is None:
            assert again.trace is not None
            assert again.trace.states == found.trace.states, name


@pytest.mark.parametrize("seed", [10, 58])
def test_what_tells_whether_a_fair_step_changes_anything_is_not_forgotten(seed: int) -> None:
    """A step that only wrote what is forgotten would be taken for one, again and again."""
    system, claims = random_cells(seed, 2 + seed % 3, notes=True)
    reductions = Reductions(Wish.OFF, Wish.ON, Wish.OFF, Wish.OFF)
    forgets, _ = choose(system, claims, Machine.KERNEL, reductions)
    fewer = explore(system, claims, explorer=forgets)
    for name, found in explore(system, claims, explorer=KernelExplorer).findings.items():
        assert fewer.findings[name].verdict is found.verdict, name


def test_three_devices_find_nothing_stolen_where_two_leave_and_a_third_comes() -> None:
    """A third driver that registered while the last one left could once do so twice."""
    found = check("claim_per_device", "no_claim_taken_from_another", devices=2)
    assert found.passed, found


def test_an_action_that_singles_out_a_device_is_named() -> None:
    design = driver_managed_dma.design.variant("quirk", but="dev0 is special", actions=[quirk])
    system = design.system(Size(3, 0))
    with pytest.raises(NotInterchangeable) as refused:
        find_symmetry(system, [])
    assert str(refused.value) == (
        "quirk(dev0, e1000e) has no counterpart for dev0 and dev1 exchanged"
    )
    make, told = choose(system, [])
    assert told == f"kernel, no symmetry: {refused.value}"
    assert make(system, Watch([], [], domains=False, deadlocks=False), 1).name == "kernel"


def test_a_claim_that_singles_out_a_device_is_named() -> None:
    system = driver_managed_dma.design.system(Size(3, 0))

    @invariant(broken="The first device is there no more.")
    def first_stays(d: Device) -> object:
        """The first device is never removed."""
        return ~d.dead if d.name == "dev0" else None

    with pytest.raises(NotInterchangeable, match=r"first_stays singles out one of dev0 and dev1"):
        find_symmetry(system, [first_stays.ground(system)])


class Wide(Entity):
    """More than a word holds."""

    a = counter(0, 40000, 0)
    b = counter(0, 40000, 0)
    c = counter(0, 40000, 0)
    d = counter(0, 40000, 0)
    e = counter(0, 4, 0)
    last = field(bool, False)


@action
def count_up(w: Wide) -> Action:
    """All count, up to 20."""
    return Action(
        [w.a < 20, w.a == w.d],
        [
            *(f.becomes(f + 1) for f in (w.a, w.b, w.c, w.d)),
            w.e.becomes(0),
            w.last.becomes(w.a == 19),
        ],
    )


@action
def step_aside(w: Wide) -> Action:
    """The last one counts as well, out of its domain in the end."""
    return Action([w.a == 20], [w.e.becomes(w.e + 1)])


def test_states_wider_than_a_word_and_than_two_are_told_apart() -> None:
    for many in (1, 2, 3):
        system = System("wide", [Wide(f"w{k}") for k in range(many)], [count_up, step_aside])
        same(explore(system, []), explore(system, [], explorer=KernelExplorer), traces=True)


def test_a_limit_is_met_exactly_and_an_interrupt_keeps_the_figures() -> None:
    system = driver_managed_dma.design.system(Size())
    claims = asked_of(system)
    cut = explore(system, claims, Limits(max_states=1000), KernelExplorer)
    same(explore(system, claims, Limits(max_states=1000)), cut, traces=True)

    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    stopped = explore(system, claims, Limits(progress=interrupt), KernelExplorer)
    assert stopped.stopped == "interrupted"


def test_without_a_compiler_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    assert build.build(tmp_path / "k.so") == "there is no C compiler (CC names one)"
    assert not list(tmp_path.iterdir())


def test_a_compiler_that_fails_is_quoted_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CFLAGS", "--no-such-option")
    assert "no-such-option" in build.build(tmp_path / "k.so")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("changed", ["kernel.c", "steps.h"])
def test_a_kernel_of_another_source_is_not_used(
    changed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path in build.SOURCE.parent.glob("*.[ch]"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(build, "SOURCE", tmp_path / "kernel.c")
    fresh = functools.cache(native.library.__wrapped__)
    assert fresh() is not None
    with (tmp_path / changed).open("a", encoding="utf-8") as source:
        source.write("\n")
    fresh.cache_clear()
    assert fresh() is None


def test_what_the_kernel_cannot_do_is_done_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.engines.kernel.store.library", lambda: None)
    system = driver_managed_dma.design.system(Size(1, 0))
    make, told = choose(system, [])
    assert told.startswith("numpy; it was not built")
    assert explore(system, [], explorer=make).complete
    with pytest.raises(Unsuitable, match="it was not built"):
        choose(system, [], Machine.KERNEL)
