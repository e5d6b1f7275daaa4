"""A kernel driver's claim is granted while its group has no default domain yet."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.bugs.probe_before_group_join import platform
from model.designs.driver_managed_dma import DRIVER_MANAGED_DMA
from model.lang import Action, action
from model.linux import default_domain, iommu, ownership, vfio
from model.linux.default_domain import LateDevice, LateGroup
from model.linux.state import Driver, Ret, Stage


@action(source=platform("platform_dma_configure"))
def dma_configure(d: LateDevice, drv: Driver) -> Action | None:
    """The kernel's claim is counted, with a default domain or without."""
    plain = ownership.configure(d, drv, skipped=ownership.EVERY_DRIVER)
    if plain is None or drv in DRIVER_MANAGED_DMA:
        return plain
    granted = ~default_domain.use_refused(d.group)
    return Action([*plain.guard, granted], [*plain.update, *iommu.use(d)])


@action(source=platform("platform_dma_configure", "-EBUSY"))
def dma_configure_busy(d: LateDevice, drv: Driver) -> Action | None:
    """Userspace owns the group: the claim is refused."""
    if drv is Driver.NONE or drv in DRIVER_MANAGED_DMA:
        return None
    refused = default_domain.use_refused(d.group)
    return Action(
        guard=[d.stage == Stage.CONFIGURE, d.driver == drv, refused],
        update=[d.stage.becomes(Stage.DEVRES), d.ret.becomes(Ret.EBUSY)],
    )


@action(source=vfio.vfio_group_fops_open.source, label="open(/dev/vfio/N)")
def vfio_group_fops_open(g: LateGroup) -> Action:
    """Userspace opens the group; it is not up before the IOMMU is registered."""
    plain = vfio.vfio_group_fops_open(g)
    return Action([*plain.guard, g.default_domain], plain.update, plain.actor)


design = driver_managed_dma.design.variant(
    "claim_before_default_domain",
    but="at first the group has no default domain, and a kernel driver's claim does not care",
    summary="While an IOMMU is registered a kernel driver can claim a group without a domain",
    source="B18: the state before commit b46064a18810",
    fate="merged in 5.19; fixed about 6.15 and in 6.12.y and 6.6.y",
    device=LateDevice,
    group=LateGroup,
    actions=[
        default_domain.iommu_group_alloc,
        default_domain.iommu_setup_default_domain,
        default_domain.iommu_probe_device_end,
        default_domain.iommu_release_device,
        dma_configure,
        dma_configure_busy,
        driver_managed_dma.dma_cleanup.citing(platform("platform_dma_cleanup")),
        vfio_group_fops_open,
    ],
)
