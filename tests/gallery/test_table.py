"""The gallery's first page: every row of its table of bugs, and of its table of invariants."""

from __future__ import annotations

import re

import pytest

from model import check
from model.catalogue import find
from model.designs import driver_managed_dma, suppress_auto_claim
from model.designs.releases import (
    defer_until_default_domain,
    disassociate_at_unregister,
    join_in_one_section,
    reset_fences_claims,
)
from model.engines.result import Verdict
from model.engines.search import explore
from model.lang import Action, Expr, action, implies, invariant
from model.linux import vfio
from model.linux.design import Design, Size
from model.linux.state import Device, Domain, Driver, Stage, is_member, owned_by_user
from properties import PROPERTIES
from tests.cli.program import ROOT

PAGE = (ROOT / "docs" / "gallery" / "README.md").read_text(encoding="utf-8")
BY_NAME = {item.name: item for item in PROPERTIES}


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below ``heading``."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
    return [[cell.strip() for cell in line.split(" | ")] for line in lines[1:]]


BUGS = rows("Which bug is where")
INVARIANTS = rows("Which invariant is which property")


@pytest.mark.parametrize(("before", "after", "name", "steps"), [row[1:] for row in BUGS])
def test_a_bug_is_in_the_one_design_and_not_in_the_other(
    before: str, after: str, name: str, steps: str
) -> None:
    trace = check(before, name)[name].finding.trace
    assert trace is not None
    assert len(trace) == int(steps)
    assert check(after.split(maxsplit=1)[0], name)[name].verdict is Verdict.HOLDS


def test_the_bugs_that_the_reference_counts_on_are_all_there() -> None:
    told = {row[0].split(",")[0] for row in BUGS}
    assert {f"B{n}" for n in (0, 1, 5, 6, 9, 10, 12, 14, 15, 18, 19, 23, 25)} <= told


@pytest.mark.parametrize(
    ("name", "design", "steps"), [row[1:] for row in INVARIANTS if row[3] != "-"]
)
def test_an_invariant_can_be_broken_and_holds_in_6_1(name: str, design: str, steps: str) -> None:
    trace = check(design, name)[name].finding.trace
    assert trace is not None
    assert len(trace) == int(steps)
    if BY_NAME[name].concerns(disassociate_at_unregister.design.system(Size())):
        assert check("disassociate_at_unregister", name)[name].verdict is Verdict.HOLDS


def test_every_invariant_of_the_reference_has_its_row() -> None:
    assert {row[0].split(",")[0] for row in INVARIANTS} == {f"I{n}" for n in range(1, 10)}


# I5 is broken by no design.


@action(source=vfio.vfio_unregister_group_dev.source)
def vfio_unregister_group_dev(d: Device) -> Action:
    """vfio's .remove waits for nobody."""
    return Action(
        [d.stage == Stage.REMOVE, d.driver == Driver.VFIO], [d.stage.becomes(Stage.CLEANUP)]
    )


def test_a_device_fd_outlives_its_driver_if_the_unregister_does_not_wait() -> None:
    name = "device_fd_only_on_vfio_device"
    twin = driver_managed_dma.design.variant(
        "unregister_without_waiting",
        but="vfio's .remove does not wait for the device fd",
        actions=[vfio_unregister_group_dev],
    )
    assert check(twin, name)[name].verdict is Verdict.VIOLATED
    assert check("disassociate_at_unregister", name)[name].verdict is Verdict.HOLDS


# I2 as it is written.


@invariant(broken="A member of a user-owned group is neither blocked nor on the user's domain.")
def member_is_blocked_or_the_users(d: Device) -> Expr[bool]:
    """While userspace owns a group, every member is on the blocking domain or the user's."""
    return implies(
        is_member(d) & owned_by_user(d.group), d.domain.is_in(Domain.BLOCKING, Domain.USER)
    )


@pytest.mark.parametrize(
    ("design", "verdict"),
    [
        (suppress_auto_claim.design, Verdict.VIOLATED),
        (find("claim_last").design, Verdict.VIOLATED),
        (driver_managed_dma.design, Verdict.HOLDS),
        (join_in_one_section.design, Verdict.HOLDS),
        (defer_until_default_domain.design, Verdict.HOLDS),
        (reset_fences_claims.design, Verdict.HOLDS),
    ],
    ids=str,
)
def test_no_member_is_elsewhere_once_a_claim_assigns_a_domain(
    design: Design, verdict: Verdict
) -> None:
    system = design.system(Size())
    question = member_is_blocked_or_the_users
    assert explore(system, [question.ground(system)]).findings[question.name].verdict is verdict
