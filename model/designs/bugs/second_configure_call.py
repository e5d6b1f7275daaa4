"""The IOMMU probe calls dma_configure beside really_probe(), and both calls may claim."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.bugs.probe_before_group_join import platform
from model.designs.driver_managed_dma import DRIVER_MANAGED_DMA
from model.lang import Action, action, any_of
from model.linux import half_added, iommu, ownership
from model.linux.half_added import (
    SECOND,
    TwiceConfiguredDevice,
    TwiceCountedGroup,
    join,
    returned,
    siblings,
)
from model.linux.state import Driver


@action(source=SECOND, label="platform_dma_configure() claims too")
def second_call_claims(d: TwiceConfiguredDevice) -> Action | None:
    """dev->driver is read again: a driver has come, and the group with it, so it is counted."""
    if not siblings(d):
        return None
    g = d.group
    return Action(
        actor="iommu",
        guard=[
            d.entered,
            d.driver == Driver.KERNEL,
            ~d.half_added,
            ~iommu.use_refused(g),
            ~g.twice,
        ],
        update=[
            d.entered.becomes(False),
            g.owner_cnt.becomes(g.owner_cnt + 1),
            g.twice.becomes(True),
        ],
    )


@action(source=SECOND, label="platform_dma_configure() claims nothing")
def second_call(d: TwiceConfiguredDevice) -> Action | None:
    """No claim: no driver, one that manages its DMA, no group yet, or userspace's."""
    g = d.group
    silent = any_of([d.driver != Driver.KERNEL, d.half_added, iommu.use_refused(g), g.twice])
    return returned(d, silent)


@action(source=platform("platform_dma_configure"))
def dma_configure(d: TwiceConfiguredDevice, drv: Driver) -> Action | None:
    """really_probe()'s own call: the firmware's part replays the IOMMU probe, then the claim."""
    plain = ownership.configure(d, drv, skipped=DRIVER_MANAGED_DMA)
    return plain and Action(plain.guard, [*plain.update, *join(d)])


@action(source=platform("platform_dma_configure", "-EBUSY"))
def dma_configure_busy(d: TwiceConfiguredDevice, drv: Driver) -> Action | None:
    """The device has joined its group by now; userspace owns it, and the claim is refused."""
    plain = ownership.refuse(d, drv, skipped=DRIVER_MANAGED_DMA)
    return plain and Action(plain.guard, [*plain.update, *join(d)])


@action(source=half_added.device_del.source)
def device_del(d: TwiceConfiguredDevice) -> Action:
    """Removal begins, of a device that the IOMMU probe is done with."""
    plain = half_added.device_del(d)
    return Action([*plain.guard, ~d.entered], plain.update)


design = driver_managed_dma.design.variant(
    "second_configure_call",
    but="the IOMMU probe calls dma_configure too, without device_lock, and that call may claim",
    summary="dma_configure runs for the IOMMU probe too, which looks at dev->driver twice",
    source="B19: what commits 95deee37a123 and 78447d4545b2 leave of bcb81ac6ae3c",
    fate="merged in 6.15; read the same in 7.3.4",
    device=TwiceConfiguredDevice,
    group=TwiceCountedGroup,
    actions=[
        half_added.bus_add_device,
        half_added.iommu_init_device,
        second_call_claims,
        second_call,
        dma_configure,
        dma_configure_busy,
        driver_managed_dma.dma_cleanup.citing(platform("platform_dma_cleanup")),
        device_del,
        *half_added.SWITCH,
    ],
    without=["iommu_probe_device"],
)
