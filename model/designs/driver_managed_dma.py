"""The bus claims at the end of dma_configure, unless the driver says driver_managed_dma."""

from __future__ import annotations

from model.lang import Action, Source, action
from model.linux import driver_core, hotplug, ownership, vfio
from model.linux.design import Design
from model.linux.state import Device, Driver

DRIVER_MANAGED_DMA = (Driver.VFIO, Driver.STUB)


def pci(function: str, errno: str = "", version: str = "6.1.192") -> Source:
    """A citation of the PCI bus; platform, amba and fsl-mc do the same."""
    return Source(function, "drivers/pci/pci-driver.c", version, "device_lock, group->mutex", errno)


@action(source=pci("pci_dma_configure"))
def dma_configure(d: Device, drv: Driver) -> Action | None:
    """Its last step is the kernel's claim, for drivers without the flag."""
    return ownership.configure(d, drv, skipped=DRIVER_MANAGED_DMA)


@action(source=pci("pci_dma_configure", "-EBUSY"))
def dma_configure_busy(d: Device, drv: Driver) -> Action | None:
    """Userspace owns the group: the claim is refused and .probe is not called."""
    return ownership.refuse(d, drv, skipped=DRIVER_MANAGED_DMA)


@action(source=pci("pci_dma_cleanup"))
def dma_cleanup(d: Device, drv: Driver) -> Action | None:
    """The kernel's claim is given back, for drivers without the flag."""
    return ownership.cleanup(d, drv, skipped=DRIVER_MANAGED_DMA)


design = Design(
    name="driver_managed_dma",
    summary="The bus claims at the end of dma_configure, unless the driver says driver_managed_dma",
    source="commits 512881eacfa7, 70693f470848 and 0286300e6045",
    fate="merged in 5.19",
    actions=(
        *hotplug.ADD,
        *driver_core.BEFORE_DMA_CONFIGURE,
        dma_configure,
        dma_configure_busy,
        *driver_core.PROBE,
        *driver_core.UNBIND,
        *vfio.UNREGISTER,
        dma_cleanup,
        *driver_core.AFTER_DMA_CLEANUP,
        *hotplug.REMOVE,
        *vfio.USER,
    ),
)
