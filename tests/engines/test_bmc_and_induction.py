"""What bounded model checking and induction promise."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from model.engines.bmc import bounded
from model.engines.induction import prove
from model.engines.result import Finding, Limits, Progress, Report, Verdict
from model.lang import (
    Action,
    Claim,
    Entity,
    Expr,
    GroundAction,
    Kind,
    Property,
    State,
    System,
    action,
    count,
    counter,
    field,
    implies,
    invariant,
    no_deadlock,
    reachable,
    type_invariant,
)
from model.lang.properties import TRUE, Case, every_action_fires
from model.lang.reference import OutOfDomain, apply, evaluate, is_enabled
from model.traces.trace import replay
from tests.random_systems import random_system


class Clockwork(Entity):
    """A counter that goes up by one or by two, and a light."""

    n = counter(0, 9, 0)
    light = field(bool, False)


@action
def one(c: Clockwork) -> Action:
    """Up by one."""
    return Action([c.n < 5], [c.n.becomes(c.n + 1)])


@action
def two(c: Clockwork) -> Action:
    """Up by two, never beyond eight."""
    return Action([c.n < 7], [c.n.becomes(c.n + 2)])


@action
def over(c: Clockwork) -> Action:
    """Up by one, at nine too."""
    return Action([c.n >= 5], [c.n.becomes(c.n + 1)])


@action
def wrap(c: Clockwork) -> Action:
    """Back to the start."""
    return Action([c.n >= 7], [c.n.becomes(0)])


@action
def dazzle(c: Clockwork) -> Action:
    """The light goes on at nine, which is never reached by `one` and `two`."""
    return Action([c.n == 9], [c.light.becomes(True)])


@action
def start_over(c: Clockwork) -> Action:
    """From the two highest values back to the start."""
    return Action([c.n >= 8], [c.n.becomes(0)])


@invariant(broken="It reached seven.")
def below_seven(c: Clockwork) -> Expr[bool]:
    """The counter stays below seven."""
    return c.n < 7


@invariant(broken="It started.")
def positive(c: Clockwork) -> Expr[bool]:
    """The counter is never nought."""
    return c.n > 0


@invariant(broken="It is nine.")
def not_nine(c: Clockwork) -> Expr[bool]:
    """The counter never is nine."""
    return c.n < 9


@invariant(broken="The light is on.")
def dark(c: Clockwork) -> Expr[bool]:
    """The light stays off."""
    return ~c.light


@reachable(broken="It never gets to eight.")
def eight(c: Clockwork) -> Expr[bool]:
    """The counter gets to eight."""
    return c.n == 8


@reachable(broken="It never gets to nine.")
def nine(c: Clockwork) -> Expr[bool]:
    """The counter gets to nine."""
    return c.n == 9


def clockwork(*more: object) -> System:
    """One counter with `one`, `two` and ``more``."""
    return System("clockwork", [Clockwork("c")], [one, two, *more])  # type: ignore[list-item]  # actions


def claims(system: System, *properties: Property) -> list[Claim]:
    """The claims that ``properties`` make of ``system``."""
    return [each.ground(system) for each in properties]


def only(report: Report) -> Finding:
    """The finding of a report on one claim."""
    (finding,) = report.findings.values()
    return finding


# -- bounded model checking ----------------------------------------------------------------------


def test_the_counterexample_is_a_shortest_one() -> None:
    system = clockwork(wrap)
    finding = only(bounded(system, claims(system, below_seven), depth=10))
    assert finding.verdict is Verdict.VIOLATED
    assert finding.trace is not None
    replay(finding.trace)
    assert len(finding.trace) == 4
    assert finding.trace.states[-1][0] in {7, 8}


def test_a_claim_that_an_initial_state_breaks_has_a_trace_of_no_steps() -> None:
    system = clockwork()
    finding = only(bounded(system, claims(system, positive), depth=0))
    assert finding.verdict is Verdict.VIOLATED
    assert finding.trace is not None
    assert len(finding.trace) == 0


def test_a_type_violation_names_the_step_that_leaves_the_domain() -> None:
    system = clockwork(over)
    finding = only(bounded(system, claims(system, type_invariant), depth=10))
    assert finding.verdict is Verdict.VIOLATED
    assert finding.trace is not None
    replay(finding.trace)
    assert finding.trace.stuck_on is system.by_title["over(c)"]
    assert finding.trace.states[-1][0] == 9
    assert len(finding.trace) == 6


def test_the_step_that_leaves_the_domain_counts_towards_the_bound() -> None:
    system = clockwork(over)
    assert only(bounded(system, claims(system, type_invariant), depth=6)).trace is not None
    assert only(bounded(system, claims(system, type_invariant), depth=5)).trace is None


def test_a_step_that_leaves_a_domain_has_no_successor() -> None:
    @action
    def swell(c: Clockwork) -> Action:
        """It would light up beyond nine."""
        return Action([c.n >= 7], [c.n.becomes(c.n + 9), c.light.becomes(True)])

    system = clockwork(swell)
    assert only(bounded(system, claims(system, dark), depth=8)).verdict is Verdict.UNDETERMINED


def test_a_deadlock_is_found_where_no_guard_holds() -> None:
    system = clockwork()
    finding = only(bounded(system, claims(system, no_deadlock), depth=10))
    assert finding.verdict is Verdict.VIOLATED
    assert finding.trace is not None
    assert finding.trace.states[-1][0] in {7, 8}
    assert len(finding.trace) == 4


def test_a_bound_is_no_proof() -> None:
    system = clockwork(wrap)
    report = bounded(system, claims(system, not_nine), depth=6)
    assert only(report).verdict is Verdict.UNDETERMINED
    assert only(report).reason == "no violation within 6 steps; a bound is no proof"
    assert not report.complete
    assert report.stopped == "the bound of 6 steps"
    assert report.depth == 6


def test_what_is_reached_holds_and_what_is_not_stays_open() -> None:
    system = clockwork(wrap)
    report = bounded(system, claims(system, eight, nine), depth=7)
    assert report.findings["eight"].verdict is Verdict.HOLDS
    assert report.findings["eight"].reason == "reached within 4 steps"
    assert report.findings["nine"].verdict is Verdict.UNDETERMINED


def test_a_reachability_claim_needs_every_case() -> None:
    system = clockwork(wrap)
    both = Claim("both", Kind.REACHABLE, (*(claims(system, eight)[0].cases), Case(
        "never", claims(system, nine)[0].that)), "Both.", "Not both.")  # fmt: skip
    finding = only(bounded(system, [both], depth=6))
    assert finding.verdict is Verdict.UNDETERMINED
    assert "1 of 2 cases not reached" in finding.reason


def test_the_search_ends_once_every_claim_is_decided() -> None:
    system = clockwork(wrap)
    report = bounded(system, claims(system, below_seven), depth=10_000)
    assert report.complete
    assert report.depth == 4


def test_kinds_that_need_all_runs_stay_open_with_a_reason() -> None:
    system, every = random_system(1)
    chosen = [c for c in every if c.kind is Kind.POSSIBLE]
    chosen.append(every_action_fires.ground(system))
    for finding in bounded(system, chosen, depth=1).findings.values():
        assert finding.verdict is Verdict.UNDETERMINED
        assert len(finding.reason.split()) > 5


def test_a_negative_bound_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 steps"):
        bounded(clockwork(), [], depth=-1)


def test_progress_is_told_once_a_depth() -> None:
    told: list[Progress] = []
    system = clockwork(wrap)
    bounded(system, claims(system, not_nine), depth=3, limits=Limits(progress=told.append))
    assert [p.depth for p in told] == [0, 1, 2]


# -- agreement with the reference ----------------------------------------------------------------


class Reference:
    """The distance of every reachable state, by the reference semantics and nothing else."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.distance: dict[State, int] = {}
        self.leaving: int | None = None
        self.stuck: int | None = None
        level = list(dict.fromkeys(system.initial_states()))
        depth = 0
        while level:
            self.distance.update((state, depth) for state in level)
            level = [s for s in dict.fromkeys(self._after(level, depth)) if s not in self.distance]
            depth += 1

    def _after(self, level: list[State], depth: int) -> Iterator[State]:
        for state in level:
            enabled = [a for a in self.system.actions if is_enabled(a, self.system, state)]
            if not enabled and self.stuck is None:
                self.stuck = depth
            for step in enabled:
                try:
                    yield apply(step, self.system, state)
                except OutOfDomain:
                    self.leaving = depth + 1 if self.leaving is None else self.leaving

    def first(self, condition: Expr[bool], wanted: bool) -> int | None:
        """How far the nearest state is in which ``condition`` is ``wanted``."""
        return min(
            (d for s, d in self.distance.items() if evaluate(condition, self.system, s) is wanted),
            default=None,
        )

    def nearest(self, claim: Claim) -> int | None:
        """How many steps it takes to refute ``claim``, or to meet a REACHABLE one."""
        if claim.kind is Kind.TYPES:
            return self.leaving
        if claim.kind is Kind.DEADLOCK:
            return self.stuck
        return self.first(claim.that, claim.kind is Kind.REACHABLE)


