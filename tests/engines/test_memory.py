"""Without a bound of the user's, a search stops before the machine's memory is used up."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.engines import memory
from model.engines.memory import free_memory, held_bytes
from model.engines.result import Limits
from model.engines.search import explore
from tests.toys import counter

GIB = 2**30


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder in which the system tells what is free."""
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    return tmp_path


def has(machine: Path, kib: int) -> None:
    """So much is free."""
    (machine / "meminfo").write_text(f"MemTotal: 99999999 kB\nMemAvailable: {kib} kB\n")


def bounded(machine: Path, most: str, now: int) -> None:
    """A container's bound, and what of it is used."""
    (machine / "memory.max").write_text(f"{most}\n")
    (machine / "memory.current").write_text(f"{now}\n")


def share() -> float:
    """How much may be taken, in GiB."""
    budget = free_memory()
    assert budget is not None
    return (budget.most - held_bytes()) / GIB


def test_nine_tenths_of_what_is_free_may_be_taken(machine: Path) -> None:
    has(machine, 2 * 2**20)
    assert share() == pytest.approx(1.8, abs=0.1)
    assert str(free_memory()) == "nine tenths of the free memory (1.8 GiB)"


def test_a_container_has_less_than_its_machine(machine: Path) -> None:
    has(machine, 8 * 2**20)
    bounded(machine, str(3 * GIB), GIB)
    assert share() == pytest.approx(1.8, abs=0.1)


def test_a_container_without_a_bound_has_what_its_machine_has(machine: Path) -> None:
    has(machine, 2 * 2**20)
    bounded(machine, "max", GIB)
    assert share() == pytest.approx(1.8, abs=0.1)


def test_where_the_system_does_not_tell_there_is_no_bound(machine: Path) -> None:
    assert free_memory() is None
    (machine / "meminfo").write_text("MemTotal: 99999999 kB\n")
    assert free_memory() is None


def test_a_search_stops_at_that_bound_and_says_so(machine: Path) -> None:
    has(machine, 1)
    report = explore(counter.good(), [], Limits(memory=free_memory()))
    assert not report.complete
    assert report.stopped == "nine tenths of the free memory (0.0 GiB) reached"
