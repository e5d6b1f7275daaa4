"""Autoprobe: the loop over the drivers that match a device, and the deferred list.

Two drivers match: a kernel-DMA one first, then vfio's. Only what ``.probe`` itself returns lets
the loop go on; every error from around it, a refused claim too, ends it. device_lock is held
from the first match to the last.
"""

from __future__ import annotations

import enum

from model.lang import Action, Expr, Update, action, field, ite
from model.linux import driver_core, hotplug
from model.linux.driver_core import dd
from model.linux.state import Device, Driver, Group, Ret, Stage


class Loop(enum.Enum):
    """Where __device_attach() stands in its loop over the matching drivers."""

    OFF = "off"
    """No probe is under way, or one that somebody asked for through sysfs."""
    FIRST = "first"
    """The kernel-DMA driver is tried; a negative result would end the loop."""
    GOES_ON = "goes-on"
    """The kernel-DMA driver has failed in a way that lets the loop go on."""
    LAST = "last"
    """vfio's driver is tried; none comes after it."""


class AutoprobedDevice(Device):
    """A device that the kernel offers to the drivers that match it."""

    loop = field(Loop, Loop.OFF, "bus_for_each_drv() in __device_attach()")
    deferred = field(bool, False, "the device is on the deferred list")
    refused = field(bool, False, "the last autoprobe was refused the claim, and nobody was told")


class OverriddenDevice(AutoprobedDevice):
    """Such a device with a driver_override that may name vfio's driver."""

    override = field(bool, False, "driver_override is vfio-pci")


class SwitchedGroup(Group):
    """A group on a bus whose autoprobe the admin may switch off."""

    drivers_autoprobe = field(bool, True, "bus_type's drivers_autoprobe")


class SwitchedDevice(Device):
    """A member of such a group."""

    group: SwitchedGroup


def asked_by_hand(d: AutoprobedDevice) -> Expr[bool]:
    """A probe is under way that a writer to sysfs waits for."""
    return (d.ret != Ret.NONE) & (d.loop == Loop.OFF)


def begin(d: AutoprobedDevice, plain: Action | None, loop: Loop) -> Action | None:
    """``plain``, a probe that begins with ``loop``; an earlier refusal is past."""
    return plain and Action(
        plain.guard, [*plain.update, d.loop.becomes(loop), d.refused.becomes(False)]
    )


@action(source=dd("bind_store"), label="bind_store()")
def bind_store(d: AutoprobedDevice, drv: Driver) -> Action | None:
    """The admin binds a driver through sysfs, and is told what became of it."""
    return begin(d, driver_core.bind_store(d, drv), Loop.OFF)


@action(source=dd("device_initial_probe"))
def device_initial_probe(d: AutoprobedDevice, drv: Driver) -> Action | None:
    """A device that was just added is offered to the first driver that matches."""
    if drv is not Driver.KERNEL:
        return None
    return begin(d, driver_core.device_initial_probe(d, drv), Loop.FIRST)


@action(source=dd("deferred_probe_work_func"))
def deferred_probe_work_func(d: AutoprobedDevice, drv: Driver) -> Action | None:
    """The device leaves the deferred list and is offered to the first driver that matches."""
    if drv is not Driver.KERNEL:
        return None
    return from_list(d, begin(d, driver_core.start_probe(d, drv, Stage.IDLE), Loop.FIRST))


def from_list(d: AutoprobedDevice, plain: Action | None) -> Action | None:
    """``plain``, the beginning of a probe, by the worker that empties the deferred list."""
    return plain and Action([*plain.guard, d.deferred], [*plain.update, d.deferred.becomes(False)])


def go_on(d: AutoprobedDevice) -> Update:
    """This result does not keep the loop from the next driver, if there is one."""
    return d.loop.becomes(ite(d.loop == Loop.FIRST, Loop.GOES_ON, d.loop))


@action(source=driver_core.probe_fail.source, label=".probe() = -EIO")
def probe_fail(d: AutoprobedDevice) -> Action:
    """.probe fails: really_probe() will return a positive errno."""
    plain = driver_core.probe_fail(d)
    return Action(plain.guard, [*plain.update, go_on(d)])


@action(source=driver_core.probe_defer.source, label=".probe() = -EPROBE_DEFER")
def probe_defer(d: AutoprobedDevice) -> Action:
    """.probe asks to be called again later: the positive errno again."""
    plain = driver_core.probe_defer(d)
    return Action(plain.guard, [*plain.update, go_on(d)])


@action(source=driver_core.driver_bound.source)
def driver_bound(d: AutoprobedDevice) -> Action:
    """The loop ends with a driver, and the device leaves the deferred list."""
    plain = driver_core.driver_bound(d)
    settled = [d.loop.becomes(Loop.OFF), d.deferred.becomes(False), d.refused.becomes(False)]
    return Action(plain.guard, [*plain.update, *settled])


@action(source=dd("__device_attach_driver"), label="next match")
def next_match(d: AutoprobedDevice) -> Action:
    """A positive result: the loop goes on with vfio's driver, still under device_lock."""
    return Action(
        guard=[d.stage == Stage.RETURN, d.loop == Loop.GOES_ON],
        update=[
            d.stage.becomes(Stage.CONFIGURE),
            d.driver.becomes(Driver.VFIO),
            d.deferred.becomes(d.deferred | (d.ret == Ret.EPROBE_DEFER)),
            d.ret.becomes(Ret.OK),
            d.loop.becomes(Loop.LAST),
        ],
    )


@action(source=driver_core.really_probe_return.source, label="really_probe() returns")
def really_probe_return(d: AutoprobedDevice) -> Action:
    """A writer to sysfs is told; of an autoprobe only -EPROBE_DEFER is remembered."""
    plain = driver_core.really_probe_return(d)
    queued = (d.loop != Loop.OFF) & (d.ret == Ret.EPROBE_DEFER)
    return Action(
        [*plain.guard, d.loop != Loop.GOES_ON],
        [*plain.update, d.loop.becomes(Loop.OFF), d.deferred.becomes(d.deferred | queued)],
    )


@action(source=hotplug.device_del.source)
def device_del(d: AutoprobedDevice) -> Action:
    """Removal begins: the device leaves the deferred list, too."""
    plain = hotplug.device_del(d)
    return Action(plain.guard, [*plain.update, d.deferred.becomes(False), d.refused.becomes(False)])


LOOP = (
    bind_store,
    device_initial_probe,
    deferred_probe_work_func,
    probe_fail,
    probe_defer,
    driver_bound,
    next_match,
    really_probe_return,
    device_del,
)
