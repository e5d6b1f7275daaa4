"""A driver's own .probe makes the claim, in drivers that were converted to do so."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.lang import Action, Source, action
from model.linux import driver_core, iommu, ownership
from model.linux.driver_core import dd
from model.linux.state import Device, Driver, Ret, Stage


def asked(function: str, errno: str = "") -> Source:
    """A citation of the question: no such code was posted."""
    return Source(function, "a driver's .probe", "2021-12-30", "device_lock, group->mutex", errno)


@action(source=dd("really_probe"), label="dma_configure()")
def dma_configure(d: Device, drv: Driver) -> Action | None:
    """Firmware only; the claim is left to .probe."""
    return ownership.configure(d, drv, skipped=ownership.EVERY_DRIVER)


@action(source=dd("call_driver_probe"), label=".probe() starts")
def probe_start(d: Device, drv: Driver) -> Action | None:
    """.probe is called; a converted driver's first statement is the claim."""
    if drv is Driver.NONE:
        return None
    first = Stage.PROBE_ENTRY if drv is Driver.CONVERTED else Stage.PROBE
    return Action(
        guard=[d.stage == Stage.CONFIGURED, d.driver == drv], update=[d.stage.becomes(first)]
    )


@action(source=asked("iommu_device_use_dma_api"))
def use_in_probe(d: Device) -> Action:
    """A converted driver claims, inside .probe."""
    return Action(
        guard=[d.stage == Stage.PROBE_ENTRY, ~iommu.use_refused(d.group)],
        update=[d.stage.becomes(Stage.PROBE), *iommu.use(d)],
    )


@action(source=asked("iommu_device_use_dma_api", "-EBUSY"))
def use_in_probe_busy(d: Device) -> Action:
    """A converted driver is refused and returns from .probe."""
    return Action(
        guard=[d.stage == Stage.PROBE_ENTRY, iommu.use_refused(d.group)],
        update=[d.stage.becomes(Stage.CLEANUP), d.ret.becomes(Ret.EBUSY)],
    )


def _leave(d: Device, drv: Driver, plain: Action | None) -> Action | None:
    """``plain``, where a converted driver gives its claim back on the way out."""
    if plain is None or drv is Driver.NONE:
        return None
    gives_back = iommu.unuse(d) if drv is Driver.CONVERTED else []
    return Action([*plain.guard, d.driver == drv], [*plain.update, *gives_back])


@action(source=dd("call_driver_probe", "-EIO"), label=".probe() = -EIO")
def probe_fail(d: Device, drv: Driver) -> Action | None:
    """.probe fails; a converted driver's error path unuses."""
    return _leave(d, drv, driver_core.probe_fail(d))


@action(source=dd("call_driver_probe", "-EPROBE_DEFER"), label=".probe() = -EPROBE_DEFER")
def probe_defer(d: Device, drv: Driver) -> Action | None:
    """.probe defers; a converted driver's error path unuses."""
    return _leave(d, drv, driver_core.probe_defer(d))


@action(source=dd("__device_release_driver"), label=".remove()")
def remove(d: Device, drv: Driver) -> Action | None:
    """.remove; a converted driver unuses there."""
    return _leave(d, drv, driver_core.remove(d, drv))


@action(source=dd("really_probe"), label="dma_cleanup()")
def dma_cleanup(d: Device, drv: Driver) -> Action | None:
    """The bus has nothing to give back."""
    return ownership.cleanup(d, drv, skipped=ownership.EVERY_DRIVER)


design = driver_managed_dma.design.variant(
    "claim_in_probe",
    but="a driver claims in its own .probe, if it was converted to do so, and the bus never does",
    summary="The claim is made by .probe itself, in drivers that were converted",
    source="Bjorn Helgaas's question of 2021-12-30 on [PATCH v4 03/13]",
    fate="rejected the same day: the claim must precede .probe, and most drivers would change",
    actions=[
        dma_configure,
        probe_start,
        use_in_probe,
        use_in_probe_busy,
        probe_fail,
        probe_defer,
        remove,
        dma_cleanup,
    ],
    without=["dma_configure_busy"],
    drivers=(Driver.KERNEL, Driver.CONVERTED, Driver.VFIO, Driver.STUB),
)