DEPTH = 6


@pytest.mark.parametrize("seed", range(200))
def test_bounded_model_checking_agrees_with_the_reference(seed: int) -> None:
    system, every = random_system(seed)
    reference = Reference(system)
    report = bounded(system, every, depth=DEPTH)
    for claim in every:
        if claim.kind is Kind.POSSIBLE:
            continue
        finding, nearest = report.findings[claim.name], reference.nearest(claim)
        if nearest is None or nearest > DEPTH:
            assert finding.verdict is Verdict.UNDETERMINED
        elif claim.kind is Kind.REACHABLE:
            assert finding.verdict is Verdict.HOLDS
        else:
            assert finding.verdict is Verdict.VIOLATED
            assert finding.trace is not None
            replay(finding.trace)
            assert len(finding.trace) == nearest
            last = finding.trace.states[-1]
            if claim.kind is Kind.INVARIANT:
                assert evaluate(claim.that, system, last) is False
            if claim.kind is Kind.DEADLOCK:
                assert not any(is_enabled(a, system, last) for a in system.actions)


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("seed", range(200))
def test_induction_never_contradicts_the_reference(seed: int, k: int) -> None:
    system, every = random_system(seed)
    reference = Reference(system)
    offered = [claim for claim in every if claim.kind is Kind.INVARIANT]
    report = prove(system, every, lemmas=offered, k=k)
    for claim in every:
        finding = report.findings[claim.name]
        assert finding.verdict is not Verdict.PROVED
        if finding.verdict is Verdict.UNDETERMINED or claim.kind in {Kind.POSSIBLE, Kind.REACHABLE}:
            assert finding.verdict is Verdict.UNDETERMINED
            assert finding.reason
            assert finding.trace is None
            if finding.hint is not None:
                assert is_a_run(finding.hint.states, finding.hint.actions, system)
        elif finding.verdict is Verdict.HOLDS:
            assert reference.nearest(claim) is None
            assert reference.leaving is None
        else:
            assert finding.trace is not None
            assert len(finding.trace) == reference.nearest(claim)


