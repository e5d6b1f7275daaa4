"""The search: exact, shortest, honest about where it stopped."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from model.designs import driver_managed_dma, unuse_in_probe
from model.engines.lowering import Lowered
from model.engines.result import Limits, Progress, Verdict
from model.engines.search import explore
from model.lang import Claim, Kind, System
from model.lang.properties import every_action_fires
from model.linux.design import Size
from model.traces.trace import Trace, replay
from properties import PROPERTIES
from tests.engines.naive import Naive
from tests.random_systems import random_system

SEEDS = range(220)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_search_finds_what_the_definitions_say(seed: int) -> None:
    """States, steps, depth, verdicts and lengths of traces, on random systems."""
    system, claims = random_system(seed)
    naive = Naive.explore(system)
    report = explore(system, claims)
    if report.complete:
        assert report.states == len(naive.distance)
        assert report.transitions == len(naive.steps) + len(naive.lost)
        assert report.depth == max(naive.distance.values())
    for claim in claims:
        finding = report.findings[claim.name]
        assert finding.verdict is naive.verdict(claim), claim.name
        if finding.trace is not None:
            assert len(finding.trace) == naive.violation(claim)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_shortest_trace_has_fewer_switches(seed: int) -> None:
    system, claims = random_system(seed)
    naive = Naive.explore(system)
    report = explore(system, claims)
    for finding in report.findings.values():
        if finding.trace is not None and len(finding.trace.actions) <= 6:
            best = min(map(switches, shortest_runs(naive, finding.trace)))
            assert switches([a.actor for a in finding.trace.actions]) == best


def switches(actors: list[str]) -> int:
    """How often one actor takes over from another."""
    return sum(one != other for one, other in itertools.pairwise(actors))


def shortest_runs(naive: Naive, trace: Trace) -> Iterator[list[str]]:
    """The actors of every shortest run to the trace's last state."""

    def back(state: object, distance: int) -> Iterator[list[str]]:
        if distance == 0:
            yield []
        for before, action, after in naive.steps:
            if after == state and naive.distance[before] == distance - 1:
                for run in back(before, distance - 1):
                    yield [*run, action.actor]

    yield from back(trace.states[-1], len(trace.actions))


def system_and_claims() -> tuple[System, list[Claim]]:
    """The merged design with every property, at a size that takes a while."""
    system = driver_managed_dma.design.system(Size())
    return system, [item.ground(system) for item in PROPERTIES]


def test_a_limit_of_states_is_met_exactly_and_leaves_everything_open() -> None:
    system, claims = system_and_claims()
    report = explore(system, claims, Limits(max_states=1000))
    assert report.states == 1000
    assert not report.complete
    assert "--max-states 1000" in report.stopped
    open_ = {f.verdict for n, f in report.findings.items() if n != "userspace_can_own_the_group"}
    assert open_ == {Verdict.UNDETERMINED}


def test_a_limit_may_cut_off_the_steps_of_the_very_state_that_leads_to_a_violation() -> None:
    system, claims = random_system(10)
    for most in range(1, explore(system, claims).stored or 0):
        report = explore(system, claims, Limits(max_states=most))
        assert report.stored == most


def test_a_timeout_leaves_everything_open_and_keeps_the_figures() -> None:
    system, claims = system_and_claims()
    report = explore(system, claims, Limits(timeout=0.0))
    assert "--timeout 0 s" in report.stopped
    assert report.findings["no_deadlock"].verdict is Verdict.UNDETERMINED
    assert report.states
    assert report.peak_bytes > 0


def test_an_interrupt_leaves_everything_open_and_keeps_the_figures() -> None:
    system, claims = system_and_claims()
    looked = []

    def interrupt(progress: Progress) -> None:
        looked.append(progress)
        if progress.states > 5000:
            raise KeyboardInterrupt

    report = explore(system, claims, Limits(progress=interrupt))
    assert report.stopped == "interrupted"
    assert report.findings["no_bug_on"].verdict is Verdict.UNDETERMINED
    assert report.states is not None
    assert report.states > 5000
    assert [p.states for p in looked] == sorted(p.states for p in looked)


def test_a_violation_found_before_a_limit_is_kept() -> None:
    system = unuse_in_probe.design.system(Size())
    claims = [item.ground(system) for item in PROPERTIES]
    cut = explore(system, claims, Limits(max_states=20_000))
    assert cut.findings["owner_cnt_never_below_zero"].verdict is Verdict.VIOLATED
    assert cut.findings["no_deadlock"].verdict is Verdict.UNDETERMINED


def test_the_search_ends_early_once_every_claim_is_violated() -> None:
    system = unuse_in_probe.design.system(Size())
    first = next(p for p in PROPERTIES if p.name == "owner_cnt_never_below_zero").ground(system)
    report = explore(system, [first])
    assert report.findings[first.name].verdict is Verdict.VIOLATED
    assert report.stopped == "every claim is decided"
    assert report.states is not None
    assert report.states < 10_000


def test_every_kind_of_claim_meets_every_verdict_among_the_random_systems() -> None:
    """Otherwise agreement over them would say little."""
    met = set()
    for seed in SEEDS:
        system, claims = random_system(seed)
        report = explore(system, claims)
        met |= {(claim.kind, report.findings[claim.name].verdict) for claim in claims}
    for kind in (Kind.INVARIANT, Kind.POSSIBLE):
        assert {v for k, v in met if k is kind} >= {
            Verdict.HOLDS,
            Verdict.VIOLATED,
            Verdict.UNDETERMINED,
        }
    for kind in (Kind.TYPES, Kind.DEADLOCK):
        assert {v for k, v in met if k is kind} >= {Verdict.HOLDS, Verdict.VIOLATED}


def test_an_action_that_never_fires_makes_its_claim_vacuous() -> None:
    system = driver_managed_dma.design.system(Size())
    first = [a for a in system.actions if a.name != "vfio_group_fops_open"]
    mute = system.with_actions(first)
    report = explore(mute, [every_action_fires.ground(mute)])
    finding = report.findings["every_action_fires"]
    assert finding.verdict is Verdict.VACUOUS
    assert "set_container" in finding.reason


@pytest.mark.parametrize("seed", range(40))
def test_packing_and_unpacking_a_state_gives_the_state(seed: int) -> None:
    system, _ = random_system(seed)
    lowered = Lowered(system)
    for state in itertools.islice(
        itertools.product(*(v.domain.values for v in system.variables)), 500
    ):
        assert lowered.unpack(lowered.pack(state)) == state


@pytest.mark.parametrize("seed", range(60))
def test_conditions_mean_what_the_reference_says(seed: int) -> None:
    from model.lang.reference import evaluate

    system, claims = random_system(seed)
    lowered = Lowered(system)
    states = list(
        itertools.islice(itertools.product(*(v.domain.values for v in system.variables)), 400)
    )
    for claim in claims:
        for case in claim.cases:
            for part in (case.that, case.when, case.during):
                slow = [bool(evaluate(part, system, state)) for state in states]
                packed = [lowered.pack(state) for state in states]
                assert [bool(lowered.condition(part)(p)) for p in packed] == slow
                assert list(map(bool, lowered.answers([part])(packed))) == slow


def test_every_trace_is_replayed_before_it_is_shown() -> None:
    system = driver_managed_dma.design.system(Size(1, 0))
    lowered = [a for a in system.actions if a.name == "bind_store"]
    assert lowered
    report = explore(system, [item.ground(system) for item in PROPERTIES])
    for finding in report.findings.values():
        if finding.trace is not None:
            replay(finding.trace)
