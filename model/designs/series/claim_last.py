"""v8: the bus claims as the last step of dma_configure, when the group exists."""

from __future__ import annotations

from model.designs import driver_managed_dma, suppress_auto_claim
from model.designs.driver_managed_dma import DRIVER_MANAGED_DMA, pci
from model.lang import Action, Source, action
from model.linux import driver_core, late_group, ownership, vfio
from model.linux.late_group import LateDevice
from model.linux.state import Driver

VERSION = "v8"
CLAIM = Source("iommu_group_claim_dma_owner", "drivers/iommu/iommu.c", VERSION, "group->mutex")


def _after_firmware(d: LateDevice, plain: Action | None) -> Action | None:
    """``plain``, for a device that firmware's part has made join, if it had not before."""
    return plain and Action(plain.guard, [*plain.update, *late_group.join(d)])


@action(source=pci("pci_dma_configure", version=VERSION))
def dma_configure(d: LateDevice, drv: Driver) -> Action | None:
    """Firmware's part, then the claim: whoever claims is in a group."""
    return _after_firmware(d, ownership.configure(d, drv, skipped=DRIVER_MANAGED_DMA))


@action(source=pci("pci_dma_configure", "-EBUSY", version=VERSION))
def dma_configure_busy(d: LateDevice, drv: Driver) -> Action | None:
    """Firmware's part, then the refusal: userspace owns the group that the device is in."""
    return _after_firmware(d, ownership.refuse(d, drv, skipped=DRIVER_MANAGED_DMA))


design = suppress_auto_claim.design.variant(
    "claim_last",
    but="the bus claims at the end of dma_configure and keeps the errno; a device may join late",
    summary="The bus claims last in dma_configure, by when a device that joins late has its group",
    source="[PATCH v8 00/11], Lu Baolu, 2022-03-08; RESEND 2022-04-18",
    fate="merged in 5.19, once commit 0286300e6045 had made the claim assign a domain",
    actions=[
        *late_group.ADD,
        late_group.of_dma_configure,
        dma_configure,
        dma_configure_busy,
        driver_core.dma_configure_defer,
        driver_managed_dma.dma_cleanup.citing(pci("pci_dma_cleanup", version=VERSION)),
        *late_group.REMOVE,
        late_group.members_only(suppress_auto_claim.set_container).citing(CLAIM),
        suppress_auto_claim.set_container_without_detach_dev.citing(CLAIM),
        vfio.set_container_eperm,
        late_group.members_only(suppress_auto_claim.unset_container),
        late_group.members_only(suppress_auto_claim.group_release),
        *late_group.USER,
    ],
    without=["set_container_ebusy"],
    device=LateDevice,
)
