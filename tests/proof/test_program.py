"""Proofs and certificates as users of the program meet them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.cli.program import SAFE, UNFLAGGED, call, refused, run, variant


def test_a_proved_property_is_as_expected_and_says_so_to_programs(tmp_path: Path) -> None:
    words = ["check", "driver_managed_dma", "--engine", "proof", "--property", SAFE]
    ran = run(*words, "--format", "json", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    (result,) = json.loads(ran.out)["results"]
    assert (result["verdict"], result["expected"], result["engine"]) == ("proved", "holds", "proof")
    assert result["as_expected"]


QUIRK = """\
from model.designs import driver_managed_dma
from model.lang import Action, action
from model.linux import driver_core
from model.linux.state import Device


@action(source=driver_core.probe_start.source)
def probe_start(d: Device) -> Action | None:
    return None if d.name == "dev0" else driver_core.probe_start(d)


design = driver_managed_dma.design.variant(
    "quirk", but="the first device is never probed", actions=[probe_start]
)
"""


def test_a_quirk_for_one_device_is_refused_by_the_name_of_its_action(tmp_path: Path) -> None:
    path = variant(tmp_path, "quirk", QUIRK)
    words = ["check", str(path), "--engine", "proof", "--property", SAFE]
    ran = run(*words, "--format", "json", cwd=tmp_path)
    (result,) = json.loads(ran.out)["results"]
    # No proof is claimed: it holds for the size that was searched, and says why no more is known.
    assert (ran.code, result["verdict"]) == (0, "holds")
    assert "at this size only: the action probe_start(dev" in result["reason"]
    assert "singles out a member" in result["reason"]
    assert result["fewest_devices"] is None


def test_a_violation_says_how_many_devices_it_takes(tmp_path: Path) -> None:
    words = ["check", "claim_in_probe", "--engine", "proof", "--property", SAFE]
    ran = run(*words, "--format", "json", cwd=tmp_path)
    (result,) = json.loads(ran.out)["results"]
    assert (ran.code, result["verdict"]) == (0, "violated")
    assert result["fewest_devices"] == 1
    assert result["reason"].endswith("one device is enough")


def test_a_certificate_of_a_variant_is_written_and_checked_with_its_file(tmp_path: Path) -> None:
    pytest.importorskip("cvc5")
    path = variant(tmp_path, "unflagged", UNFLAGGED)
    home = tmp_path / "certificate"
    ran = call("certify", path, "-o", home)
    assert ran.code == 0
    assert "not in it: stub_never_refused_in_user_owned_group: " in ran.err
    refused(call("certify", path, "-o", home), "not empty")
    refused(call("certify", "--check", home), "no design 'unflagged'")
    refused(call("certify", "driver_managed_dma", "--check", home), "refused", "about")
    ran = call("certify", path, "--check", home)
    assert (ran.code, ran.err) == (0, "")
    assert f"proved  {SAFE}\n" in ran.out
    assert "accepted, for any number of devices and groups" in ran.out
    (home / "initial.smt2").unlink()
    refused(call("certify", path, "--check", home), "initial.smt2")


def test_without_its_solver_a_certificate_is_not_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("certify", "driver_managed_dma", "-o", tmp_path / "certificate")
    monkeypatch.setitem(sys.modules, "cvc5", None)
    ran = call("certify", "--check", tmp_path / "certificate")
    assert (ran.code, ran.out) == (3, "")
    assert "cvc5 is missing" in ran.err


def test_certify_says_what_it_needs(tmp_path: Path) -> None:
    refused(call("certify"), "-o FOLDER, or --check FOLDER")
    refused(call("certify", "-o", tmp_path), "-o FOLDER, or --check FOLDER")
    refused(call("certify", "--check", tmp_path), "there is no certificate.json")
    refused(call("certify", "scan_at_claim", "-o", tmp_path), "no proof", "singles out a member")
