"""The designs, by family: explicit lists, no discovery."""

from __future__ import annotations

from model.designs import (
    alternatives,
    bugs,
    claim_in_probe,
    driver_managed_dma,
    releases,
    series,
    suppress_auto_claim,
    unuse_in_probe,
    unuse_in_probe_balanced,
    viability_check,
)
from model.linux.design import Design

THREAD: tuple[Design, ...] = (
    viability_check.design,
    suppress_auto_claim.design,
    claim_in_probe.design,
    unuse_in_probe.design,
    unuse_in_probe_balanced.design,
    driver_managed_dma.design,
)
"""What the seed thread argues about, in the order in which it came up."""

FAMILIES: dict[str, tuple[Design, ...]] = {
    "thread": THREAD,
    "series": series.DESIGNS,
    "releases": releases.DESIGNS,
    "alternatives": alternatives.DESIGNS,
    "bugs": bugs.DESIGNS,
}
"""The designs by the question that they answer; the default run asks the thread's."""

DESIGNS: tuple[Design, ...] = tuple(d for designs in FAMILIES.values() for d in designs)
