"""v2 and v3: the bus claims first, and a release is ignored unless its type owns the group."""

from __future__ import annotations

from model.designs import suppress_auto_claim
from model.designs.driver_managed_dma import DRIVER_MANAGED_DMA, pci
from model.designs.series import claim_first
from model.lang import Action, Update, action, ite
from model.linux import late_group, ownership
from model.linux.late_group import LateDevice
from model.linux.state import Driver, Owner

VERSION = "v3"


def give_back(d: LateDevice) -> list[Update]:
    """iommu_device_release_dma_owner(): WARN_ON() and nothing unless the kernel is the owner."""
    g = d.group
    kernels = d.in_group & (g.owner == Owner.NULL)
    counted = kernels & (g.owner_cnt > 0)
    return [
        g.owner_cnt.becomes(ite(counted, g.owner_cnt - 1, g.owner_cnt)),
        g.underflow.becomes(g.underflow | (kernels & (g.owner_cnt == 0))),
        g.theft.becomes(g.theft | (counted & ~d.claim)),
        d.claim.becomes(False),
    ]


@action(source=pci("pci_dma_cleanup", version=VERSION))
def dma_cleanup(d: LateDevice, drv: Driver) -> Action | None:
    """The claim is given back, if it is the kernel that owns the group."""
    plain = ownership.cleanup(d, drv, skipped=ownership.EVERY_DRIVER)
    if plain is None or drv in DRIVER_MANAGED_DMA:
        return plain
    return Action(plain.guard, [*plain.update, *give_back(d)])


design = claim_first.design.variant(
    "release_checks_owner",
    but="a release names the type of owner that it is for, and is ignored if that is not the owner",
    summary="The bus claims first in dma_configure; no driver gives back the user's count",
    source="[PATCH v2 00/17], 2021-11-28, and [PATCH v3 00/18], 2021-12-06, Lu Baolu",
    fate="reviewed; v4 went back to the driver core, and v5 dropped the types",
    actions=[
        claim_first.dma_configure.citing(pci("pci_dma_configure", version=VERSION)),
        claim_first.dma_configure_busy.citing(pci("pci_dma_configure", "-EBUSY", VERSION)),
        dma_cleanup,
        suppress_auto_claim.set_container_ebusy,
        late_group.release_dma_owner,
    ],
    without=["set_container_eperm"],
)
