"""SPIN and Rumur find the same states, verdicts and lengths as our own search."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from model.designs import DESIGNS as ALL
from model.lang import Claim, System, no_deadlock, type_invariant
from model.linux.design import Size
from tests.export.awkward import awkward, swapping
from tests.export.cases import CASES, DESIGNS, identifiers, system_and_claims
from tests.export.checkers import TYPES, Answer, ours, rumur, spin, spin_steps, subject
from tests.export.record import recorded
from tests.random_systems import random_system
from tests.toys import peterson, philosophers, two_phase_commit

Made = tuple[System, list[Claim]]


def need(*programs: str) -> None:
    """Skip the test, with the reason, unless all of ``programs`` are installed."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; `make peers` installs them by apt")


def agree(expected: Answer, found: Answer) -> None:
    """Check that two answers are the same, as far as both have one."""
    assert found.states == expected.states
    assert dict(found.violated) == dict(expected.violated)
    assert found.transitions in (None, expected.transitions)


def toys() -> dict[str, Callable[[], Made]]:
    """Systems without Linux in them, with claims that hold and claims that do not."""

    def made(system: System, *claims: object) -> Made:
        return system, [claim.ground(system) for claim in claims]  # type: ignore[attr-defined]

    lock = peterson.mutual_exclusion
    shared = philosophers.no_fork_is_shared
    return {
        "two_phase_commit": lambda: made(
            two_phase_commit.protocol(3), two_phase_commit.consistent, type_invariant
        ),
        "peterson": lambda: made(peterson.good(), lock, no_deadlock),
        "peterson_swapped": lambda: made(peterson.broken(), lock, no_deadlock),
        "philosophers": lambda: made(philosophers.table(4), shared, no_deadlock),
        "philosophers_left_handed": lambda: made(philosophers.table(4, 1), shared, no_deadlock),
        "awkward": awkward,
        "swapping": swapping,
    }


@pytest.mark.peers
@pytest.mark.parametrize(("name", "size"), CASES, ids=identifiers())
def test_spin_agrees(name: str, size: Size, tmp_path: Path) -> None:
    need("spin", "gcc")
    system, claims = system_and_claims(name, size)
    expected = ours(system, claims)
    assert recorded(name, size) == expected
    agree(expected, spin(subject(system, claims), tmp_path))


@pytest.mark.peers
@pytest.mark.parametrize("name", [d.name for d in ALL if d.name not in DESIGNS])
def test_spin_agrees_on_every_design_with_one_device(name: str, tmp_path: Path) -> None:
    need("spin", "gcc")
    system, claims = system_and_claims(name, Size(1, 0))
    agree(ours(system, claims), spin(subject(system, claims), tmp_path))


@pytest.mark.peers
@pytest.mark.parametrize(("name", "size"), CASES, ids=identifiers())
def test_rumur_agrees(name: str, size: Size, tmp_path: Path) -> None:
    need("rumur", "gcc")
    system, claims = system_and_claims(name, size)
    expected = ours(system, claims)
    agree(expected, rumur(system, claims, expected, tmp_path))


@pytest.mark.peers
@pytest.mark.parametrize("name", toys())
def test_both_agree_on_toys(name: str, tmp_path: Path) -> None:
    need("spin", "rumur", "gcc")
    system, claims = toys()[name]()
    expected = ours(system, claims)
    agree(expected, spin(subject(system, claims), tmp_path))
    agree(expected, rumur(system, claims, expected, tmp_path))


@pytest.mark.peers
@pytest.mark.parametrize("seed", range(12))
def test_both_agree_on_random_systems(seed: int, tmp_path: Path) -> None:
    need("spin", "rumur", "gcc")
    system, claims = random_system(seed)
    expected = ours(system, claims)
    agree(expected, spin(subject(system, claims), tmp_path))
    if TYPES not in expected.violated:  # where Rumur stops counting
        agree(expected, rumur(system, claims, expected, tmp_path))


@pytest.mark.peers
@pytest.mark.parametrize("size", [Size(1, 0), Size(1, 1)], ids=str)
def test_the_steps_that_spin_prints_are_a_run_to_a_violation(size: Size, tmp_path: Path) -> None:
    need("spin", "gcc")
    system, claims = system_and_claims("viability_check", size)
    (claim,) = (c for c in claims if c.name == "no_kernel_dma_in_user_owned_group")
    asked = subject(system, [claim])
    expected = ours(system, [claim])
    assert len(spin_steps(asked, tmp_path)) == expected.violated[claim.name]


@pytest.mark.peers
def test_a_system_that_is_not_the_exported_one_is_noticed(tmp_path: Path) -> None:
    need("spin", "rumur", "gcc")
    system, claims = system_and_claims("driver_managed_dma", Size(1, 0))
    expected = ours(system, claims)
    first = next(action for action in system.actions if len(action.guard) > 1)
    other = system.with_actions(
        [replace(a, guard=a.guard[1:]) if a is first else a for a in system.actions]
    )
    same = [item for item in claims if item.name != "no_deadlock"]
    for found in (
        spin(subject(other, same), tmp_path),
        rumur(other, same, ours(other, same), tmp_path),
    ):
        with pytest.raises(AssertionError):
            agree(expected, found)


@pytest.mark.parametrize(("no_skips", "told"), [("", "1 skipped"), ("1", "1 failed")])
def test_a_missing_program_is_told_and_can_be_made_a_failure(
    no_skips: str, told: str, tmp_path: Path
) -> None:
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", "peers", "-rs"),
            f"{__file__}::test_the_steps_that_spin_prints_are_a_run_to_a_violation[1 device]",
        ],
        env={**os.environ, "PATH": str(tmp_path), "OWNERSHIP_NO_SKIPS": no_skips},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told in run.stdout
    assert "not installed: spin, gcc" in run.stdout
    assert run.returncode == (1 if no_skips else 0)
