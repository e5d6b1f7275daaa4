"""driver_managed_dma with the flag forgotten on pci-stub."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.driver_managed_dma import pci
from model.lang import Action, action
from model.linux import ownership
from model.linux.state import Device, Driver

FLAGGED = (Driver.VFIO,)


@action(source=pci("pci_dma_configure"))
def dma_configure(d: Device, drv: Driver) -> Action | None:
    """Its last step is the kernel's claim, for pci-stub as well."""
    return ownership.configure(d, drv, skipped=FLAGGED)


@action(source=pci("pci_dma_configure", "-EBUSY"))
def dma_configure_busy(d: Device, drv: Driver) -> Action | None:
    """Userspace owns the group: the claim is refused, to pci-stub as well."""
    return ownership.refuse(d, drv, skipped=FLAGGED)


@action(source=pci("pci_dma_cleanup"))
def dma_cleanup(d: Device, drv: Driver) -> Action | None:
    """The kernel's claim is given back, by pci-stub as well."""
    return ownership.cleanup(d, drv, skipped=FLAGGED)


design = driver_managed_dma.design.variant(
    "unflagged_stub",
    but="pci-stub lacks the flag, so that it claims like a kernel-DMA driver",
    source="D-noflag-stub: the series without commit 18c7a349d072",
    fate="never posted; 18c7a349d072 and c7d469849747 set the flag on pci-stub and pcieport",
    actions=[dma_configure, dma_configure_busy, dma_cleanup],
)
