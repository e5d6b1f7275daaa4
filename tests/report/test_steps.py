"""Traces as numbered steps."""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings

from model.lang import Action, Entity, System, action, field, show
from model.report.steps import render_steps
from model.traces.trace import Trace
from tests.toys import waiter
from tests.traces.toy import run, system, traces


class Clock(Entity):
    """Something that turns by itself."""

    day = field(bool, True)


@action
def stand() -> Action:
    """Nothing happens."""
    return Action([], [])


def test_each_step_has_its_title_actor_source_and_changes() -> None:
    trace = run(system(), "bind_store(dev1, vfio-pci)", "set_container(dev1)")
    assert (
        render_steps(trace)
        == """\
initially:
    dev1.stage = idle
    dev1.driver = none
    group0.user = false

 1. bind_store(dev1, vfio-pci)
    by dev1
    at v6.12:drivers/base/bus.c:bind_store() [device_lock]
    dev1.stage: idle -> claim
    dev1.driver: none -> vfio-pci

 2. set_container(dev1)
    by user
    dev1.stage: claim -> bound
    group0.user: false -> true
"""
    )


def test_a_run_without_end_says_how_it_goes_on() -> None:
    door = waiter.system("push", "pull")
    trace = run(door, "push(door)", "pull(door)")
    ends = "... and from here again from step 1, for ever.\n"
    assert render_steps(dataclasses.replace(trace, loop=0)) == f"{render_steps(trace)}\n{ends}"
    ends = "... and nothing has to happen any more.\n"
    assert render_steps(dataclasses.replace(trace, loop=2)) == f"{render_steps(trace)}\n{ends}"


def test_the_whole_initial_state_is_shown_when_asked_for() -> None:
    trace = run(system(), "bind_store(dev1, nvme)")
    start = render_steps(trace, show_all=True).split("\n\n")[0].split("\n")
    assert [line.split(" = ")[0].strip() for line in start[1:]] == [
        variable.name for variable in trace.system.variables
    ]


def test_a_trace_without_steps_shows_the_whole_initial_state() -> None:
    assert render_steps(run(System("s", [Clock("clock")], [stand]))) == (
        "initially:\n    clock.day = true\n"
    )


def test_a_step_that_changes_nothing_and_is_nobodys_says_so() -> None:
    text = render_steps(run(System("s", [Clock("clock")], [stand]), "stand()"))
    assert text.endswith("\n 1. stand()\n    by environment\n    (nothing changes)\n")


def test_a_step_that_leaves_a_domain_says_which() -> None:
    made = system(devices=3)
    titles = [f"bind_store(dev{i}, nvme)" for i in range(3)]
    trace = run(made, *titles, *(f"use_default_domain(dev{i})" for i in range(3)))
    assert render_steps(trace).endswith("    group0.owner_cnt: 2 -> 3 (outside 0..2)\n")


@given(traces())
@settings(deadline=None)
def test_every_change_of_every_step_is_shown(trace: Trace) -> None:
    text = render_steps(trace)
    for step in trace.steps():
        for variable, old, new in trace.changes(step):
            assert f"    {variable.name}: {show(old)} -> {show(new)}\n" in text
    assert text.count("\n    by ") == len(trace)
