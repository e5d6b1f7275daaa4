"""Lemmas that a user gives: what is proved with them, and what they never let through."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from model.engines.result import Finding, Limits, Verdict
from model.engines.solving import Clock, GaveUp
from model.lang import Action, Expr, Property, action, count, invariant, ite, type_invariant
from model.proof.prove import Proof, prove
from tests.cli.program import SAFE, call, refused, variant
from tests.proof.families import Hub, Member, family, random_family
from tests.proof.test_pairs import broken


@action
def book(m: Member) -> Action:
    """A member becomes busy, and is counted."""
    return Action([~m.busy], [m.busy.becomes(True), m.hub.total.becomes(m.hub.total + 1)])


@action
def leave(m: Member) -> Action:
    """It is no longer busy, and whoever is counted goes."""
    total = m.hub.total
    less = ite(total == 0, total, total - 1)
    return Action([m.busy == True], [m.busy.becomes(False), total.becomes(less)])


@action
def lose(h: Hub) -> Action:
    """A count gets lost, so that no equality tells how many are busy."""
    return Action([h.total > 0], [h.total.becomes(h.total - 1)])


SYSTEMS = family([book, leave, lose], "desk")


def busy(h: Hub) -> Expr[int]:
    """How many are busy."""
    return count(m.busy == True for m in h.members)


@invariant(broken="More are counted than are busy.")
def no_more_than_are_busy(h: Hub) -> Expr[bool]:
    """No more are counted than are busy."""
    return h.total <= busy(h)


@invariant(broken="More are counted than there are.")
def no_more_than_there_are(h: Hub) -> Expr[bool]:
    """No more are counted than there are."""
    return h.total <= busy(h) + count(m.busy == False for m in h.members)


@invariant(broken="Three are busy.")
def two_are_busy_at_most(h: Hub) -> Expr[bool]:
    """Two are busy at most, which a third one breaks."""
    return busy(h) <= 2


@invariant(broken="Three are counted.")
def two_are_counted_at_most(h: Hub) -> Expr[bool]:
    """Two are counted at most: it would follow if only two were busy."""
    return h.total <= 2


@invariant(broken="Somebody is not busy.")
def all_are_busy(m: Member) -> Expr[bool]:
    """All are busy, which they are not at first."""
    return m.busy == True


def found(asked: list[Property], lemmas: list[Property]) -> Mapping[str, Finding]:
    """What is proved of SYSTEMS."""
    report = prove(SYSTEMS, SYSTEMS(2, 2), [*asked, *lemmas], Limits(timeout=60), lemmas)
    assert not report.stopped
    return report.findings


def test_what_no_equality_implies_is_proved_with_a_lemma_and_says_so() -> None:
    item = type_invariant.name
    assert found([type_invariant], [])[item].verdict is Verdict.UNDETERMINED
    findings = found([type_invariant], [no_more_than_are_busy])
    assert findings["no_more_than_are_busy"].verdict is Verdict.PROVED
    assert "rests on" not in findings["no_more_than_are_busy"].reason
    assert findings[item].verdict is Verdict.PROVED
    assert findings[item].reason.startswith("rests on lemma no_more_than_are_busy; any number of")


def test_a_lemma_may_rest_on_those_before_it_and_on_no_other() -> None:
    first, second = no_more_than_are_busy, no_more_than_there_are
    findings = found([], [first, second])
    assert all(finding.verdict is Verdict.PROVED for finding in findings.values())
    assert findings[second.name].reason.startswith(f"rests on lemma {first.name}; ")
    findings = found([type_invariant], [second, first])
    assert findings[second.name].verdict is Verdict.UNDETERMINED
    assert "book may break it" in findings[second.name].reason
    assert findings[type_invariant.name].reason.startswith(f"rests on lemma {first.name}; ")


def test_nothing_rests_on_a_lemma_that_fails_with_three_members() -> None:
    wrong, tempting = two_are_busy_at_most, two_are_counted_at_most
    assert broken(SYSTEMS(2), [wrong, tempting]) == set()
    assert broken(SYSTEMS(3), [wrong, tempting]) == {wrong.name, tempting.name}
    # It would follow, beside what does hold.
    findings = found([tempting], [wrong, no_more_than_are_busy])
    assert findings[wrong.name].verdict is Verdict.UNDETERMINED
    assert "book may break it" in findings[wrong.name].reason
    assert findings[tempting.name].verdict is Verdict.UNDETERMINED
    assert findings[no_more_than_are_busy.name].verdict is Verdict.PROVED
    assert "rests on" not in findings[no_more_than_are_busy.name].reason


def test_a_lemma_that_does_not_hold_at_first_is_none() -> None:
    findings = found([two_are_counted_at_most], [all_are_busy])
    assert "it need not hold at first" in findings[all_are_busy.name].reason
    assert findings[two_are_counted_at_most.name].verdict is Verdict.UNDETERMINED


def test_no_claim_that_the_search_finds_violated_is_carried_by_itself() -> None:
    carried = violated = 0
    for seed in range(14):
        systems, (_, item, *_) = random_family(seed)
        try:
            proof = Proof(systems, systems(2, 2), Clock(Limits(timeout=60)), [item])
        except GaveUp:
            continue
        wrong = any(broken(systems(size), [item]) for size in (1, 2, 3))
        carries = not proof.loss(item)
        assert not (carries and wrong)
        violated += wrong
        carried += carries
    # Enough of either that something is compared.
    assert carried > 3
    assert violated > 3


OWN = """\
from model.designs import driver_managed_dma
from model.lang import Expr, count, implies, invariant
from model.linux.state import Device, Driver, Group, Stage


