"""The driver core: bind, really_probe() with every way out of it, and unbind.

The order is that of 6.1.192:drivers/base/dd.c. A design adds the three actions that differ:
``dma_configure``, its refusal, and ``dma_cleanup``.
"""

from __future__ import annotations

from model.lang import Action, Source, action
from model.linux.state import Device, Driver, Ret, Stage

LOCK = "device_lock"


def dd(function: str, errno: str = "", lock: str = LOCK) -> Source:
    """A citation of the driver core."""
    return Source(function, "drivers/base/dd.c", "6.1.192", lock, errno)


def _move(d: Device, old: Stage, new: Stage) -> Action:
    return Action(guard=[d.stage == old], update=[d.stage.becomes(new)])


def start_probe(d: Device, drv: Driver, old: Stage) -> Action | None:
    """really_probe() takes device_lock and sets dev->driver."""
    if drv is Driver.NONE:
        return None
    return Action(
        guard=[d.stage == old, d.driver == Driver.NONE, ~d.dead],
        update=[
            d.stage.becomes(Stage.CONFIGURE),
            d.driver.becomes(drv),
            d.ret.becomes(Ret.OK),
        ],
    )


@action(source=dd("bind_store"), label="bind_store()")
def bind_store(d: Device, drv: Driver) -> Action | None:
    """The admin binds a driver through sysfs; module load and drivers_probe do the same."""
    return start_probe(d, drv, Stage.IDLE)


@action(source=dd("device_initial_probe"))
def device_initial_probe(d: Device, drv: Driver) -> Action | None:
    """A device that was just added meets a matching driver."""
    return start_probe(d, drv, Stage.ADDED)


@action(source=dd("device_initial_probe", lock=""), label="device_initial_probe() no match")
def device_initial_probe_no_match(d: Device) -> Action:
    """A device that was just added meets no matching driver."""
    return _move(d, Stage.ADDED, Stage.IDLE)


@action(
    source=Source("pci_dma_configure", "drivers/pci/pci-driver.c", "6.1.192", LOCK, "-EPROBE_DEFER")
)
def dma_configure_defer(d: Device) -> Action:
    """The firmware's part of dma_configure is not ready; no claim was tried."""
    return Action(
        guard=[d.stage == Stage.CONFIGURE],
        update=[d.stage.becomes(Stage.DEVRES), d.ret.becomes(Ret.EPROBE_DEFER)],
    )


@action(source=dd("driver_sysfs_add", "-EIO"))
def driver_sysfs_add_fail(d: Device) -> Action:
    """The sysfs links or the power domain fail between dma_configure and .probe."""
    return Action(
        guard=[d.stage == Stage.CONFIGURED],
        update=[d.stage.becomes(Stage.CLEANUP), d.ret.becomes(Ret.EIO)],
    )


@action(source=dd("call_driver_probe"), label=".probe() starts")
def probe_start(d: Device) -> Action:
    """BUS_NOTIFY_BIND_DRIVER is sent and .probe is called."""
    return _move(d, Stage.CONFIGURED, Stage.PROBE)


@action(source=dd("call_driver_probe"), label=".probe() = 0")
def probe_succeed(d: Device) -> Action:
    """.probe succeeds; a vfio driver is registered with its vfio group from here on."""
    return _move(d, Stage.PROBE, Stage.PROBED)


@action(source=dd("call_driver_probe", "-EIO"), label=".probe() = -EIO")
def probe_fail(d: Device) -> Action:
    """.probe fails."""
    return Action(
        guard=[d.stage == Stage.PROBE],
        update=[d.stage.becomes(Stage.CLEANUP), d.ret.becomes(Ret.EIO)],
    )


@action(source=dd("call_driver_probe", "-EPROBE_DEFER"), label=".probe() = -EPROBE_DEFER")
def probe_defer(d: Device) -> Action:
    """.probe asks to be called again later."""
    return Action(
        guard=[d.stage == Stage.PROBE],
        update=[d.stage.becomes(Stage.CLEANUP), d.ret.becomes(Ret.EPROBE_DEFER)],
    )


@action(source=dd("device_add_groups", "-EIO"))
def device_add_groups_fail(d: Device) -> Action:
    """The driver's sysfs attributes fail after .probe has succeeded: .remove is called."""
    return Action(
        guard=[d.stage == Stage.PROBED],
        update=[d.stage.becomes(Stage.REMOVE), d.ret.becomes(Ret.EIO)],
    )


@action(source=dd("driver_bound"))
def driver_bound(d: Device) -> Action:
    """BUS_NOTIFY_BOUND_DRIVER is sent; really_probe() returns 0 and drops device_lock."""
    return Action(
        guard=[d.stage == Stage.PROBED],
        update=[d.stage.becomes(Stage.BOUND), d.ret.becomes(Ret.NONE)],
    )


@action(source=dd("device_release_driver"))
def device_release_driver(d: Device) -> Action:
    """Unbind takes device_lock and calls .remove, for sysfs or for device_del()."""
    return _move(d, Stage.BOUND, Stage.REMOVE)


@action(source=dd("__device_release_driver"), label=".remove()")
def remove(d: Device, drv: Driver) -> Action | None:
    """.remove returns at once, for every driver but vfio's."""
    if drv in (Driver.NONE, Driver.VFIO):
        return None
    return Action(
        guard=[d.stage == Stage.REMOVE, d.driver == drv], update=[d.stage.becomes(Stage.CLEANUP)]
    )


@action(source=dd("device_unbind_cleanup"))
def device_unbind_cleanup(d: Device) -> Action:
    """The end of an unbind: devres is freed, dev->driver is NULL, device_lock is dropped."""
    return Action(
        guard=[d.stage == Stage.DEVRES, d.ret == Ret.NONE],
        update=[d.stage.becomes(Stage.IDLE), d.driver.becomes(Driver.NONE)],
    )


@action(source=dd("device_unbind_cleanup"))
def device_unbind_cleanup_unwind(d: Device) -> Action:
    """The end of a failed probe's unwinding: devres is freed, dev->driver is NULL."""
    return Action(
        guard=[d.stage == Stage.DEVRES, d.ret != Ret.NONE],
        update=[d.stage.becomes(Stage.RETURN), d.driver.becomes(Driver.NONE)],
    )


@action(source=dd("really_probe"), label="really_probe() returns")
def really_probe_return(d: Device) -> Action:
    """The failed probe reports to whoever asked for it and drops device_lock."""
    return Action(
        guard=[d.stage == Stage.RETURN],
        update=[d.stage.becomes(Stage.IDLE), d.ret.becomes(Ret.NONE)],
    )


BEFORE_DMA_CONFIGURE = (bind_store, device_initial_probe, device_initial_probe_no_match)
PROBE = (
    dma_configure_defer,
    driver_sysfs_add_fail,
    probe_start,
    probe_succeed,
    probe_fail,
    probe_defer,
    device_add_groups_fail,
    driver_bound,
)
UNBIND = (device_release_driver, remove)
AFTER_DMA_CLEANUP = (device_unbind_cleanup, device_unbind_cleanup_unwind, really_probe_return)