def is_a_run(passed: tuple[State, ...], actions: tuple[GroundAction, ...], system: System) -> bool:
    """Whether each of ``actions`` leads from one state to the next, wherever it starts."""
    return all(
        is_enabled(step, system, passed[i]) and apply(step, system, passed[i]) == passed[i + 1]
        for i, step in enumerate(actions)
    )


# -- induction -----------------------------------------------------------------------------------


@invariant(broken="More than eight.")
def at_most_eight(c: Clockwork) -> Expr[bool]:
    """The counter is eight at most."""
    return c.n <= 8


@invariant(broken="Six.")
def not_six(c: Clockwork) -> Expr[bool]:
    """The counter never is six."""
    return c.n != 6


def test_what_every_step_preserves_holds_for_runs_of_every_length() -> None:
    system = clockwork(wrap)
    report = prove(system, claims(system, at_most_eight, type_invariant))
    for finding in report.findings.values():
        assert finding.verdict is Verdict.HOLDS
        assert finding.reason == "by induction, every run length at this size; no lemmas"
    assert report.complete
    assert report.peak_bytes > 0


def test_a_counterexample_to_induction_is_a_hint_and_no_violation() -> None:
    system = clockwork(wrap, dazzle)
    finding = only(prove(system, claims(system, dark)))
    assert finding.verdict is Verdict.UNDETERMINED
    assert finding.trace is None
    assert finding.hint is not None
    assert [step.name for step in finding.hint.actions] == ["dazzle"]
    assert finding.hint.states[0][0] == 9
    assert "dazzle(c)" in finding.reason


