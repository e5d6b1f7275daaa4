"""Fields drawn as graphs of their values."""

from __future__ import annotations

import enum

import pytest

from model.lang import Action, Entity, System, action, any_of, counter, field, ite
from model.report.graph import stage_graph, to_dot, to_mermaid
from tests.traces.toy import system


class Odd(enum.Enum):
    """Values that drawing tools could stumble over."""

    QUOTE = 'a "b"'
    SLASH = "c\\d"
    END = "end"


class Thing(Entity):
    """Something with an odd stage."""

    stage = field(Odd, Odd.QUOTE)
    lit = field(bool, False)


class Number(Entity):
    """Something whose stage is a number."""

    stage = counter(0, 2, 0)


@action
def move(t: Thing) -> Action:
    """Two sources and two targets, one of each in common."""
    return Action(
        [any_of([t.stage == Odd.QUOTE, t.stage == Odd.SLASH]) & t.lit],
        [t.stage.becomes(ite(t.lit, Odd.SLASH, Odd.END))],
    )


@action
def reset(t: Thing) -> Action:
    """A guard that does not look at the stage."""
    return Action([t.lit], [t.stage.becomes(Odd.QUOTE)])


@action
def leave_end(t: Thing) -> Action:
    """A guard that says where the stage is not."""
    return Action([t.stage != Odd.QUOTE, ~t.stage.is_in(Odd.SLASH)], [t.stage.becomes(Odd.SLASH)])


@action
def copy(t: Thing, other: Thing) -> Action:
    """An update that is not fixed."""
    return Action([t.stage == Odd.END], [t.stage.becomes(other.stage)])


def test_the_devices_of_a_system_are_drawn_as_one() -> None:
    graph = stage_graph(system(hotplug=True), "stage")
    assert {node: data["initial"] for node, data in graph.nodes.items()} == {
        "absent": True,
        "idle": True,
        "claim": False,
        "bound": False,
    }
    assert {edge: data["actions"] for edge, data in graph.edges.items()} == {
        ("absent", "idle"): ("device_add",),
        ("idle", "claim"): ("bind_store",),
        ("claim", "bound"): ("use_default_domain", "set_container"),
        ("claim", "idle"): ("use_default_domain_busy",),
    }


def test_an_edge_needs_a_guard_on_the_field_and_a_fixed_other_value() -> None:
    things = System("odd", [Thing("t"), Thing("u")], [move, reset, leave_end, copy])
    graph = stage_graph(things, "stage")
    assert {edge: data["actions"] for edge, data in graph.edges.items()} == {
        ('a "b"', "c\\d"): ("move",),
        ('a "b"', "end"): ("move",),
        ("c\\d", "end"): ("move",),
        ("end", "c\\d"): ("leave_end",),
    }


def test_a_field_that_nothing_has_is_refused() -> None:
    with pytest.raises(ValueError, match="no entity of toy has a field 'stag'"):
        stage_graph(system(), "stag")


def test_a_field_that_means_two_things_is_refused() -> None:
    both = System("both", [Thing("t"), Number("n")], [move])
    with pytest.raises(ValueError, match="mean different things by 'stage'"):
        stage_graph(both, "stage")


def test_dot_text_is_escaped() -> None:
    graph = stage_graph(System("odd", [Thing("t")], [move, leave_end]), "stage")
    assert (
        to_dot(graph, 'the "stage"')
        == r"""digraph {
    label="the \"stage\"";
    node [shape=box];
    "a \"b\"" [peripheries=2];
    "c\\d";
    "end";
    "a \"b\"" -> "c\\d" [label="move"];
    "a \"b\"" -> "end" [label="move"];
    "c\\d" -> "end" [label="move"];
    "end" -> "c\\d" [label="leave_end"];
}
"""
    )


def test_mermaid_text_is_escaped() -> None:
    graph = stage_graph(System("odd", [Thing("t")], [move, leave_end]), "stage")
    assert (
        to_mermaid(graph, 'the "stage"')
        == r"""---
title: "the \"stage\""
---
flowchart TD
    n0(["a #34;b#34;"])
    n1["c#92;d"]
    n2["end"]
    n0 -->|"move"| n1
    n0 -->|"move"| n2
    n1 -->|"move"| n2
    n2 -->|"leave_end"| n1
"""
    )


def test_several_actions_of_one_edge_stand_on_lines_of_their_own() -> None:
    graph = stage_graph(system(), "stage")
    assert r'"claim" -> "bound" [label="use_default_domain\nset_container"];' in to_dot(graph, "")
    assert '-->|"use_default_domain<br/>set_container"|' in to_mermaid(graph, "")
