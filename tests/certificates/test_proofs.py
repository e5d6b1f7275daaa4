"""Certificates are accepted as they were written, and refused however they were changed."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

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
from model.certificates.form import (
    DEADLOCK,
    INVARIANT,
    READ_AT,
    TYPES,
    Certificate,
    CertificateError,
    Searched,
    digest_of_claim,
    read,
    write,
)
from model.certificates.obligations import files
from model.certifying import certified, checked
from model.engines.result import Limits
from model.engines.solving import Clock
from model.lang import (
    Action,
    Expr,
    Property,
    System,
    action,
    all_of,
    count,
    invariant,
    no_deadlock,
    type_invariant,
)
from model.proof.certificate import certificate
from model.proof.prove import Proof
from tests.certificates.tampering import (
    Change,
    always_taken,
    change_a_file,
    injected,
    never_looked,
    no_action,
    no_place,
    no_step,
    no_way_out,
    of_other_kind,
    of_unknown_kind,
    other_claim,
    other_design,
    other_states,
    too_strong,
    write_anyhow,
)
from tests.proof.families import Hub, Member, family, random_family

pytest.importorskip("cvc5")


@action
def take(m: Member) -> Action:
    """An idle member becomes busy."""
    return Action([m.busy == False], [m.busy.becomes(True), m.hub.total.becomes(m.hub.total + 1)])


@action
def give(m: Member) -> Action:
    """A busy member becomes idle while the lamp is out."""
    idle = [m.busy.becomes(False), m.hub.total.becomes(m.hub.total - 1)]
    return Action([m.busy == True, m.hub.lamp == False], idle)


@action
def light(h: Hub) -> Action:
    """The lamp is lit while nobody is busy."""
    return Action(
        [h.lamp == False, all_of(m.busy == False for m in h.members)], [h.lamp.becomes(True)]
    )


@action
def put_out(h: Hub) -> Action:
    """The lamp goes out."""
    return Action([h.lamp == True], [h.lamp.becomes(False)])


@invariant(broken="The total is not the number of busy members.")
def total_is_the_number_of_busy_members(h: Hub) -> Expr[bool]:
    """The total is the number of busy members."""
    return h.total == count(m.busy for m in h.members)


Kin = tuple[Callable[..., System], list[Property]]
RANDOM: Kin = random_family(20)
"""Several of its claims are proved."""
CLERKS: Kin = (
    family([take, give, light, put_out], "clerks"),
    [total_is_the_number_of_busy_members, type_invariant, no_deadlock],
)
"""Of its claims all are proved, and there are some of every kind."""


def claims_of(properties: list[Property]) -> Claims:
    return {item.name: item.ground for item in properties}


def put(home: Path, made: Certificate, kin: Kin) -> None:
    """Write a certificate and everything that follows from it."""
    systems, _ = kin
    home.mkdir(exist_ok=True)
    for name, text in folder(write(made), files(made, start_of(systems(1), made))).items():
        (home / name).write_text(text, encoding="utf-8")


def accept(home: Path, kin: Kin = RANDOM) -> Certificate:
    systems, properties = kin
    return check(home, systems, claims_of(properties))


def proved(home: Path, kin: Kin) -> Path:
    """The folder of a certificate for a small family."""
    systems, properties = kin
    proof = Proof(systems, systems(2, 2), Clock(Limits(timeout=60)))
    made, _ = certificate(proof, properties, systems, Searched(0, 0, ""))
    found = search(Compared(made, systems(SEARCHED_AT), claims_of(properties)))
    put(home, dataclasses.replace(made, searched=found), kin)
    return home


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a certificate for a small family."""
    return proved(tmp_path_factory.mktemp("certificate"), RANDOM)


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one with properties of every kind."""
    return proved(tmp_path_factory.mktemp("certificate"), CLERKS)


def test_a_certificate_is_accepted_and_names_what_it_proves(small: Path) -> None:
    found = accept(small)
    assert len(found.properties) >= 2
    assert len(found.steps) > 10


def test_a_certificate_of_properties_of_every_kind_is_accepted(every: Path) -> None:
    found = accept(every, CLERKS)
    assert {item.kind for item in found.properties} == {INVARIANT, TYPES, DEADLOCK}
    text = (every / "property-no_deadlock.smt2").read_text(encoding="utf-8")
    assert text.count("(check-sat)") == len(found.places)
    assert (every / "property-type_invariant.smt2").read_text(encoding="utf-8").count(
        "check-sat"
    ) > 1


@pytest.mark.parametrize("seed", range(100))
def test_a_changed_file_is_refused(seed: int, small: Path, tmp_path: Path) -> None:
    home = tmp_path / "changed"
    shutil.copytree(small, home)
    change_a_file(home, seed)
    with pytest.raises(CertificateError):
        accept(home)


CHANGES = [
    (no_step, "a step of the design is missing|satisfiable"),
    (no_action, "a step of the design is missing|satisfiable"),
    (no_place, "not fit the design|leaves out|missing|speaks of something|satisfiable"),
    (too_strong, "satisfiable"),
    (never_looked, "is not looked at"),
    (of_unknown_kind, "speaks of something that it does not list"),
    (other_design, "about another"),
    (other_claim, "about another"),
    (other_states, "the reachable states with two devices are others"),
    (injected, "speaks of something that it does not list"),
]
OF_EVERY_KIND = [
    (no_way_out, "a state that breaks type_invariant is not looked at"),
    (always_taken, "is no step of the design where it should be"),
    (of_other_kind, "is of another kind"),
    (no_step, "a step of the design is missing|satisfiable"),
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("change", "why"), CHANGES)
def test_a_certificate_that_was_changed_as_a_whole_is_refused_with_the_reason(
    seed: int, change: Change, why: str, small: Path, tmp_path: Path
) -> None:
    """Here every file follows from the changed certificate, as the one who changed it would do."""
    refuse(small, RANDOM, change, seed, why, tmp_path)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("change", "why"), OF_EVERY_KIND)
def test_a_certificate_of_every_kind_that_was_changed_as_a_whole_is_refused_with_the_reason(
    seed: int, change: Change, why: str, every: Path, tmp_path: Path
) -> None:
    refuse(every, CLERKS, change, seed, why, tmp_path)


def refuse(home: Path, kin: Kin, change: Change, seed: int, why: str, changed: Path) -> None:
    """Make the change, and check that the reason is told."""
    data = json.loads((home / NAME).read_text(encoding="utf-8"))
    change(random.Random(seed), data)  # noqa: S311  # nobody is to be kept from guessing it
    with pytest.raises(CertificateError, match=why):  # noqa: PT012  # or it cannot even be written
        put(changed, read(write_anyhow(data)), kin)
        accept(changed, kin)


@pytest.mark.parametrize("drop", [False, True])
def test_a_deadlock_cannot_be_certified_away(drop: bool, tmp_path: Path) -> None:
    """Where every member is busy nothing can happen, whatever is said of when steps are taken."""
    kin: Kin = (family([take], "stuck"), [total_is_the_number_of_busy_members, no_deadlock])
    home = proved(tmp_path / "honest", kin)
    data = json.loads((home / NAME).read_text(encoding="utf-8"))
    assert [item["name"] for item in data["properties"]] == [kin[1][0].name]
    digest = digest_of_claim(no_deadlock.ground(kin[0](n)) for n in READ_AT)
    told = {"name": "no_deadlock", "kind": DEADLOCK, "digest": digest, "broken": []}
    data["properties"].append(told)
    for step in data["steps"] if drop else ():
        step["facts"] = []
    forged = tmp_path / "forged"
    put(forged, read(write_anyhow(data)), kin)
    with pytest.raises(CertificateError, match=r"no_deadlock\.smt2 does not hold: an"):
        accept(forged, kin)


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
    assert {"no_kernel_dma_in_user_owned_group", "type_invariant", "no_deadlock"}.isdisjoint(left)
    with pytest.raises(CertificateError, match="about"):
        checked(tmp_path, "suppress_auto_claim")
