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
    Until,
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
    digest_of_claim,
    read,
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
    any_of,
    count,
    invariant,
    no_deadlock,
    type_invariant,
)
from model.proof.by_pairs import ByPairs
from model.proof.certificate import OfCounts, OfPairs, certificate
from model.proof.counting import CounterSystem
from model.proof.family import Family
from model.proof.groups import Groups
from model.proof.prove import Proof
from model.proof.seeds import seeds
from tests.certificates.tampering import (
    OF_THE_INVARIANT,
    Change,
    OtherInvariant,
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
    write_anyhow,
)
from tests.certificates.truth import Truth
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


@action
def lend(m: Member) -> Action:
    """The only key is taken, and the lamp is lit."""
    hub = m.hub
    return Action(
        [m.busy == False, all_of(o.busy == False for o in hub.members)],
        [m.busy.becomes(True), hub.total.becomes(hub.total + 1), hub.lamp.becomes(True)],
    )


@action
def hand_back(m: Member) -> Action:
    """The key is given back, and the lamp goes out."""
    hub = m.hub
    idle = [m.busy.becomes(False), hub.total.becomes(hub.total - 1), hub.lamp.becomes(False)]
    return Action([m.busy == True], idle)


@invariant(broken="Somebody is busy in the dark, or nobody is in the light.")
def lit_while_somebody_is_busy(h: Hub) -> Expr[bool]:
    """The lamp is lit while somebody is busy, and only then."""
    return h.lamp == any_of(m.busy for m in h.members)


@invariant(broken="Two keys are lent.")
def at_most_one_is_busy(h: Hub) -> Expr[bool]:
    """There is one key."""
    return h.total < 2


Kin = tuple[Callable[..., System], list[Property]]
RANDOM: Kin = random_family(20)
"""Several of its claims are proved."""
CLERKS: Kin = (
    family([take, give, light, put_out], "clerks"),
    [total_is_the_number_of_busy_members, type_invariant, no_deadlock],
)
"""Of its claims all are proved, and there are some of every kind."""
KEY: Kin = (
    family([lend, hand_back], "key"),
    [
        total_is_the_number_of_busy_members,
        lit_while_somebody_is_busy,
        at_most_one_is_busy,
        type_invariant,
    ],
)
"""Its proof says of pairs that they are never there, and of places that somebody is."""


def claims_of(properties: list[Property]) -> Claims:
    return {item.name: item.ground for item in properties}


def put(home: Path, made: Certificate, kin: Kin) -> None:
    """Write a certificate and everything that follows from it."""
    systems, _ = kin
    home.mkdir(exist_ok=True)
    for name, text in folder(made, files(made, start_of(systems(1), made))).items():
        (home / name).write_text(text, encoding="utf-8")


def accept(home: Path, kin: Kin = RANDOM) -> Certificate:
    systems, properties = kin
    return check(home, systems, claims_of(properties))


def proved(home: Path, kin: Kin, *, by_pairs: bool = False) -> Path:
    """The folder of a certificate for a small family."""
    systems, properties = kin
    clock = Clock(Limits(timeout=60))
    if by_pairs:
        counting = CounterSystem(Family(systems))
        groups = Groups(systems(2), systems(2, 2))
        pairs = ByPairs(counting, groups, properties, seeds(counting), clock)
        made, _ = certificate(OfPairs(pairs), properties, systems, clock)
    else:
        proof = Proof(systems, systems(2, 2), clock)
        made, _ = certificate(OfCounts(proof), properties, systems, clock)
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


@pytest.fixture(scope="module")
def paired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one by pairs of members."""
    return proved(tmp_path_factory.mktemp("certificate"), KEY, by_pairs=True)


def test_a_certificate_is_accepted_and_names_what_it_proves(small: Path) -> None:
    found = accept(small)
    assert len(found.properties) >= 2
    assert len(found.steps) > 10


def test_a_certificate_of_properties_of_every_kind_is_accepted(every: Path) -> None:
    found = accept(every, CLERKS)
    assert {item.kind for item in found.properties} == {INVARIANT, TYPES, DEADLOCK}
    text = "".join(path.read_text(encoding="utf-8") for path in every.glob("place-*.smt2"))
    assert text.count('(echo "no_deadlock follows")') == len(found.places)
    assert '(echo "type_invariant follows")' in text
    assert text.count("(check-sat)") > len(found.steps) + 2 * len(found.places)


def test_a_certificate_by_pairs_says_who_is_apart_and_where_somebody_is(paired: Path) -> None:
    found = accept(paired, KEY)
    assert [item.name for item in found.properties] == [item.name for item in KEY[1]]
    dark, lit = sorted(found.places, key=lambda place: "true" in place.values)
    busy = next(k for k, state in enumerate(found.states) if "true" in state)
    assert (dark.apart, dark.least) == ([], [])
    assert busy not in dark.occupied
    assert lit.apart == [([busy], [busy])]
    assert [("1", -1), (f"c{busy}", 1)] in lit.least


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("change", OF_THE_INVARIANT)
def test_another_invariant_is_refused_if_it_is_wrong(
    seed: int, change: OtherInvariant, paired: Path, tmp_path: Path
) -> None:
    """That it is wrong is told by states of the system, and not by what refuses it."""
    systems, properties = KEY
    text = (paired / NAME).read_text(encoding="utf-8")
    truth = Truth(systems(2), claims_of(properties), read(text))
    for attempt in range(50):
        data = json.loads(text)
        rng = random.Random(100 * seed + attempt)  # noqa: S311  # nobody is to be kept from it
        number = change(rng, data)
        made = read(write_anyhow(data))
        if truth.objection(made, number):
            break
    else:
        pytest.fail("no such change makes the certificate wrong")
    with pytest.raises(CertificateError, match=r"satisfiable|leaves out|missing"):  # noqa: PT012
        put(tmp_path / "changed", made, KEY)
        accept(tmp_path / "changed", KEY)


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
    with pytest.raises(CertificateError, match=r"does not hold: no_deadlock follows: it is sat"):
        accept(forged, kin)


def test_an_obligation_that_can_be_satisfied_is_refused_and_unknown_is_no_answer() -> None:
    start = "(set-logic QF_NIA)(declare-const x Int)(declare-const y Int)"
    with pytest.raises(CertificateError, match="satisfiable"):
        solve("some", f"{start}(assert (> x 0))(check-sat)", Until(Limits()))
    equal = "(assert (= (* x x x) (+ (* y y y) 7 y)))"
    with pytest.raises(NotDecided, match="unknown"):
        solve("some", f"(set-option :rlimit 1){start}{equal}(check-sat)", Until(Limits()))
    with pytest.raises(NotDecided, match="not within 0 s"):
        solve("some", f"{start}(assert (> x 0))(check-sat)", Until(Limits(timeout=0)))


def test_the_certificate_of_the_merged_design_is_accepted(tmp_path: Path) -> None:
    name = "driver_managed_dma"
    made, left = certified(name)
    for file, text in made.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    found = checked(tmp_path, None)
    assert found.design == name
    assert "no_kernel_dma_in_user_owned_group" in {item.name for item in found.properties}
    assert {"no_kernel_dma_in_user_owned_group", "type_invariant", "no_deadlock"}.isdisjoint(left)
    with pytest.raises(CertificateError, match="about"):
        checked(tmp_path, "suppress_auto_claim")
