"""Results for programs: alone on stdout, of the published shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.program import ROOT, SAFE, STUB, UNFLAGGED, call, run, variant

SCHEMA = json.loads((ROOT / "docs" / "results.schema.json").read_text())
KEYS = {
    *("design", "property", "verdict", "expected", "as_expected", "engine", "devices", "groups"),
    *("hotplug", "states", "transitions", "depth", "trace_length", "trace", "seconds"),
    *("peak_bytes", "reason", "fewest_devices", "stored", "machine"),
}


def parsed(text: str) -> dict[str, Any]:
    """``text`` as JSON, after a look at its shape."""
    found: dict[str, Any] = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert found.keys() == {"version", "results", "exit_code"}
    assert all(result.keys() == KEYS for result in found["results"])
    return found


@pytest.fixture(scope="module")
def violated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("elsewhere")
    ran = run("check", "unuse_in_probe", "--property", SAFE, "--format", "json", cwd=folder)
    assert (ran.code, ran.err) == (0, "")
    return parsed(ran.out)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_refuses_another_shape(violated: dict[str, Any]) -> None:
    for wrong in ({**violated, "version": 2}, {**violated, "results": [{}]}, {"version": 1}):
        with pytest.raises(jsonschema.ValidationError):
            parsed(json.dumps(wrong))


def test_a_violation_has_its_facts(violated: dict[str, Any]) -> None:
    (result,) = violated["results"]
    assert violated["version"] == 1
    assert violated["exit_code"] == 0
    known = {
        "design": "unuse_in_probe",
        "property": SAFE,
        "verdict": "violated",
        "expected": "violated",
        "as_expected": True,
        "engine": "bfs",
        "devices": 1,
        "groups": 1,
        "hotplug": 1,
        "trace_length": 13,
    }
    assert result.items() >= known.items()
    assert len(result["trace"]["states"]) == 14
    assert result["states"] > 1000
    assert result["transitions"] > result["states"]
    assert result["depth"] >= 13
    assert result["peak_bytes"] > 2**20


def test_the_trace_in_the_results_can_be_replayed(violated: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "found.itf.json"
    path.write_text(json.dumps(violated["results"][0]["trace"]))
    ran = call("replay", path)
    assert ran.code == 0
    assert ran.out.endswith(f"replayed: 13 steps of unuse_in_probe, violating {SAFE}\n")


def test_json_is_alone_on_stdout_when_violations_are_not_expected(tmp_path: Path) -> None:
    path = variant(tmp_path, "unflagged", UNFLAGGED)
    ran = run("check", path, "-p", STUB, "-p", SAFE, "--format", "json", cwd=tmp_path)
    assert (ran.code, ran.err) == (1, "")
    found = parsed(ran.out)
    assert found["exit_code"] == 1
    assert [r["verdict"] for r in found["results"]] == ["violated", "holds"]
    assert [r["as_expected"] for r in found["results"]] == [False, True]


@pytest.mark.parametrize(
    ("words", "code", "verdict"),
    [
        (("driver_managed_dma", "-p", SAFE, "--max-states", "9"), 3, "undetermined"),
        (("viability_check", "-p", "owner_cnt_equals_claims_held"), 4, "vacuous"),
    ],
)
def test_json_tells_what_the_exit_code_tells(
    words: tuple[str, ...], code: int, verdict: str
) -> None:
    ran = call("check", *words, "--format", "json")
    found = parsed(ran.out)
    assert (ran.code, found["exit_code"]) == (code, code)
    assert found["results"][0]["verdict"] == verdict
    assert found["results"][0]["trace"] is None
    assert found["results"][0]["trace_length"] is None


def test_a_property_named_twice_is_answered_once() -> None:
    ran = call(
        "check", "driver_managed_dma", "-p", "no_bug_on", "-p", "no_bug_on", "--format", "json"
    )
    assert len(parsed(ran.out)["results"]) == 1


def test_an_engine_that_visits_no_states_reports_none() -> None:
    ran = call("check", "driver_managed_dma", "-p", SAFE, "--engine", "z3", "--format", "json")
    (result,) = parsed(ran.out)["results"]
    assert (result["engine"], result["states"], result["depth"]) == ("z3", None, None)
