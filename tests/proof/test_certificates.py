"""Certificates are accepted as they were written, and refused however they were changed."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.certificates.check import (
    NAME,
    SEARCHED_AT,
    Claims,
    NotDecided,
    check,
    folder,
    solve,
    start_of,
)
from model.certificates.compare import Compared, search
from model.certificates.form import Certificate, CertificateError, Searched, read, write
from model.certificates.obligations import files
from model.certifying import certified, checked
from model.engines.result import Limits
from model.engines.solving import Clock
from model.lang import Property
from model.proof.certificate import certificate
from model.proof.prove import Proof
from tests.proof.families import random_family

pytest.importorskip("cvc5")

Change = Callable[[random.Random, dict[str, Any]], None]
SEED = 20
"""A random family of which several claims are proved."""


def claims_of(properties: list[Property]) -> Claims:
    return {item.name: item.ground for item in properties}


def put(home: Path, made: Certificate) -> None:
    """Write a certificate and everything that follows from it."""
    systems, _ = random_family(SEED)
    home.mkdir(exist_ok=True)
    for name, text in folder(write(made), files(made, start_of(systems(1), made))).items():
        (home / name).write_text(text, encoding="utf-8")


def accept(home: Path) -> Certificate:
    systems, properties = random_family(SEED)
    return check(home, systems, claims_of(properties))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a certificate for a small family."""
    systems, properties = random_family(SEED)
    proof = Proof(systems, systems(2, 2), Clock(Limits(timeout=60)))
    made, _ = certificate(proof, properties, systems, Searched(0, 0, ""))
    found = search(Compared(made, systems(SEARCHED_AT), claims_of(properties)))
    home = tmp_path_factory.mktemp("certificate")
    put(home, dataclasses.replace(made, searched=found))
    return home


def test_a_certificate_is_accepted_and_names_what_it_proves(small: Path) -> None:
    found = accept(small)
    assert len(found.properties) >= 2
    assert len(found.steps) > 10


@pytest.mark.parametrize("seed", range(100))
def test_a_changed_file_is_refused(seed: int, small: Path, tmp_path: Path) -> None:
    rng = random.Random(seed)  # noqa: S311  # nobody is to be kept from guessing it
    home = tmp_path / "changed"
    shutil.copytree(small, home)
    path = rng.choice(sorted(home.iterdir()))
    text = path.read_text(encoding="utf-8")
    at = rng.randrange(len(text))
    match seed % 4:
        case 0:
            path.write_text(text[:at] + chr(33 + (ord(text[at]) + 7) % 90) + text[at + 1 :])
        case 1:
            path.write_text(text[:at] + text[at + 1 :])
        case 2:
            path.unlink()
        case _:
            (home / f"step-{seed}.smt2").write_text(text)
    with pytest.raises(CertificateError):
        accept(home)


def no_step(rng: random.Random, data: dict[str, Any]) -> None:
    # One that a single device or the hub takes: it is possible at every size.
    few = [s for s in data["steps"] if len(s["named"]) <= 1 and len(s["facts"]) <= 1]
    data["steps"].remove(rng.choice(few))


def no_action(rng: random.Random, data: dict[str, Any]) -> None:
    gone = rng.choice(data["steps"])["action"]
    data["steps"] = [step for step in data["steps"] if step["action"] != gone]


def no_place(rng: random.Random, data: dict[str, Any]) -> None:
    rng.choice(data["places"])["values"][0] = "nowhere"


def too_strong(rng: random.Random, data: dict[str, Any]) -> None:
    place = rng.choice(data["places"])
    place["zero"].append([["1", -1], [f"c{place['occupied'][0]}", 1]])


def never_looked(rng: random.Random, data: dict[str, Any]) -> None:
    rng.choice([p for p in data["properties"] if p["broken"]])["broken"] = []


def other_design(_: random.Random, data: dict[str, Any]) -> None:
    data["digest"] = "0" * 64


def other_claim(rng: random.Random, data: dict[str, Any]) -> None:
    rng.choice(data["properties"])["digest"] = "0" * 64


def other_states(rng: random.Random, data: dict[str, Any]) -> None:
    data["searched"]["states"] += rng.choice([-1, 1])


def injected(_: random.Random, data: dict[str, Any]) -> None:
    data["design"] += "\n(assert false)"


CHANGES = [
    *(no_step, no_action, no_place, too_strong, never_looked),
    *(other_design, other_claim, other_states, injected),
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("change", CHANGES)
def test_a_certificate_that_was_changed_as_a_whole_is_refused(
    seed: int, change: Change, small: Path, tmp_path: Path
) -> None:
    """Here every file follows from the changed certificate, as the one who changed it would do."""
    data = json.loads((small / NAME).read_text(encoding="utf-8"))
    change(random.Random(seed), data)  # noqa: S311  # nobody is to be kept from guessing it
    with pytest.raises(CertificateError):  # noqa: PT012  # what cannot even be written is refused
        lines = write_anyhow(data)
        put(tmp_path, read(lines))
        accept(tmp_path)


def write_anyhow(data: dict[str, Any]) -> str:
    """The text of a certificate whose parts are plain data."""

    class Plain(dict[str, Any]):
        __dataclass_fields__ = Certificate.__dataclass_fields__

        def __getattr__(self, name: str) -> Any:
            return self[name]

    return write(Plain(data))  # type: ignore[arg-type]  # it has the fields of one


def test_an_obligation_that_can_be_satisfied_is_refused_and_unknown_is_no_answer() -> None:
    start = "(set-logic QF_NIA)(declare-const x Int)(declare-const y Int)"
    with pytest.raises(CertificateError, match="satisfiable"):
        solve("some", f"{start}(assert (> x 0))(check-sat)")
    equal = "(assert (= (* x x x) (+ (* y y y) 7 y)))"
    with pytest.raises(NotDecided, match="unknown"):
        solve("some", f"(set-option :rlimit 1){start}{equal}(check-sat)")


@pytest.mark.parametrize("name", ["driver_managed_dma", "no_wait_at_unregister"])
def test_the_certificate_of_a_merged_design_is_accepted(name: str, tmp_path: Path) -> None:
    made, left = certified(name)
    for file, text in made.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    found = checked(tmp_path, None)
    assert found.design == name
    assert "no_kernel_dma_in_user_owned_group" in {item.name for item in found.properties}
    assert "no_kernel_dma_in_user_owned_group" not in left
    with pytest.raises(CertificateError, match="about"):
        checked(tmp_path, "suppress_auto_claim")
