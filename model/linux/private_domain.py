"""A kernel driver's own domain, to which iommu_attach_device() takes a group of one device.

``domain`` of group and device keeps saying where they stand otherwise; ``private`` says that they
are on the driver's own one instead. The driver attaches it once it is bound and gives it up in
.remove.
"""

from __future__ import annotations

import enum

from model.lang import Action, Expr, Source, action, all_of, field, ite
from model.linux import driver_core, hotplug, iommu, vfio
from model.linux.state import Device, Driver, Group, Owner, Stage, is_member, user

IOMMU = "drivers/iommu/iommu.c"


class Private(enum.Enum):
    """Whether a group is on a kernel driver's own domain."""

    NO = "no"
    YES = "yes"
    FREED = "freed"
    """The driver has given its domain up, and the group was left on it."""


class PrivateGroup(Group):
    """A group that may be on a kernel driver's own domain."""

    private = field(Private, Private.NO, "iommu_group.domain is a kernel driver's own")


class PrivateDevice(Device):
    """A member of such a group."""

    group: PrivateGroup
    private = field(bool, False, "the device is on a kernel driver's own domain")
    attached = field(bool, False, "the device's driver has attached that domain")


def core(function: str, version: str = "6.1.192") -> Source:
    """A citation of the IOMMU core."""
    return Source(function, IOMMU, version, "group->mutex")


def alone(d: Device) -> Expr[bool]:
    """No other device is on the group's list."""
    return all_of(~is_member(e) for e in d.group.devices if e is not d)


def use_refused(g: PrivateGroup) -> Expr[bool]:
    """iommu_device_use_default_domain() = -EBUSY: a driver's own domain is not the default one."""
    foreign = iommu.use_refused(g)
    return foreign | all_of([g.owner_cnt > 0, g.owner == Owner.NULL, g.private != Private.NO])


@action(source=core("iommu_attach_device"))
def iommu_attach_device(d: PrivateDevice) -> Action:
    """A bound kernel driver takes its group, of one device, to a domain of its own."""
    g = d.group
    bound = (d.driver == Driver.KERNEL) & (d.stage == Stage.BOUND) & ~d.dead
    return Action(
        guard=[bound, alone(d), g.private == Private.NO],
        update=[
            g.private.becomes(Private.YES),
            d.private.becomes(True),
            d.attached.becomes(True),
        ],
    )


@action(source=core("iommu_detach_device"))
def iommu_detach_device(d: PrivateDevice) -> Action:
    """.remove gives the domain up, and the group of one device is the kernel's again."""
    return Action(
        guard=[d.attached, d.stage == Stage.REMOVE, alone(d)],
        update=[
            d.group.private.becomes(Private.NO),
            d.private.becomes(False),
            d.attached.becomes(False),
        ],
    )


@action(source=core("iommu_detach_device"), label="iommu_detach_device() WARN_ON")
def iommu_detach_device_warn(d: PrivateDevice) -> Action:
    """.remove frees its domain, but the group has another member by now and is left where it is."""
    return Action(
        guard=[d.attached, d.stage == Stage.REMOVE, ~alone(d)],
        update=[d.group.private.becomes(Private.FREED), d.attached.becomes(False)],
    )


@action(source=driver_core.remove.source, label=".remove()")
def remove(d: PrivateDevice, drv: Driver) -> Action | None:
    """.remove returns, once it has given up what it had attached."""
    plain = driver_core.remove(d, drv)
    return plain and Action([*plain.guard, ~d.attached], plain.update)


@action(source=hotplug.iommu_probe_device.source)
def iommu_probe_device(d: PrivateDevice) -> Action | None:
    """BUS_NOTIFY_ADD_DEVICE: the device joins a group and its current domain, whosever that is."""
    plain = hotplug.iommu_probe_device(d)
    joined = d.private.becomes(d.group.private != Private.NO)
    return plain and Action(plain.guard, [*plain.update, joined])


@action(source=hotplug.iommu_group_alloc.source)
def iommu_group_alloc(d: PrivateDevice) -> Action:
    """A new group is on the kernel's domain, whatever became of the old one."""
    plain = hotplug.iommu_group_alloc(d)
    fresh = [d.group.private.becomes(Private.NO), d.private.becomes(False)]
    return Action(plain.guard, [*plain.update, *fresh])


@action(source=hotplug.iommu_probe_device_end.source, label="iommu_probe_device() ends")
def iommu_probe_device_end(d: PrivateDevice) -> Action:
    """A second critical section: the default domain, unless userspace owns the group."""
    plain = hotplug.iommu_probe_device_end(d)
    moved = d.private.becomes(ite(d.group.owner == Owner.NULL, False, d.private))
    return Action(plain.guard, [*plain.update, moved])


@action(source=hotplug.iommu_release_device.source)
def iommu_release_device(d: PrivateDevice) -> Action:
    """The device leaves its group."""
    plain = hotplug.iommu_release_device(d)
    return Action(plain.guard, [*plain.update, d.private.becomes(False)])


@action(source=vfio.set_container.source, label="ioctl(SET_CONTAINER)")
def set_container(g: PrivateGroup) -> Action:
    """A claim starts from the kernel's domain."""
    plain = vfio.set_container(g)
    return Action([*plain.guard, g.private == Private.NO], plain.update, plain.actor)


@action(
    source=vfio.vfio("vfio_container_attach_group", "-EBUSY"), label="ioctl(SET_CONTAINER) = -EBUSY"
)
def set_container_ebusy(g: PrivateGroup) -> Action:
    """Nobody's count is held, but the group was left on a driver's own domain."""
    plain = vfio.set_container(g)
    return Action([*plain.guard, g.private != Private.NO], [], user(g))


JOIN = (iommu_probe_device, iommu_group_alloc, iommu_probe_device_end)
OWN = (iommu_attach_device, iommu_detach_device, iommu_detach_device_warn, remove)
CLAIM = (iommu_release_device, set_container, set_container_ebusy)
