"""The counter system, searched with so many devices, is the design up to exchanges of devices."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from model.catalogue import find
from model.engines.search import explore
from model.lang import Property, System
from model.linux.design import Size
from model.proof.family import Family
from model.proving import family
from properties import PROPERTIES
from tests.agreement import campaign
from tests.agreement.counted import Answer, Counted
from tests.proof.families import random_family

FEW = 3000


def found(system: System, properties: Sequence[Property]) -> Answer:
    """What the search says."""
    report = explore(system, [item.ground(system) for item in properties])
    violated = {
        name: len(finding.trace)
        for name, finding in report.findings.items()
        if finding.trace is not None
    }
    return Answer(
        report.states or 0, report.transitions or 0, report.depth or 0, report.complete, violated
    )


def test_random_families_have_the_same_states_steps_and_shortest_counterexamples() -> None:
    compared = violated = 0
    for seed in range(40):
        systems, properties = random_family(seed)
        counting = Counted(Family(systems))
        for members in (1, 2, 3):
            searched = found(systems(members), properties)
            if not searched.complete or searched.states > FEW:  # every claim was decided before
                continue
            assert counting.search(members, properties, FEW) == searched, (seed, members)
            compared += 1
            violated += len(searched.violated)
    assert compared > 60
    assert violated > 60


@pytest.mark.parametrize("name", ["driver_managed_dma", "viability_check"])
def test_designs_with_one_device_are_the_same_counted(name: str) -> None:
    design = find(name).design
    system = design.system(Size(0, 1))
    asked = [p for p in PROPERTIES if p.concerns(system) and p.kind in campaign.STATES]
    assert Counted(Family(family(design))).search(1, asked, FEW) == found(system, asked)


def test_a_limit_is_told() -> None:
    systems, properties = random_family(0)
    assert not Counted(Family(systems)).search(3, properties, 2).complete
