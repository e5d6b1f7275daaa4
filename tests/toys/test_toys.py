"""Systems from the literature, with the numbers of states that others have published for them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from model.engines.result import Report, Verdict
from model.engines.search import explore
from model.lang import Property, System, every_action_fires, no_deadlock, type_invariant
from tests.toys import counter, peterson, philosophers, transaction_commit, two_phase_commit

WHOLE = (type_invariant, no_deadlock, every_action_fires)


def explored(system: System, claims: Sequence[Property] = ()) -> Report:
    """What the search says of ``system`` and of ``claims`` and the claims about every system."""
    report = explore(system, [claim.ground(system) for claim in (*claims, *WHOLE)])
    assert report.complete
    return report


def size(report: Report) -> tuple[int | None, int | None, int | None]:
    """How many states and transitions there are and how far the farthest state is."""
    return report.states, report.transitions, report.depth


def violated(report: Report) -> set[str]:
    """The names of the claims that do not hold; all others do."""
    verdicts = {name: finding.verdict for name, finding in report.findings.items()}
    assert set(verdicts.values()) <= {Verdict.HOLDS, Verdict.VIOLATED}, verdicts
    return {name for name, verdict in verdicts.items() if verdict is Verdict.VIOLATED}


def steps(report: Report, claim: str) -> list[str]:
    """The counterexample to ``claim``, as a list of the actions taken."""
    trace = report.findings[claim].trace
    assert trace is not None
    return [action.title for action in trace.actions]


def test_a_counter_from_0_to_3_has_four_states_and_the_third_step_breaks_its_claim() -> None:
    report = explored(counter.good(), [counter.stays_below_three, counter.returns_to_zero])
    assert size(report) == (4, 6, 3)
    assert violated(report) == {"stays_below_three"}
    assert steps(report, "stays_below_three") == ["up(counter)"] * 3


def test_a_counter_that_only_goes_up_cannot_return_and_ends_in_a_deadlock() -> None:
    report = explored(counter.one_way(), [counter.returns_to_zero])
    assert size(report) == (4, 3, 3)
    assert violated(report) == {"returns_to_zero", "no_deadlock"}
    assert steps(report, "returns_to_zero") == ["up(counter)"]
    assert steps(report, "no_deadlock") == ["up(counter)"] * 3


def test_a_counter_that_leaves_its_range_breaks_the_type_invariant_and_decides_nothing_else() -> (
    None
):
    system = counter.blind()
    report = explore(system, [p.ground(system) for p in (counter.returns_to_zero, *WHOLE)])
    found = report.findings["type_invariant"]
    assert found.verdict is Verdict.VIOLATED
    assert found.trace is not None
    assert (len(found.trace), str(found.trace.stuck_on)) == (4, "up_blindly(counter)")
    for claim in ("returns_to_zero", "no_deadlock", "every_action_fires"):
        assert report.findings[claim].verdict is Verdict.UNDETERMINED


def test_petersons_lock_excludes_and_lets_everyone_in() -> None:
    report = explored(peterson.good(), [peterson.mutual_exclusion, peterson.can_enter])
    assert size(report) == (20, 34, 6)
    assert violated(report) == set()


def test_petersons_lock_with_its_announcements_swapped_fails_within_six_steps() -> None:
    report = explored(peterson.broken(), [peterson.mutual_exclusion, peterson.can_enter])
    assert size(report) == (32, 60, 7)
    assert violated(report) == {"mutual_exclusion"}
    trace = steps(report, "mutual_exclusion")
    assert len(trace) == 6
    assert sorted(trace) == [
        f"{name}(p{i})"
        for name in ("enter", "give_turn_first", "raise_flag_second")
        for i in (0, 1)
    ]
    assert trace[-1].startswith("enter")


@pytest.mark.parametrize(("seats", "transitions"), [(2, 8), (3, 27), (4, 88), (5, 265)], ids=str)
def test_philosophers_starve_after_each_has_taken_one_fork(seats: int, transitions: int) -> None:
    report = explored(philosophers.table(seats), [philosophers.no_fork_is_shared])
    # Words in a circle over three hands without two neighbours that hold one fork: the trace of
    # ((1, 1, 0), (1, 1, 1), ...) is a companion Pell number, 6, 14, 34, 82, 198, ...
    pell = [2, 2]
    while len(pell) <= seats:
        pell.append(2 * pell[-1] + pell[-2])
    assert size(report) == (pell[seats], transitions, seats)
    assert violated(report) == {"no_deadlock"}
    assert sorted(steps(report, "no_deadlock")) == [f"take_first(phil{i})" for i in range(seats)]


@pytest.mark.parametrize(
    ("seats", "states", "transitions"), [(2, 5, 6), (3, 12, 22), (4, 29, 72), (5, 70, 219)]
)
def test_one_left_handed_philosopher_feeds_them_all(
    seats: int, states: int, transitions: int
) -> None:
    report = explored(philosophers.table(seats, left_handed=1), [philosophers.no_fork_is_shared])
    assert size(report) == (states, transitions, seats)
    assert violated(report) == set()


# TLC's numbers for three resource managers stand in transaction_commit/manifest.json of
# tlaplus/Examples: 288 distinct states, 1146 generated ones (the transitions and the initial state)
# and a depth of 11 (states, not steps). TwoPhase.tla tells of 50816 states for six. Stateright's
# example 2pc asserts 288 and, for five, 8832.
@pytest.mark.parametrize(
    ("resources", "states", "transitions", "depth"),
    [
        (2, 56, 153, 7),
        (3, 288, 1145, 10),
        (4, 1568, 8257, 13),
        (5, 8832, 58145, 16),
        (6, 50816, 402305, 19),
    ],
)
def test_two_phase_commit_has_as_many_states_as_published_and_is_consistent(
    resources: int, states: int, transitions: int, depth: int
) -> None:
    report = explored(
        two_phase_commit.protocol(resources),
        [two_phase_commit.consistent, two_phase_commit.commits],
    )
    assert size(report) == (states, transitions, depth)
    assert violated(report) == set()


def test_transaction_commit_has_as_many_states_as_published_and_ends() -> None:
    report = explored(transaction_commit.transaction(3), [transaction_commit.agree])
    # The same manifest: 34 distinct states, 94 generated ones, a depth of 7.
    assert size(report) == (34, 93, 6)
    assert violated(report) == {"no_deadlock"}


def test_a_claim_about_two_resource_managers_is_vacuous_for_one() -> None:
    report = explored(two_phase_commit.protocol(1), [two_phase_commit.consistent])
    assert report.findings["consistent"].verdict is Verdict.VACUOUS
