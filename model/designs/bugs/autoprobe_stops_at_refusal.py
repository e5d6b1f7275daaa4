"""Two drivers match a new device, and the refusal of the first ends the search for one."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.driver_managed_dma import DRIVER_MANAGED_DMA, pci
from model.lang import Action, action
from model.linux import autoprobe, ownership
from model.linux.autoprobe import AutoprobedDevice, Loop
from model.linux.state import Driver


@action(source=pci("pci_dma_configure", "-EBUSY"))
def dma_configure_busy(d: AutoprobedDevice, drv: Driver) -> Action | None:
    """The claim is refused: the negative errno is told to a writer to sysfs, and ends a loop."""
    plain = ownership.refuse(d, drv, skipped=DRIVER_MANAGED_DMA)
    return plain and Action(plain.guard, [*plain.update, d.refused.becomes(d.loop != Loop.OFF)])


design = driver_managed_dma.design.variant(
    "autoprobe_stops_at_refusal",
    but="an added device meets two matching drivers in a loop, which a negative result ends",
    summary="Autoprobe tries a kernel-DMA driver, then vfio's, and stops where a claim is refused",
    source="512881eacfa7 and __device_attach_driver(), 6.1.192; scenario row 4",
    fate="merged in 5.19; no report is known",
    device=AutoprobedDevice,
    actions=[*autoprobe.LOOP, dma_configure_busy],
)
