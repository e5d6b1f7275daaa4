"""A search that is stopped and taken up again finds what one finds that was never stopped."""

from __future__ import annotations

import itertools
import json
import math
import random
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from model.designs import driver_managed_dma, unuse_in_probe
from model.engines.checkpoint import About, Checkpoint, Misfit
from model.engines.choice import Machine, Reductions, Wish, choose
from model.engines.explorer import MakeExplorer
from model.engines.kernel import native
from model.engines.kernel.explorer import KernelExplorer
from model.engines.plain import PlainExplorer
from model.engines.result import Limits, Progress, Report
from model.engines.search import explore
from model.engines.vector.explorer import VectorExplorer
from model.lang import Claim, System
from model.linux.design import Size
from model.resuming import checkpoint_of
from properties import PROPERTIES
from tests.random_cells import random_cells
from tests.random_systems import random_ending, random_system

KERNEL = pytest.mark.skipif(native.library() is None, reason="the kernel was not built")
EACH = pytest.mark.parametrize(
    "make",
    [
        PlainExplorer,
        VectorExplorer,
        pytest.param(KernelExplorer, marks=[KERNEL, pytest.mark.kernel]),
    ],
)
ABOUT = About("a design", "2 devices", ("one", "two"), "kernel", "abc", "0.1.0 (def)")
SEEDS = range(60)
FIGURES = (
    *("states", "transitions", "stored", "depth", "complete", "stopped", "never_fired"),
    *("left_domain", "forgotten"),
)


def at(path: Path, every: float = math.inf) -> Checkpoint:
    """The checkpoint in that file, as a run that begins now has it."""
    return Checkpoint(path, ABOUT, every)


def told(report: Report) -> dict[str, Any]:
    """All of a report but what depends on the clock and on which run it is."""
    found = {name: getattr(report, name) for name in FIGURES}
    for name, finding in report.findings.items():
        found[name] = (finding.verdict, finding.reason)
        if (trace := finding.trace) is not None:
            found[name] += (trace.states, trace.actions, trace.stuck_on, trace.loop)
    return found


def in_pieces(system: System, claims: list[Claim], make: MakeExplorer, path: Path) -> Report:
    """The report of the last of several runs, of which each comes a little further."""
    before = 0
    for states in itertools.accumulate(itertools.count(1)):
        report = explore(system, claims, Limits(max_states=states), make, at(path))
        assert report.resumed == before
        if not report.stopped.startswith("--max-states"):
            return report
        assert report.stored == states
        before = states if path.exists() else 0
    raise AssertionError


def interrupted_often(system: System, claims: list[Claim], make: MakeExplorer, path: Path) -> int:
    """Interrupt a search after every few looks at the clock; how often that was."""
    for run in itertools.count():
        looks = itertools.count()

        def stop(_: Progress, looks: itertools.count[int] = looks) -> None:
            if next(looks) == 2:
                raise KeyboardInterrupt

        if explore(system, claims, Limits(progress=stop), make, at(path)).stopped != "interrupted":
            return run
    raise AssertionError


@EACH
@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_search_in_pieces_ends_as_in_one_run(
    seed: int, make: MakeExplorer, tmp_path: Path
) -> None:
    system, claims = random_system(seed)
    whole = explore(system, claims, explorer=make)
    assert told(in_pieces(system, claims, make, tmp_path / "it")) == told(whole)


@EACH
@pytest.mark.parametrize("seed", SEEDS)
def test_what_happens_in_the_end_is_found_in_pieces(
    seed: int, make: MakeExplorer, tmp_path: Path
) -> None:
    system, claim = random_ending(seed)
    whole = explore(system, [claim], explorer=make)
    assert told(in_pieces(system, [claim], make, tmp_path / "it")) == told(whole)