def test_a_lemma_proves_what_is_not_inductive_by_itself() -> None:
    system = clockwork(wrap, dazzle)
    finding = only(prove(system, claims(system, dark), lemmas=claims(system, at_most_eight)))
    assert finding.verdict is Verdict.HOLDS
    assert finding.reason.endswith("lemmas: at_most_eight")


def test_a_lemma_that_is_not_inductive_is_dropped_and_named() -> None:
    system = clockwork(wrap, dazzle)
    lemmas = claims(system, not_six, at_most_eight, positive)
    finding = only(prove(system, claims(system, dark), lemmas=lemmas))
    assert finding.verdict is Verdict.HOLDS
    assert finding.reason.endswith("lemmas: at_most_eight; dropped: not_six(c), positive(c)")


class Pair(Entity):
    """Two lights that copy each other."""

    a = field(bool, False)
    b = field(bool, False)


@action
def left(p: Pair) -> Action:
    """The first copies the second."""
    return Action([~p.a], [p.a.becomes(p.b)])


@action
def right(p: Pair) -> Action:
    """The second copies the first."""
    return Action([~p.b], [p.b.becomes(p.a)])


def test_lemmas_that_need_each_other_are_kept_together() -> None:
    p = Pair("p")
    system = System("pair", [p], [left, right])
    lemmas = [
        Claim(name, Kind.INVARIANT, (Case("p", that),), "Off.", "On.")
        for name, that in (("a_off", ~p.a), ("b_off", ~p.b))
    ]
    assert only(prove(system, lemmas[:1])).verdict is Verdict.UNDETERMINED
    assert only(prove(system, lemmas[:1], lemmas=lemmas)).verdict is Verdict.HOLDS


def test_two_steps_prove_what_one_does_not() -> None:
    # Nothing leads to nine, but one step from nine lights the light; two steps tell them apart.
    system = clockwork(wrap, dazzle)
    assert only(prove(system, claims(system, dark), k=1)).verdict is Verdict.UNDETERMINED
    assert only(prove(system, claims(system, dark), k=2)).verdict is Verdict.HOLDS


def test_more_steps_find_a_violation_that_is_that_near() -> None:
    system = clockwork(wrap)
    assert only(prove(system, claims(system, not_six), k=3)).verdict is Verdict.UNDETERMINED
    finding = only(prove(system, claims(system, not_six), k=4))
    assert finding.verdict is Verdict.VIOLATED
    assert finding.trace is not None
    assert len(finding.trace) == 3


def test_an_initial_violation_is_one_whatever_the_lemmas() -> None:
    system = clockwork(wrap)
    finding = only(prove(system, claims(system, positive), lemmas=claims(system, positive)))
    assert finding.verdict is Verdict.VIOLATED
    assert finding.trace is not None
    assert len(finding.trace) == 0


def test_a_type_error_that_lemmas_do_not_exclude_is_a_hint_that_ends_in_it() -> None:
    system = clockwork(over)
    finding = only(prove(system, claims(system, type_invariant)))
    assert finding.verdict is Verdict.UNDETERMINED
    assert finding.hint is not None
    assert finding.hint.stuck_on is system.by_title["over(c)"]
    assert [state[0] for state in finding.hint.states] == [9]


