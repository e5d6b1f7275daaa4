"""Up to 5.18 a PCI bridge is viable whatever driver it has."""

from __future__ import annotations

from model.designs import viability_check
from model.linux.viability import BridgeDevice

design = viability_check.design.variant(
    "bridge_exempt_by_header",
    but="a device may be a PCI bridge, and then no driver of it is looked at",
    summary="vfio looks at its siblings' drivers, except at those of PCI bridges",
    source="drivers/vfio/vfio.c as read in 5.10.223; facts 4.7, row 3b",
    fate="in every kernel up to 5.18; taken away on purpose: since v1 a driver's flag exempts",
    device=BridgeDevice,
)