@pytest.mark.parametrize(
    "machine",
    [Machine.NUMPY, pytest.param(Machine.KERNEL, marks=[KERNEL, pytest.mark.kernel])],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_search_with_symmetry_in_pieces_ends_as_in_one_run(
    seed: int, machine: Machine, tmp_path: Path
) -> None:
    system, claims = random_cells(seed, 2 + seed % 3)
    make, _ = choose(system, claims, machine, Reductions(forget=Wish.ON))
    whole = explore(system, claims, explorer=make)
    assert told(in_pieces(system, claims, make, tmp_path / "it")) == told(whole)


@pytest.mark.kernel
@KERNEL
@pytest.mark.parametrize("design", [driver_managed_dma.design, unuse_in_probe.design], ids=str)
def test_a_design_interrupted_again_and_again_ends_as_in_one_run(
    design: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three devices, with symmetry and with what is forgotten, interrupted within the depths."""
    system = design.system(Size(2, 1))
    claims = [item.ground(system) for item in PROPERTIES if item.concerns(system)]
    make, told_ = choose(system, claims, Machine.KERNEL)
    assert "symmetry of" in told_
    whole = explore(system, claims, explorer=make)
    assert bool(whole.forgotten) is (design is unuse_in_probe.design)
    monkeypatch.setattr(KernelExplorer, "at_once", 20_011)
    assert interrupted_often(system, claims, make, tmp_path / "it") > 3
    again = explore(system, claims, explorer=make, checkpoint=at(tmp_path / "it"))
    assert again.resumed == whole.stored
    assert told(again) == told(whole)


@EACH
@pytest.mark.parametrize("seed", range(30))
def test_what_is_left_of_a_file_is_enough(
    seed: int, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that ends anywhere, as a kill may leave it, is gone on from."""
    rng = random.Random(seed)  # noqa: S311  # the same for the same seed
    system, claims = random_system(seed)
    monkeypatch.setattr(make, "at_once", 3)
    whole = explore(system, claims, explorer=make, checkpoint=at(tmp_path / "whole", 0.0))
    content = (tmp_path / "whole").read_bytes() if (tmp_path / "whole").exists() else b""
    for k in range(8):
        path = tmp_path / f"cut{k}"
        path.write_bytes(content[: rng.randint(0, len(content))])
        again = explore(system, claims, explorer=make, checkpoint=at(path, 0.0))
        assert told(again) == told(whole)


@EACH
def test_a_changed_byte_is_not_believed(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = driver_managed_dma.design.system(Size(1, 1))
    path = tmp_path / "it"
    monkeypatch.setattr(make, "at_once", 100)
    whole = explore(system, [], Limits(max_states=2000), make, at(path, 0.0))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    again = explore(system, [], Limits(max_states=2000), make, at(path))
    assert 0 < again.resumed < 2000
    assert told(again) == told(whole)


@EACH
def test_an_addition_has_only_what_is_new(make: Any, tmp_path: Path) -> None:
    system = driver_managed_dma.design.system(Size(1, 1))
    claims = [item.ground(system) for item in PROPERTIES if item.concerns(system)]
    path = tmp_path / "it"
    explore(system, claims, Limits(max_states=10_000), make, at(path))
    before = path.read_bytes()
    explore(system, claims, Limits(max_states=10_001), make, at(path))
    after = path.read_bytes()
    assert after.startswith(before)
    assert len(after) - len(before) < len(before) / 5
    explore(system, claims, Limits(max_states=5000), make, at(path))
    assert path.read_bytes() == after


def test_a_limit_below_what_is_known_stops_at_once(tmp_path: Path) -> None:
    system = driver_managed_dma.design.system(Size(1, 1))
    explore(system, [], Limits(max_states=3000), checkpoint=at(tmp_path / "it"))
    report = explore(system, [], Limits(max_states=1000), checkpoint=at(tmp_path / "it"))
    assert report.stopped == "--max-states 1000 reached"
    assert report.states == 3000


def test_a_short_search_writes_nothing(tmp_path: Path) -> None:
    system = driver_managed_dma.design.system(Size(0, 1))
    assert explore(system, [], checkpoint=at(tmp_path / "it")).complete
    assert not list(tmp_path.iterdir())


def refused(path: Path, about: About = ABOUT) -> str:
    """Why the file is refused."""
    system = driver_managed_dma.design.system(Size(0, 1))
    with pytest.raises(Misfit) as refusal:
        explore(system, [], checkpoint=Checkpoint(path, about))
    return str(refusal.value)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"design": "another"}, "it is of design a design, and this is another"),
        ({"size": "3 devices"}, "it is of size 2 devices, and this is 3 devices"),
        ({"machine": "python"}, "it is of machine kernel, and this is python"),
        (
            {"properties": ("two", "three")},
            "it is of other properties: without three, with one",
        ),
        ({"definition": "abd"}, "the design or a property has changed since it was written"),
        ({"version": "0.2.0"}, "it was written by version 0.1.0 (def), not 0.2.0"),
    ],
)
def test_a_checkpoint_of_another_search_is_refused(
    change: dict[str, Any], why: str, tmp_path: Path
) -> None:
    system = driver_managed_dma.design.system(Size(0, 1))
    path = tmp_path / "it"
    explore(system, [], Limits(max_states=20), checkpoint=at(path))
    before = path.read_bytes()
    assert refused(path, ABOUT._replace(**change)) == why
    assert path.read_bytes() == before


