"""driver_override leaves one match for a device, and vfio's driver is never refused."""

from __future__ import annotations

from model.designs.bugs import autoprobe_stops_at_refusal
from model.lang import Action, Source, action
from model.linux import autoprobe, driver_core, hotplug
from model.linux.autoprobe import Loop, OverriddenDevice
from model.linux.driver_core import LOCK
from model.linux.state import Driver, Stage

OVERRIDE = Source("driver_override_store", "drivers/pci/pci-sysfs.c", "6.1.192", LOCK)


def matched(d: OverriddenDevice, drv: Driver, plain: Action | None) -> Action | None:
    """``plain``, the beginning of a probe of ``drv``, if driver_override lets it match."""
    if plain is None:
        return None
    return plain if drv is Driver.VFIO else Action([*plain.guard, ~d.override], plain.update)


def offered(d: OverriddenDevice, drv: Driver, stage: Stage) -> Action | None:
    """The loop begins: with the kernel-DMA driver, or with vfio's as the only match."""
    plain = driver_core.start_probe(d, drv, stage)
    if drv is Driver.VFIO and plain:
        only = Action([*plain.guard, d.override], plain.update)
        return autoprobe.begin(d, only, Loop.LAST)
    first = autoprobe.begin(d, plain, Loop.FIRST) if drv is Driver.KERNEL else None
    return matched(d, drv, first)


@action(source=OVERRIDE, label="driver_override = vfio-pci")
def driver_override_store(d: OverriddenDevice) -> Action:
    """Before the first match: by vfio-pci for the functions that its own one creates, or udev."""
    return Action(guard=[d.stage == Stage.ADDED], update=[d.override.becomes(True)])


@action(source=OVERRIDE, label="driver_override =")
def driver_override_clear(d: OverriddenDevice) -> Action:
    """The admin takes it back, with no driver bound."""
    return Action(guard=[d.stage == Stage.IDLE, d.override], update=[d.override.becomes(False)])


@action(source=autoprobe.bind_store.source, label="bind_store()")
def bind_store(d: OverriddenDevice, drv: Driver) -> Action | None:
    """The admin binds a driver that matches through sysfs."""
    return matched(d, drv, autoprobe.bind_store(d, drv))


@action(source=autoprobe.device_initial_probe.source)
def device_initial_probe(d: OverriddenDevice, drv: Driver) -> Action | None:
    """A device that was just added is offered to the first driver that matches."""
    return offered(d, drv, Stage.ADDED)


@action(source=autoprobe.deferred_probe_work_func.source)
def deferred_probe_work_func(d: OverriddenDevice, drv: Driver) -> Action | None:
    """The device leaves the deferred list and is offered to the first driver that matches."""
    return autoprobe.from_list(d, offered(d, drv, Stage.IDLE))


@action(source=hotplug.iommu_release_device.source)
def iommu_release_device(d: OverriddenDevice) -> Action:
    """The device leaves its group, and its driver_override goes with it."""
    plain = hotplug.iommu_release_device(d)
    return Action(plain.guard, [*plain.update, d.override.becomes(False)])


design = autoprobe_stops_at_refusal.design.variant(
    "override_before_autoprobe",
    but="an added device may have driver_override = vfio-pci before its first match",
    source="scenario row 5; vfio_pci_core.c, ADD_DEVICE notifier",
    fate="merged; how vfio gets its members",
    device=OverriddenDevice,
    actions=[
        driver_override_store,
        driver_override_clear,
        bind_store,
        device_initial_probe,
        deferred_probe_work_func,
        iommu_release_device,
    ],
)
