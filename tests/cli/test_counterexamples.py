"""The committed counterexamples are what the program would write today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.catalogue import counterexamples, find, find_property
from model.designs import DESIGNS, THREAD
from model.evidence import bind, meta, size_of, text
from model.traces.itf import dumps, read
from properties import PROPERTIES
from tests.cli.program import Ran

HOME = counterexamples()
FILES = sorted(HOME.glob("*/*.itf.json"))


def test_there_are_some() -> None:
    assert len(FILES) > 20


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}-{p.name.split('.')[0]}")
def test_a_counterexample_replays_and_is_rendered_byte_for_byte(path: Path) -> None:
    document = read(path.read_bytes(), path)
    name = path.name.removesuffix(".itf.json")
    assert document.about("design", str) == path.parent.name
    assert document.about("property", str) == name
    asked = find_property(name)
    trace = bind(document, find(path.parent.name), asked)
    itf = dumps(trace, meta(path.parent.name, asked, size_of(document)))
    assert path.read_bytes() == itf.encode()
    drawn = path.with_name(f"{name}.txt")
    assert drawn.read_bytes() == text(trace, path.parent.name, asked).encode()
    assert max(map(len, drawn.read_text().splitlines())) <= 72
    assert drawn.read_text().isascii()


def test_a_search_finds_the_committed_counterexamples_again(
    everything: Ran, elsewhere: Path
) -> None:
    assert everything.code == 0
    found = elsewhere / "found"
    names = sorted(path.relative_to(found) for path in found.glob("*/*"))
    thread = {design.name for design in THREAD}
    committed = (path.relative_to(HOME) for path in HOME.glob("[a-z]*/*.*"))
    assert names == sorted(path for path in committed if path.parent.name in thread)
    for name in names:
        assert (found / name).read_bytes() == (HOME / name).read_bytes(), name


def test_every_file_is_one_of_a_pair_of_a_known_design_and_property() -> None:
    designs = {design.name for design in DESIGNS}
    claims = {item.name for item in PROPERTIES}
    for folder in (path for path in HOME.iterdir() if path.is_dir() and path.name[0].isalpha()):
        assert folder.name in designs
        found = {path.name for path in folder.iterdir()}
        stems = {name.split(".")[0] for name in found}
        assert stems <= claims
        assert found == {f"{stem}{ending}" for stem in stems for ending in (".txt", ".itf.json")}


def test_the_files_keep_the_rules_of_the_format() -> None:
    for path in FILES:
        trace = json.loads(path.read_text())
        assert trace["#meta"]["format"] == "ITF"
        assert [state["#meta"]["index"] for state in trace["states"]] == [
            *range(len(trace["states"]))
        ]
