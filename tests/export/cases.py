"""What is compared with other checkers: which designs, at which sizes."""

from __future__ import annotations

from collections.abc import Iterator

from model.catalogue import find
from model.designs import FAMILIES
from model.lang import Claim, System
from model.linux.design import Size
from properties import PROPERTIES

GALLERY = (
    "claim_last",
    "detach_at_claim",
    "claim_per_device_untyped",
    "scan_at_claim_locked",
    "test_remove_without_cleanup",
    "autoprobe_stops_at_refusal",
)
"""One for each mechanism that the designs of the thread do not have."""

DESIGNS = (*(design.name for design in FAMILIES["thread"]), *GALLERY)
STILL = ("suppress_auto_claim", "unuse_in_probe_balanced", "driver_managed_dma")
"""Checked with two devices that are there from the start, too: with a single initial state."""

CASES = [
    *((name, size) for name in DESIGNS for size in (Size(1, 0), Size(1, 1))),
    *((name, Size(2, 0)) for name in STILL),
    ("driver_managed_dma", Size(1, 0, 2)),
]


def system_and_claims(name: str, size: Size) -> tuple[System, list[Claim]]:
    """A design with every property that concerns it, as the verb export takes them."""
    system = find(name).design.system(size)
    return system, [item.ground(system) for item in PROPERTIES if item.concerns(system)]


def identifiers() -> Iterator[str]:
    """The names of the cases, as pytest shows them."""
    for name, size in CASES:
        yield f"{name}-{size.groups}x{size.devices}+{size.hotplug}"
