"""The designs that the seed thread argues about: an explicit list, no discovery."""

from __future__ import annotations

from model.designs import (
    claim_in_probe,
    driver_managed_dma,
    suppress_auto_claim,
    unuse_in_probe,
    unuse_in_probe_balanced,
    viability_check,
)
from model.linux.design import Design

DESIGNS: tuple[Design, ...] = (
    viability_check.design,
    suppress_auto_claim.design,
    claim_in_probe.design,
    unuse_in_probe.design,
    unuse_in_probe_balanced.design,
    driver_managed_dma.design,
)
"""In the order in which they came up."""
