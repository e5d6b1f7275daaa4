"""What happens in the end: fair runs without end that never come to it."""

from __future__ import annotations

from typing import TypeAlias

import pytest

from model.engines.bmc import bounded
from model.engines.induction import prove
from model.engines.result import Finding, Limits, Verdict
from model.engines.search import explore
from model.lang import Claim, System, WeaklyFair, weakly_fair
from model.traces.lasso import objection
from model.traces.trace import replay
from tests.engines.naive import Naive
from tests.engines.naive_endings import NaiveEnding
from tests.random_systems import random_ending
from tests.toys.waiter import MOVED, PULLED, PUSHED, WAITER, Door, goes_in, system

Told: TypeAlias = tuple[Verdict, list[str], list[str]]
"""The verdict, and the actions of the stem and of the loop of what breaks the claim."""

SEEDS = range(300)
FEW = 150  # states up to which the slow judge finds the shortest runs as well


def found(made: System, claim: Claim) -> Finding:
    """What the search says of ``claim``."""
    return explore(made, [claim]).findings[claim.name]


def told(made: System, *fair: WeaklyFair) -> Told:
    """The verdict on the waiter, and the actions of the stem and of the loop."""
    finding = found(made, goes_in(made, *fair))
    if finding.trace is None or finding.trace.loop is None:
        return finding.verdict, [], []
    names = [action.name for action in finding.trace.actions]
    return finding.verdict, names[: finding.trace.loop], names[finding.trace.loop :]


HOLDS: Told = (Verdict.HOLDS, [], [])


def stops(*stem: str) -> Told:
    """Violated by a run after which nothing happens any more."""
    return Verdict.VIOLATED, list(stem), []


def goes_round(stem: list[str], loop: list[str]) -> Told:
    """Violated by a run that goes round for ever."""
    return Verdict.VIOLATED, stem, loop


@pytest.mark.parametrize(
    ("actions", "fair", "expected"),
    [
        # Nobody need open the door.
        ("arrive enter push", [WAITER], stops("arrive")),
        # Somebody must, and it stays open.
        ("arrive enter push", [WAITER, PUSHED], HOLDS),
        # Nobody need go in.
        ("arrive enter push", [PUSHED], stops("arrive", "push")),
        # The door may be shut again and again before the waiter gets through: weak fairness does
        # not keep it open.
        ("arrive enter push pull", [WAITER, PUSHED], goes_round(["arrive"], ["push", "pull"])),
        # Two sets that must be served in turn on one loop; one step serves both of the others.
        (
            "arrive enter push pull",
            [WAITER, PUSHED, PULLED, MOVED],
            goes_round(["arrive"], ["push", "pull"]),
        ),
        # Without a step by the sets the same loop is not fair; there is another way to fail.
        ("arrive enter push pull bolt", [WAITER, PUSHED], stops("arrive", "bolt")),
        # One set of both steps is served by either.
        ("arrive enter push", [MOVED, WAITER], HOLDS),
        # A knock changes nothing and cannot be told from waiting: it neither saves the run nor
        # breaks the claim.
        ("arrive enter push knock", [WAITER, PUSHED], HOLDS),
        ("arrive enter push knock", [WAITER], stops("arrive")),
        # Having gone in once is enough.
        ("arrive enter leave push", [WAITER, PUSHED], HOLDS),
    ],
)
def test_whether_the_waiter_goes_in(actions: str, fair: list[WeaklyFair], expected: Told) -> None:
    assert told(system(*actions.split()), *fair) == expected


def test_a_loop_goes_where_a_set_cannot_be_taken_and_comes_back() -> None:
    made = system("arrive", "enter", "push", "pull", door=Door("door", {"open": True}))
    assert told(made, WAITER, PUSHED) == goes_round(["arrive"], ["pull", "push"])


def test_a_set_matters_only_where_it_says() -> None:
    door = Door("door")
    for where, expected in ((door.open, HOLDS), (~door.open, stops("arrive", "push"))):
        made = system("arrive", "enter", "push", door=door)
        fair = weakly_fair("Whoever can go in does.", actor="w", where=where)
        assert told(made, fair, PUSHED) == expected


def test_the_solver_leaves_it_open_and_says_why() -> None:
    made, claim = random_ending(1)
    for report in (bounded(made, [claim], depth=2), prove(made, [claim])):
        finding = report.findings[claim.name]
        assert finding.verdict is Verdict.UNDETERMINED
        assert len(finding.reason.split()) > 5


def test_a_search_that_is_cut_short_leaves_it_open() -> None:
    made = system("arrive", "enter", "push")
    claim = goes_in(made, WAITER)
    finding = explore(made, [claim], Limits(max_states=2)).findings[claim.name]
    assert finding.verdict is Verdict.UNDETERMINED
    assert finding.trace is None


def test_a_claim_whose_premise_is_never_met_is_vacuous() -> None:
    made = system("push", "pull", "knock")
    finding = found(made, goes_in(made, PUSHED))
    assert finding.verdict is Verdict.VACUOUS
    assert finding.reason == "never reached: its premise"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_search_agrees_with_the_slow_judge(seed: int) -> None:
    made, claim = random_ending(seed)
    naive = Naive.explore(made)
    (case,) = claim.cases
    judge = NaiveEnding(naive, case)
    finding = found(made, claim)
    if naive.lost:
        assert finding.verdict is Verdict.UNDETERMINED
        return
    if finding.verdict is Verdict.VACUOUS:
        assert not judge.asking
        return
    assert (finding.verdict is Verdict.VIOLATED) == judge.violated()
    if finding.trace is None:
        return
    replay(finding.trace)
    assert objection(finding.trace, case) == ""
    if len(naive.distance) <= FEW:
        begins, stop = judge.earliest()
        loop, length = finding.trace.loop, len(finding.trace)
        assert loop in (begins, stop)
        assert loop == length == stop if stop is not None and stop <= length else loop == begins


def test_the_random_systems_meet_every_verdict_by_either_kind_of_run() -> None:
    """Otherwise agreement over them would say little."""
    met = []
    for seed in SEEDS:
        finding = found(*random_ending(seed))
        loop = finding.trace is not None and finding.trace.loop != len(finding.trace)
        met.append((finding.verdict, loop))
    assert met.count((Verdict.HOLDS, False)) >= 20
    assert met.count((Verdict.VIOLATED, False)) >= 20
    assert met.count((Verdict.VIOLATED, True)) >= 5
