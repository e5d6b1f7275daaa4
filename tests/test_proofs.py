"""What is proved by induction, and that the engines never contradict each other."""

from __future__ import annotations

import pytest

from model.catalogue import entries, find
from model.checker import check_entry
from model.designs import driver_managed_dma
from model.engines.lowering import Lowered
from model.engines.result import Limits, Verdict
from model.engines.search import explore
from model.judging import Effort, Engine, run
from model.lang import GroundAction, Kind, State, System
from model.lang.reference import OutOfDomain, apply, is_enabled
from model.linux.design import Size
from properties import PROPERTIES
from properties.lemmas import LEMMAS

SOLVED = (Kind.INVARIANT, Kind.TYPES, Kind.DEADLOCK)


@pytest.mark.parametrize("devices", range(1, 9))
def test_the_merged_design_is_proved_by_induction_for_each_size_up_to_eight(devices: int) -> None:
    size = Size(devices, 0)
    system = driver_managed_dma.design.system(size)
    asked = [item for item in PROPERTIES if item.kind in SOLVED and item.concerns(system)]
    for result in check_entry(find("driver_managed_dma"), asked, size, Engine.Z3):
        assert result.verdict is Verdict.HOLDS, result.asked.name
        assert "induction" in result.finding.reason


def test_the_lemmas_kept_for_the_merged_design_hold_by_exhaustive_search() -> None:
    from model.engines.induction import prove

    system = driver_managed_dma.design.system(Size())
    claims = [item.ground(system) for item in LEMMAS]
    proved = prove(system, claims, lemmas=claims)
    searched = explore(system, claims)
    kept = [n for n, finding in proved.findings.items() if finding.verdict is Verdict.HOLDS]
    assert len(kept) > 15
    for name in kept:
        assert searched.findings[name].verdict in (Verdict.HOLDS, Verdict.VACUOUS), name


@pytest.mark.parametrize("entry", entries(["thread"]), ids=lambda entry: entry.design.name)
def test_search_and_solver_agree_on_every_design_and_property(entry: object) -> None:
    """At two devices; a disagreement, also on a trace's length, raises."""
    known = next(item for item in entries() if item.design.name == str(entry))
    system = known.design.system(Size())
    claims = [item.ground(system) for item in PROPERTIES if item.concerns(system)]
    report = run(Engine.ALL, system, claims, Limits(), Effort())
    for claim in claims:
        if claim.kind in SOLVED:
            assert "z3 agrees" in report.findings[claim.name].reason, claim.name


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.design.name)
def test_search_and_reference_take_the_same_steps(entry: object) -> None:
    """In every reachable state of one device, and in one of 97 of two."""
    known = next(item for item in entries() if item.design.name == str(entry))
    for size, every in ((Size(1, 0), 1), (Size(), 97)):
        system = known.design.system(size)
        lowered = Lowered(system)
        seen = {lowered.pack(state): None for state in system.initial_states()}
        for packed in seen_in_order(seen, lowered):
            if hash(packed) % every:
                continue
            state = lowered.unpack(packed)
            assert lowered.pack(state) == packed
            slow = {a.title: after(a, system, state) for a in enabled(system, state)}
            fast = {
                system.actions[max(n, ~n)].title: lowered.unpack(j) if n >= 0 else None
                for n, j in lowered.successors(packed)
            }
            assert fast == slow


def enabled(system: System, state: State) -> list[GroundAction]:
    """The actions that can be taken in ``state``, by the reference semantics."""
    return [action for action in system.actions if is_enabled(action, system, state)]


def after(action: GroundAction, system: System, state: State) -> State | None:
    """The state after ``action`` by the reference semantics, or None if it leaves a domain."""
    try:
        return apply(action, system, state)
    except OutOfDomain:
        return None


def seen_in_order(seen: dict[int, None], lowered: Lowered) -> list[int]:
    """Every state reachable from those in ``seen``, by the engine's own successor function."""
    work = list(seen)
    for packed in work:
        for number, j in lowered.successors(packed):
            if number >= 0 and j not in seen:
                seen[j] = None
                work.append(j)
    return work
