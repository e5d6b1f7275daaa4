"""The certificate of a search is found again by another machine, or refused with the reason."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model import certifying
from model.certificates.form import CertificateError
from model.certificates.reachable import NAME, Reachable, Result, folder, read
from model.certifying import counted, recounted
from model.engines.census import Census
from model.engines.choice import Machine
from model.engines.kernel import native
from model.linux.design import Size
from tests.cli.program import SAFE, SAME, UNFLAGGED, call, refused, variant

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(native.library() is None, reason="the kernel was not built"),
]

DESIGN = "unuse_in_probe"
"""It violates several properties, one of them along runs."""


def put(home: Path, files: dict[str, str]) -> Path:
    home.mkdir(exist_ok=True)
    for name, text in files.items():
        (home / name).write_text(text, encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a certificate by the kernel."""
    return put(tmp_path_factory.mktemp("certificate"), counted(DESIGN, Size(1, 0), Machine.KERNEL))


@pytest.mark.parametrize(
    ("made", "by"),
    [
        (Machine.KERNEL, Machine.PYTHON),
        (Machine.NUMPY, Machine.PYTHON),
        (Machine.PYTHON, Machine.KERNEL),
    ],
)
@pytest.mark.parametrize("size", [Size(1, 0), Size(0, 2)], ids=str)
def test_it_is_found_again_by_the_other_machine(
    made: Machine, by: Machine, size: Size, tmp_path: Path
) -> None:
    put(tmp_path, counted("driver_managed_dma", size, made))
    told, again = recounted(tmp_path, None, Machine.AUTO)
    assert (told.machine, again) == (made, by)
    assert Size(told.devices, told.hotplug, told.groups) == size
    assert {result.verdict for result in told.results} <= {"holds", "vacuous"}


def test_violations_are_told_with_the_steps_of_the_shortest_counterexample(home: Path) -> None:
    told, _ = recounted(home, None, Machine.AUTO)
    found = {result.name: (result.verdict, result.steps) for result in told.results}
    # As docs/peers.md has them from SPIN and Rumur.
    assert (told.states, told.transitions) == (2440, 7514)
    assert found[SAFE] == ("violated", 15)
    assert found["owner_cnt_never_below_zero"] == ("violated", 6)
    assert found["type_invariant"] == ("holds", None)


@pytest.mark.parametrize("seed", range(100))
def test_a_changed_file_is_refused(seed: int, home: Path, tmp_path: Path) -> None:
    rng = random.Random(seed)  # noqa: S311  # nobody is to be kept from guessing it
    changed = tmp_path / "changed"
    shutil.copytree(home, changed)
    path = rng.choice(sorted(changed.iterdir()))
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data))
    match seed % 4:
        case 0:
            data[at] ^= 1 << rng.randrange(8)
            path.write_bytes(data)
        case 1:
            del data[at]
            path.write_bytes(data)
        case 2:
            path.unlink()
        case _:
            (changed / f"more-{seed}").write_bytes(data)
    with pytest.raises(CertificateError):
        recounted(changed, None, Machine.AUTO)


Change = Callable[[dict[str, Any]], None]


def add(key: str, number: int) -> Change:
    def change(data: dict[str, Any]) -> None:
        data[key] += number

    return change


def give(key: str, value: object) -> Change:
    def change(data: dict[str, Any]) -> None:
        data[key] = value

    return change


def of_result(which: str, **new: object) -> Change:
    def change(data: dict[str, Any]) -> None:
        next(item for item in data["results"] if item["name"] == which).update(new)

    return change


