"""A new member is put on the default domain although a kernel driver has its group on its own."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.driver_managed_dma import DRIVER_MANAGED_DMA, pci
from model.lang import Action, action
from model.linux import iommu, ownership, private_domain
from model.linux.private_domain import PrivateDevice, PrivateGroup, use_refused
from model.linux.state import Driver, Ret, Stage


@action(source=pci("pci_dma_configure"))
def dma_configure(d: PrivateDevice, drv: Driver) -> Action | None:
    """The claim is refused, too, while another driver has the group on its own domain."""
    plain = ownership.configure(d, drv, skipped=ownership.EVERY_DRIVER)
    if plain is None or drv in DRIVER_MANAGED_DMA:
        return plain
    return Action([*plain.guard, ~use_refused(d.group)], [*plain.update, *iommu.use(d)])


@action(source=pci("pci_dma_configure", "-EBUSY"))
def dma_configure_busy(d: PrivateDevice, drv: Driver) -> Action | None:
    """Userspace owns the group, or another kernel driver has it on its own domain."""
    if drv is Driver.NONE or drv in DRIVER_MANAGED_DMA:
        return None
    return Action(
        guard=[d.stage == Stage.CONFIGURE, d.driver == drv, use_refused(d.group)],
        update=[d.stage.becomes(Stage.DEVRES), d.ret.becomes(Ret.EBUSY)],
    )


design = driver_managed_dma.design.variant(
    "join_default_domain",
    but="a kernel driver may attach a domain of its own, which a new member does not stay on",
    summary="A kernel driver has its group on its own domain, and a new member is put elsewhere",
    source="B10: iommu_probe_device() before commits 0046a4337eae and e7f85dfbbc9c",
    fate="older than 5.19; fixed in 6.5",
    device=PrivateDevice,
    group=PrivateGroup,
    actions=[
        *private_domain.JOIN,
        dma_configure,
        dma_configure_busy,
        *private_domain.OWN,
        *private_domain.CLAIM,
    ],
)
