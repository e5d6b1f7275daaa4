"""How long a vfio group may be used: vfio_group.drivers, and what the last unregister does."""

from __future__ import annotations

from typing import cast

from model.lang import Action, Expr, action, any_of, counter, field
from model.linux import driver_core
from model.linux.driver_core import dd
from model.linux.state import Device, Driver, Group


class CountedGroup(Group):
    """A group whose vfio group counts the vfio drivers that keep it alive."""

    drivers = counter(
        0, lambda g: len(g.devices), 0, "vfio_group.drivers: registered vfio devices (5.19: users)"
    )


class DisassociatedGroup(CountedGroup):
    """A group whose vfio group may be gone while userspace still holds that one's fd."""

    orphan = field(
        bool, False, "userspace holds the fd of a vfio_group whose iommu_group pointer is NULL"
    )


class LeavingDevice(Device):
    """A device whose .remove has more to do after it has left its vfio group."""

    left = field(bool, False, ".remove has dropped the last count of its vfio_group.drivers")


def somebody_leaves(g: Group) -> Expr[bool]:
    """Some member's .remove has dropped the last count and is not through."""
    return any_of(d.left for d in g.devices if isinstance(d, LeavingDevice))


def vfio_group(d: Device) -> CountedGroup:
    """The vfio group that a device registers with. A design lists one that counts."""
    return cast("CountedGroup", d.group)


def is_last(d: Device) -> Expr[bool]:
    """No other vfio device is registered with this one's vfio group."""
    return vfio_group(d).drivers == 1


@action(source=dd("call_driver_probe"), label=".probe() = 0")
def probe_succeed(d: Device, drv: Driver) -> Action | None:
    """.probe succeeds; a vfio driver has taken a count of vfio_group.drivers."""
    if drv is Driver.NONE:
        return None
    plain = driver_core.probe_succeed(d)
    g = vfio_group(d)
    counted = [g.drivers.becomes(g.drivers + 1)] if drv is Driver.VFIO else []
    return Action([*plain.guard, d.driver == drv], [*plain.update, *counted])