def test_a_file_of_something_else_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "it"
    path.write_text("notes of mine\n")
    assert refused(path) == "it is no checkpoint"
    assert path.read_text() == "notes of mine\n"


def test_a_damaged_head_is_refused(tmp_path: Path) -> None:
    system = driver_managed_dma.design.system(Size(0, 1))
    path = tmp_path / "it"
    explore(system, [], Limits(max_states=20), checkpoint=at(path))
    path.write_bytes(path.read_bytes().replace(b'"design":', b'"design";'))
    assert refused(path) == "its head is damaged"


def test_a_checkpoint_that_another_run_writes_is_refused(tmp_path: Path) -> None:
    system = driver_managed_dma.design.system(Size(0, 1))
    path = tmp_path / "it"
    explore(system, [], Limits(max_states=20), checkpoint=at(path))
    other = at(path)
    assert other.open()
    assert refused(path) == "another run is writing it"
    other.close()
    assert explore(system, [], checkpoint=at(path)).complete


def test_a_search_goes_on_where_nothing_can_be_written(tmp_path: Path) -> None:
    system = driver_managed_dma.design.system(Size(0, 1))
    report = explore(system, [], checkpoint=at(tmp_path / "none" / "it", 0.0))
    assert report.complete
    assert report.unsaved == "No such file or directory"


def test_the_same_design_is_told_alike_and_another_differently(tmp_path: Path) -> None:
    def definition(design: Any, size: Size, chosen: list[Any]) -> str:
        system = design.system(size)
        claims = [item.ground(system) for item in chosen]
        path = tmp_path / "it"
        explore(
            system,
            claims,
            Limits(max_states=9),
            checkpoint=checkpoint_of(path, system, claims, size, "python"),
        )
        about = json.loads(path.read_bytes().splitlines()[1])
        path.unlink()
        return str(about["definition"])

    merged = driver_managed_dma.design
    chosen = list(PROPERTIES[:6])
    sizes = [Size(1, 1), Size(0, 2), Size(2, 0)]
    found = [definition(merged, size, chosen) for size in sizes]
    found += [definition(unuse_in_probe.design, Size(1, 1), chosen)]
    found += [definition(merged, Size(1, 1), chosen[1:])]
    without = merged.variant("driver_managed_dma", but="it is less", without=["remove"])
    found += [definition(without, Size(1, 1), chosen[:1])]
    assert len(set(found)) == len(found)
    assert definition(merged, Size(1, 1), chosen) == found[0]


def test_every_reduction_tells_two_searches_apart() -> None:
    wishes = [Reductions(**{item.name: Wish.OFF}) for item in fields(Reductions)]
    assert len({str(wish) for wish in [Reductions(), *wishes]}) == len(wishes) + 1