@invariant(broken="A device without a driver is bound.")
def bound_by_some_driver(d: Device) -> Expr[bool]:
    \"\"\"A bound device has a driver.\"\"\"
    return implies(d.stage == Stage.BOUND, d.driver != Driver.NONE)


@invariant(broken="Three are bound.")
def two_are_bound_at_most(g: Group) -> Expr[bool]:
    \"\"\"Two devices are bound at most.\"\"\"
    return count(d.stage == Stage.BOUND for d in g.devices) <= 2


@invariant(broken="It is.")
def no_probe_of_nothing(d: Device) -> Expr[bool]:
    \"\"\"Nobody is bound while absent.\"\"\"
    return implies((d.stage == Stage.ABSENT) & (d.stage == Stage.BOUND), d.claim)


@invariant(broken="It is.")
def no_bug_on(d: Device) -> Expr[bool]:
    \"\"\"Called like one of ours.\"\"\"
    return d.stage != Stage.OOPS


design = driver_managed_dma.design.variant("own", but="it has lemmas of its own")
"""


def test_a_variant_brings_its_own_lemmas_and_each_that_is_none_says_why(tmp_path: Path) -> None:
    path = variant(tmp_path, "own", OWN)
    given = ["bound_by_some_driver", "two_are_bound_at_most", "no_probe_of_nothing"]
    words = [word for name in given for word in ("--lemma", name)]
    ran = call("check", path, "--engine", "proof", "-p", SAFE, *words, "--format", "json")
    results = {result["property"]: result for result in json.loads(ran.out)["results"]}
    assert {name: result["verdict"] for name, result in results.items()} == {
        SAFE: "proved",
        "bound_by_some_driver": "proved",
        "two_are_bound_at_most": "violated",
        "no_probe_of_nothing": "vacuous",
    }
    assert results["two_are_bound_at_most"]["fewest_devices"] == 3
    for name in ("two_are_bound_at_most", "no_probe_of_nothing"):
        assert results[name]["reason"].startswith("refused as a lemma: ")
    assert ran.code == 1
    refused(
        call("check", path, "--engine", "proof", "--lemma", "no_bug_on"), "one of our properties"
    )


def test_what_can_be_no_lemma_is_refused_at_once() -> None:
    words = ["check", "driver_managed_dma", "--engine", "proof", "--lemma"]
    refused(call(*words, "every_action_fires"), "every_action_fires can be no lemma", "@invariant")
    refused(call(*words, "no_bug_onn"), "no property 'no_bug_onn'", "no_bug_on")
    refused(call(*words[:2], "--lemma", "no_bug_on"), "--lemma is for --engine proof")
