"""recompute_at_unbind with the hook where dma_cleanup is: dev->driver is still set."""

from __future__ import annotations

from model.designs.alternatives import recompute_at_unbind
from model.designs.driver_managed_dma import pci
from model.lang import Action, action
from model.linux import driver_core
from model.linux.scanning import TokenDevice
from model.linux.state import Driver


@action(source=pci("pci_dma_cleanup", version=recompute_at_unbind.PROPOSED))
def dma_cleanup(d: TokenDevice, drv: Driver) -> Action | None:
    """The token goes, unless another member's driver needs it; it may be on its way out itself."""
    plain = recompute_at_unbind.dma_cleanup(d, drv)
    return plain and Action(plain.guard, [*plain.update, *recompute_at_unbind.recompute(d)])


design = recompute_at_unbind.design.variant(
    "recompute_before_clear",
    but="the hook is dma_cleanup, which runs before dev->driver is cleared",
    source="D-recomp, the order that Robin Murphy excludes (4.9-f)",
    fate="never posted",
    actions=[
        dma_cleanup,
        driver_core.device_unbind_cleanup,
        driver_core.device_unbind_cleanup_unwind,
    ],
    without=["recompute_owner", "recompute_owner_unwind"],
)
