"""The lineage of the designs as a picture."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from model.designs import DESIGNS
from model.report.graph import lineage
from model.report.tree import to_svg
from tests.cli.program import call

SVG = "{http://www.w3.org/2000/svg}"
FOREST = [
    ("root", None, ""),
    ("left", "root", "it is <left> & so on"),
    ("deep", "left", "it is deep"),
    ("right", "root", "it is right"),
    ("alone", None, ""),
]


def read(text: str) -> tuple[ET.Element, dict[str, tuple[int, int]]]:
    """The picture, and where the name of each node stands."""
    root = ET.fromstring(text)  # noqa: S314  # our own text
    names = {}
    for item in root.iter(f"{SVG}text"):
        name = item.find(f"{SVG}tspan")
        assert name is not None
        names[str(name.text)] = (int(item.attrib["x"]), int(item.attrib["y"]))
    return root, names


def test_a_design_stands_below_and_right_of_what_it_was_derived_from() -> None:
    _, place = read(to_svg(lineage(FOREST), "forest"))
    rows = sorted(place, key=lambda name: place[name][1])
    assert rows == ["root", "left", "deep", "right", "alone"]
    assert place["root"][0] == place["alone"][0] < place["left"][0] == place["right"][0]
    assert place["left"][0] < place["deep"][0]
    assert len({y for _, y in place.values()}) == len(place)


def test_a_line_leads_from_each_design_to_those_derived_from_it() -> None:
    root, place = read(to_svg(lineage(FOREST), "forest"))
    lines = [item.attrib["d"] for item in root.iter(f"{SVG}path")]
    assert len(lines) == 3
    x, y = place["right"]
    assert any(line.endswith(f"V{y - 4}H{x - 3}") for line in lines)


def test_what_differs_is_said_behind_the_name_and_escaped() -> None:
    text = to_svg(lineage(FOREST), "a < b")
    assert "it is &lt;left&gt; &amp; so on" in text
    assert "<title>a &lt; b</title>" in text


def test_a_node_with_two_parents_is_refused() -> None:
    graph = lineage(FOREST)
    graph.add_edge("alone", "deep", actions=("twice",))
    with pytest.raises(ValueError, match="forest is no forest"):
        to_svg(graph, "forest")


def test_a_node_derived_from_itself_is_refused() -> None:
    graph = lineage([("a", "b", "x"), ("b", "a", "y")])
    with pytest.raises(ValueError, match="is no forest"):
        to_svg(graph, "ring")


def test_the_program_draws_every_design_once_within_a_wide_screen() -> None:
    ran = call("list", "--format", "svg")
    assert (ran.code, ran.err) == (0, "")
    root, place = read(ran.out)
    assert set(place) == {design.name for design in DESIGNS}
    assert int(root.attrib["width"]) < 1500
    assert int(root.attrib["height"]) < 25 * (len(DESIGNS) + 2)
