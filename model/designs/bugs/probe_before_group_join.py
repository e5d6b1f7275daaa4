"""A driver finds a device before the device has joined its group, so that nothing is counted."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.driver_managed_dma import DRIVER_MANAGED_DMA
from model.lang import Action, Expr, Source, Update, action, ite
from model.linux import driver_core, half_added, iommu, ownership
from model.linux.driver_core import LOCK, dd
from model.linux.half_added import HalfAddedDevice
from model.linux.state import Driver, Stage


def platform(function: str, errno: str = "") -> Source:
    """A citation of the platform bus."""
    lock = f"{LOCK}, group->mutex"
    return Source(function, "drivers/base/platform.c", "6.1.192", lock, errno)


def _in_group(d: HalfAddedDevice, updates: list[Update]) -> list[Update]:
    """``updates`` of an ownership call, which does nothing for a device without a group."""
    return [u.variable.becomes(ite(d.half_added, u.variable, u.value)) for u in updates]


@action(source=platform("platform_dma_configure"))
def dma_configure(d: HalfAddedDevice, drv: Driver) -> Action | None:
    """The kernel's claim; without a group iommu_device_use_default_domain() returns 0 at once."""
    if drv is Driver.NONE:
        return None
    if drv in DRIVER_MANAGED_DMA:
        return ownership.configure(d, drv, skipped=DRIVER_MANAGED_DMA)
    granted: Expr[bool] = d.half_added | ~iommu.use_refused(d.group)
    return Action(
        guard=[d.stage == Stage.CONFIGURE, d.driver == drv, granted],
        update=[d.stage.becomes(Stage.CONFIGURED), *_in_group(d, iommu.use(d))],
    )


@action(source=platform("platform_dma_configure", "-EBUSY"))
def dma_configure_busy(d: HalfAddedDevice, drv: Driver) -> Action | None:
    """Userspace owns the group, and the device is in it: the claim is refused."""
    plain = ownership.refuse(d, drv, skipped=DRIVER_MANAGED_DMA)
    return plain and Action([*plain.guard, ~d.half_added], plain.update)


@action(source=platform("platform_dma_cleanup"))
def dma_cleanup(d: HalfAddedDevice, drv: Driver) -> Action | None:
    """A claim is given back, if there is a group by now, whether or not one was made."""
    plain = ownership.cleanup(d, drv, skipped=ownership.EVERY_DRIVER)
    if plain is None or drv in DRIVER_MANAGED_DMA:
        return plain
    return Action(plain.guard, [*plain.update, *_in_group(d, iommu.unuse(d))])


@action(source=dd("call_driver_probe"), label=".probe() = 0")
def probe_succeed(d: HalfAddedDevice) -> Action:
    """.probe succeeds; vfio's cannot register a device that has no group."""
    plain = driver_core.probe_succeed(d)
    return Action([*plain.guard, ~d.half_added | (d.driver != Driver.VFIO)], plain.update)


design = driver_managed_dma.design.variant(
    "probe_before_group_join",
    but="a device is on its bus, for drivers to find, before it joins its group",
    summary="On a platform-like bus a driver can be bound to a device that has no group yet",
    source="B23: the state before commit a2225b6e834a",
    fate="merged in 5.19; fixed in 2026, and in 6.1.y and 6.12.y",
    device=HalfAddedDevice,
    actions=[
        *half_added.ADD,
        dma_configure,
        dma_configure_busy,
        probe_succeed,
        dma_cleanup,
        half_added.device_del,
        *half_added.SWITCH,
    ],
)
