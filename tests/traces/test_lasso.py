"""Runs without end: replayed, judged, written and read again."""

from __future__ import annotations

import dataclasses
import json

import pytest

from model.lang import WeaklyFair
from model.traces import itf
from model.traces.lasso import objection
from model.traces.trace import NotARun, Trace, replay
from tests.toys.waiter import MOVED, PULLED, PUSHED, WAITER, case, system
from tests.traces.toy import run

META = {"description": "The waiter never goes in."}
MADE = system("arrive", "enter", "leave", "knock", "push", "pull", "bolt")
ROUND = ("push(door)", "pull(door)")


def endless(loop: int, *titles: str) -> Trace:
    """The run that takes ``titles`` and goes back to state ``loop``."""
    return dataclasses.replace(run(MADE, *titles), loop=loop)


def refused(trace: Trace) -> str:
    """What replaying ``trace`` is refused with."""
    with pytest.raises(NotARun) as caught:
        replay(trace)
    return str(caught.value)


@pytest.mark.parametrize("trace", [endless(1, "arrive(w)", *ROUND), endless(1, "arrive(w)")])
def test_a_run_without_end_is_written_and_read_back_as_the_same(trace: Trace) -> None:
    text = itf.dumps(trace, META)
    assert json.loads(text)["loop"] == trace.loop
    back = itf.read(text, "made.itf.json").bind(MADE)
    replay(back)
    assert (back.states, back.actions, back.loop) == (trace.states, trace.actions, trace.loop)
    assert itf.dumps(back, META) == text


def test_a_run_with_an_end_is_written_without_a_loop() -> None:
    assert "loop" not in json.loads(itf.dumps(run(MADE, "arrive(w)"), META))


def test_a_run_that_does_not_close_is_refused() -> None:
    assert refused(endless(0, "arrive(w)", *ROUND)) == (
        "step 3: it does not come back to state 0: w.at was outside there and is waiting now"
    )


def test_a_run_that_goes_back_to_a_state_it_does_not_have_is_refused() -> None:
    assert refused(endless(4, "arrive(w)")) == (
        "step 1: it goes back to state 4, which it does not have"
    )


def test_a_run_that_leaves_a_domain_cannot_go_on() -> None:
    stuck = dataclasses.replace(run(MADE, "arrive(w)"), stuck_on=MADE.actions[0], loop=1)
    assert refused(stuck).startswith("step 2: ")


@pytest.mark.parametrize(
    ("trace", "fair", "why"),
    [
        # Nothing happens any more: fair where no step of the sets can be taken.
        (endless(1, "arrive(w)"), [WAITER], ""),
        (
            endless(1, "arrive(w)"),
            [WAITER, PUSHED],
            "the loop is not fair to A shut door is opened. (weakly fair: push)",
        ),
        (endless(2, "arrive(w)", "bolt(door)"), [WAITER, PUSHED], ""),
        (
            endless(2, "arrive(w)", "push(door)"),
            [WAITER],
            "the loop is not fair to Whoever can go in does. (weakly fair: every step by w)",
        ),
        # A knock changes nothing: it is no step, and neither does being able to knock count.
        (endless(1, "arrive(w)", "knock(w)"), [WAITER], ""),
        (
            endless(2, "arrive(w)", "push(door)", "knock(w)"),
            [WAITER],
            "the loop is not fair to Whoever can go in does. (weakly fair: every step by w)",
        ),
        # The door moves for ever: nobody can go in all the while, and each set has its step.
        (endless(1, "arrive(w)", *ROUND), [WAITER, PUSHED, PULLED, MOVED], ""),
        # The goal, the premise and the end.
        (endless(0), [WAITER], "no state of it meets the premise"),
        (
            endless(3, "arrive(w)", "push(door)", "enter(w, door)"),
            [WAITER],
            "the goal is met in state 3, within the loop",
        ),
        (
            endless(4, "arrive(w)", "push(door)", "enter(w, door)", "leave(w)"),
            [PUSHED],
            "the goal is met in state 3, and the premise not after that",
        ),
        (run(MADE, "arrive(w)"), [WAITER], "it ends, and a run that breaks this has no end"),
    ],
)
def test_a_run_breaks_a_claim_about_the_end_or_it_is_said_why_not(
    trace: Trace, fair: list[WeaklyFair], why: str
) -> None:
    replay(trace)
    assert objection(trace, case(MADE, *fair)) == why
