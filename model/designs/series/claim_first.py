"""v7: the bus claims as the first step of dma_configure, when there may be no group yet."""

from __future__ import annotations

from model.designs.driver_managed_dma import DRIVER_MANAGED_DMA, dma_cleanup, pci
from model.designs.series import claim_last
from model.lang import Action, Source, action, ite
from model.linux import driver_core, iommu, late_group, ownership, vfio
from model.linux.late_group import LateDevice
from model.linux.state import Container, Driver, Group, Ret, Stage, user

VERSION = "v7"


@action(source=pci("pci_dma_configure", version=VERSION))
def dma_configure(d: LateDevice, drv: Driver) -> Action | None:
    """The claim comes first: without a group it succeeds and counts nothing."""
    if drv is Driver.NONE:
        return None
    if drv in DRIVER_MANAGED_DMA:
        return ownership.configure(d, drv, skipped=DRIVER_MANAGED_DMA)
    cnt = d.group.owner_cnt
    return Action(
        [d.stage == Stage.CONFIGURE, d.driver == drv, ~d.in_group | ~iommu.use_refused(d.group)],
        [
            d.stage.becomes(Stage.CONFIGURED),
            cnt.becomes(ite(d.in_group, cnt + 1, cnt)),
            d.claim.becomes(d.in_group),
        ],
    )


@action(source=pci("pci_dma_configure", "-EBUSY", version=VERSION))
def dma_configure_busy(d: LateDevice, drv: Driver) -> Action | None:
    """The claim is refused to a device that is in a group already, before firmware's part."""
    plain = ownership.refuse(d, drv, skipped=DRIVER_MANAGED_DMA)
    return plain and Action([*plain.guard, d.in_group], plain.update)


@action(source=late_group.of_dma_configure.source)
def of_dma_configure(d: LateDevice) -> Action:
    """Firmware's part of dma_configure, after the claim: only now the device joins its group."""
    return Action([d.stage == Stage.CONFIGURED, ~d.in_group], late_group.join(d))


@action(source=pci("pci_dma_configure", "-EPROBE_DEFER", version=VERSION))
def dma_configure_defer(d: LateDevice) -> Action:
    """The IOMMU driver is not ready; unuse finds no group, either."""
    return Action(
        [d.stage == Stage.CONFIGURED, ~d.in_group],
        [d.stage.becomes(Stage.DEVRES), d.ret.becomes(Ret.EPROBE_DEFER)],
    )


@action(source=driver_core.driver_sysfs_add_fail.source)
def driver_sysfs_add_fail(d: LateDevice) -> Action:
    """The sysfs links or the power domain fail, after firmware's part."""
    plain = driver_core.driver_sysfs_add_fail(d)
    return Action([*plain.guard, d.in_group], plain.update)


@action(source=driver_core.probe_start.source, label=driver_core.probe_start.label)
def probe_start(d: LateDevice) -> Action:
    """.probe is called, after firmware's part."""
    plain = driver_core.probe_start(d)
    return Action([*plain.guard, d.in_group], plain.update)


@late_group.members_only
@action(
    source=Source("iommu_group_release_dma_owner", "drivers/iommu/iommu.c", VERSION, "group->mutex")
)
def release_dma_owner(g: Group) -> Action:
    """The claim is given back; if its count has been stolen, WARN_ON() and nothing."""
    plain = vfio.release_dma_owner(g)
    kept = {id(g.container)}
    return Action(
        actor=user(g),
        guard=[g.container == Container.UNSETTING],
        update=[
            u
            if id(u.variable) in kept
            else u.variable.becomes(ite(g.owner_cnt > 0, u.value, u.variable))
            for u in plain.update
        ],
    )


design = claim_last.design.variant(
    "claim_first",
    but="the claim is the first step of dma_configure, before firmware's part",
    summary="The bus claims first in dma_configure, when a device that joins late has no group yet",
    source="[PATCH v7 00/11], Lu Baolu, 2022-02-28; bug B0, Eric Auger, 2022-03-04",
    fate="replaced by v8 because of that report",
    actions=[
        dma_configure,
        dma_configure_busy,
        of_dma_configure,
        dma_configure_defer,
        driver_sysfs_add_fail,
        probe_start,
        dma_cleanup.citing(pci("pci_dma_cleanup", version=VERSION)),
        release_dma_owner,
    ],
)