def test_nothing_holds_of_a_system_that_may_leave_a_domain() -> None:
    system = clockwork(over)
    finding = only(prove(system, claims(system, dark)))
    assert finding.verdict is Verdict.UNDETERMINED
    assert "leaves a domain" in finding.reason
    assert finding.hint is not None


def test_a_deadlock_can_be_excluded() -> None:
    system = clockwork(wrap)
    lemmas = claims(system, at_most_eight)
    assert only(prove(system, claims(system, no_deadlock), lemmas=lemmas)).verdict is Verdict.HOLDS
    short = clockwork(start_over)
    finding = only(prove(short, claims(short, no_deadlock)))
    assert finding.verdict is Verdict.UNDETERMINED
    assert finding.hint is not None
    assert finding.hint.states[-1][0] == 7


def test_induction_needs_a_step_and_invariants_for_lemmas() -> None:
    system = clockwork()
    with pytest.raises(ValueError, match="0 steps"):
        prove(system, [], k=0)
    with pytest.raises(ValueError, match="eight is no invariant"):
        prove(system, [], lemmas=claims(system, eight))


# -- giving up -----------------------------------------------------------------------------------


class Hole(Entity):
    """A pigeon and the hole it is in."""

    at = counter(0, 10, 0)
    other = counter(0, 10, 0)


def hard() -> tuple[System, Claim]:
    """Twelve pigeons, eleven holes: no state is a violation, which takes a solver for ever."""
    pigeons = [Hole(f"p{i}") for i in range(12)]

    @action
    def scatter(p: Hole) -> Action:
        """Any move at all."""
        return Action([], [p.at.becomes(p.other)])

    for pigeon in pigeons:
        pigeon.start.update(at=tuple(range(11)), other=tuple(range(11)))
    system = System("pigeons", pigeons, [scatter])
    apart = [a.at != b.at for i, a in enumerate(pigeons) for b in pigeons[:i]]
    crowded = count(apart) < len(apart)
    case = Case("", crowded)
    return system, Claim("crowded", Kind.INVARIANT, (case,), "Two share.", "None share.")


@pytest.mark.parametrize("engine", ["bmc", "induction"])
def test_a_time_limit_gives_no_verdict(engine: str) -> None:
    system, claim = hard()
    limits = Limits(timeout=0.5)
    report = (
        bounded(system, [claim], depth=3, limits=limits)
        if engine == "bmc"
        else prove(system, [claim], limits=limits)
    )
    assert report.engine == engine
    assert only(report).verdict is Verdict.UNDETERMINED
    assert only(report).reason == "not decided within 0.5 s"
    assert not report.complete
    assert report.stopped == "not decided within 0.5 s"
    assert report.seconds < 5


@pytest.mark.parametrize("engine", ["bmc", "induction"])
def test_an_interrupted_solver_gives_no_verdict(engine: str) -> None:
    system, claim = hard()
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        report = bounded(system, [claim], depth=3) if engine == "bmc" else prove(system, [claim])
    finally:
        timer.cancel()
    assert only(report).verdict is Verdict.UNDETERMINED
    assert only(report).reason == "interrupted"
    assert not report.complete
    assert report.stopped == "interrupted"


def test_what_was_decided_before_the_limit_stays_decided() -> None:
    system, claim = hard()
    trivial = Claim("never", Kind.INVARIANT, (Case("", ~TRUE),), "Never.", "Always.")
    report = bounded(system, [trivial, claim], depth=3, limits=Limits(timeout=0.5))
    assert report.findings["never"].verdict is Verdict.VIOLATED
    assert report.findings["crowded"].verdict is Verdict.UNDETERMINED


def test_an_implication_with_a_false_premise_is_no_obstacle() -> None:
    system = clockwork(wrap)
    that = implies(system.variables[0] == 9, system.variables[1])
    claim = Claim("odd", Kind.INVARIANT, (Case("", that),), "Odd.", "Even.")
    assert only(prove(system, [claim])).verdict is Verdict.HOLDS