CHANGES: dict[str, tuple[Change, str]] = {
    "version": (add("version", 1), "version 2, not 1"),
    "another design": (give("design", "driver_managed_dma"), "another driver_managed_dma"),
    "another system": (give("system", "0" * 64), "about another unuse_in_probe"),
    "one device more": (add("devices", 1), "or another size"),
    "plugged in": (add("hotplug", 1), "or another size"),
    "two groups": (add("groups", 1), "or another size"),
    "no device": (add("devices", -1), "no device"),
    "a billion devices": (add("devices", 10**9), "too few variables"),
    "half a device": (give("devices", 1.5), "whole numbers"),
    "other variables": (lambda data: data["variables"].reverse(), "variables: it says"),
    "a state more": (add("states", 1), "states: it says 2441, and 2440 is found"),
    "a transition less": (add("transitions", -1), "transitions: it says 7513"),
    "less deep": (add("depth", -1), "depth: it says"),
    "another set": (give("digest", "0" * 64), "digest: it says"),
    "an unknown property": (of_result(SAFE, name="all_is_well"), "no property 'all_is_well'"),
    "another property": (of_result(SAFE, digest="0" * 64), f"{SAFE}: digest: it says"),
    "safe": (of_result(SAFE, verdict="holds", steps=None), f"{SAFE}: verdict: it says 'holds'"),
    "longer": (of_result(SAFE, steps=16), f"{SAFE}: steps: it says 16, and 15 is found"),
    "unsafe": (of_result("no_bug_on", verdict="violated"), "no_bug_on: verdict: it says"),
}


@pytest.mark.parametrize("which", CHANGES)
def test_a_certificate_that_was_changed_as_a_whole_is_refused_with_the_reason(
    which: str, home: Path, tmp_path: Path
) -> None:
    """Here the guide follows from the changed certificate, as the one who changed it would do."""
    change, why = CHANGES[which]
    data = json.loads((home / NAME).read_text(encoding="utf-8"))
    change(data)
    made = Reachable(**{**data, "results": [Result(**item) for item in data["results"]]})
    changed = put(tmp_path / "changed", folder(made))
    refused(call("certify", "--check", changed), "refused" if which != "no device" else "", why)


def test_a_certificate_of_a_variant_is_refused_once_a_line_has_changed(tmp_path: Path) -> None:
    path = variant(tmp_path, "mine", SAME)
    ran = call("certify", path, "--devices", "2", "--hotplug", "0", "-o", tmp_path / "found")
    assert (ran.code, ran.err) == (0, "")
    assert "2 files in" in ran.out
    ran = call("certify", path, "--check", tmp_path / "found")
    assert (ran.code, ran.err) == (0, "")
    assert f"holds  {SAFE}\n" in ran.out
    told = "mine, 2 devices: accepted, found again by python (25848 states, "
    assert ran.out.splitlines()[-1].startswith(told)
    refused(call("certify", "--check", tmp_path / "found"), "no design 'mine'")
    variant(tmp_path, "mine", UNFLAGGED.replace('"unflagged"', '"mine"'))
    refused(call("certify", path, "--check", tmp_path / "found"), "about another mine")


def test_what_is_not_possible_is_said(home: Path, tmp_path: Path) -> None:
    refused(call("certify", "--check", home, "--devices", "1"), "leave --devices out")
    new = tmp_path / "new"
    refused(call("certify", DESIGN, "--machine", "python", "-o", new), "give --devices")
    refused(call("certify", DESIGN, "--devices", "0", "--hotplug", "0", "-o", new), "no device")
    refused(call("certify", DESIGN, "--devices", "1", "-o", home), "not empty")
    assert not new.exists()
    refused(call("certify", "--check", tmp_path, "--machine", "python"), "leave --machine out")


def test_the_machine_that_is_named_finds_it_again(home: Path) -> None:
    for machine in ("kernel", "numpy", "python"):
        ran = call("certify", "--check", home, "--machine", machine)
        assert f"found again by {machine}" in ran.out
    assert "found again by python" in call("certify", "--check", home).out


def test_two_searches_that_differ_are_an_error_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdicts and the census come from two searches by one machine."""
    other = Census(1, 2, 3, "0" * 64)
    monkeypatch.setitem(certifying.CENSUS, Machine.KERNEL, lambda _: other)
    monkeypatch.chdir(tmp_path)
    ran = call("certify", DESIGN, "--devices", "1", "--hotplug", "0", "-o", tmp_path / "new")
    assert (ran.code, ran.out) == (70, "")
    assert "one search finds (2440, 7514, 32), another Census(states=1" in ran.err
    (left,) = tmp_path.iterdir()
    assert left.name == f"disagreement-{DESIGN}-states.json"


def test_a_certificate_in_another_shape_is_none(home: Path) -> None:
    text = (home / NAME).read_text(encoding="utf-8")
    for other in ("", "[]", "{}", text.replace("  ", " "), text.replace('"depth"', '"breadth"')):
        with pytest.raises(CertificateError):
            read(other)
