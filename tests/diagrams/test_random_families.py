"""Decision diagrams against the search, on random families: numbers and verdicts."""

from __future__ import annotations

import pytest

from model.diagrams.decide import decide
from model.engines.result import Report, Verdict
from model.engines.search import explore
from tests.proof.families import random_family

SEEDS = range(60)
FINAL = (Verdict.HOLDS, Verdict.VIOLATED, Verdict.VACUOUS)


def answers(seed: int, size: int) -> tuple[Report, Report]:
    """What diagrams and the search say of a random family's system."""
    systems, properties = random_family(seed)
    system = systems(size)
    searched = explore(system, [item.ground(system) for item in properties])
    return decide(systems, size, properties), searched


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_diagrams_count_what_the_search_counts_and_say_what_it_says(seed: int, size: int) -> None:
    mine, searched = answers(seed, size)
    assert mine.complete, mine.stopped
    assert bool(mine.left_domain) == bool(searched.left_domain)
    if searched.complete:  # and did not end with the last claim violated
        assert mine.states == searched.states
        assert mine.transitions == searched.transitions
    for name, finding in searched.findings.items():
        assert mine.findings[name].verdict is finding.verdict, name


def test_the_families_have_verdicts_of_every_kind() -> None:
    some = [answers(seed, 2)[0] for seed in SEEDS[:20]]
    seen = {finding.verdict for report in some for finding in report.findings.values()}
    assert seen >= set(FINAL)
