"""Reading the members' dev->driver where the merged design reads a count.

A claim reads them one after another, a hook at unbind all at once. A member that the
claim has read counts as read, whatever becomes of it until the claim is made. That nobody comes
between two reads is possible as well: ``set_container`` makes what reads are left and the claim in
one step, so that it is enabled exactly when asking now would succeed.
"""

from __future__ import annotations

import enum

from model.lang import Action, Expr, Update, action, all_of, counter, field
from model.linux import hotplug, iommu, ownership
from model.linux.state import (
    KERNEL_DMA,
    Container,
    Device,
    Domain,
    Driver,
    File,
    Group,
    Owner,
    Ret,
    Stage,
    device_lock_is_free,
    user,
)


class ScanningGroup(Group):
    """A group whose members a claim reads one by one."""

    scanned = counter(0, lambda g: len(g.devices), 0, "how many members the claim has read")


class ScannedDevice(Device):
    """A member of such a group."""

    group: ScanningGroup


class Holder(enum.Enum):
    """Who keeps group->mutex from one step to the next; all others are done within a step."""

    NONE = "none"
    CLAIM = "claim"


class LockingGroup(ScanningGroup):
    """A group whose mutex a claim keeps while it waits for its members' device_lock."""

    mutex = field(Holder, Holder.NONE, "iommu_group.mutex: who keeps it across steps")


class LockingDevice(ScannedDevice):
    """A device whose probe may have to wait for group->mutex, with device_lock held."""

    at_mutex = field(bool, False, "dma_configure has come to mutex_lock(&group->mutex)")

    group: LockingGroup


class TokenGroup(Group):
    """A group whose owner may be the kernel as well: a token that is set, not counted."""

    kernel = field(bool, False, "iommu_group.owner is the kernel's token")


class TokenDevice(Device):
    """A member of a group with a token."""

    group: TokenGroup


class UnlockedReader(TokenDevice):
    """A member whose unbind reads the others' drivers before it takes group->mutex."""

    alone = field(bool, False, "the hook has read that no other member needs the token")


def is_in_the_way(d: Device) -> Expr[bool]:
    """dev->driver points to a driver without the flag."""
    return d.driver.is_in(*KERNEL_DMA)


def is_next(d: ScannedDevice) -> Expr[bool]:
    """The claim has read every member before this one."""
    return d.group.scanned == d.group.devices.index(d)


def none_in_the_way(g: ScanningGroup) -> Expr[bool]:
    """Of the members that are still to be read none is in the way."""
    return all_of((g.scanned > k) | ~is_in_the_way(d) for k, d in enumerate(g.devices))


def configure(d: Device, drv: Driver, granted: Expr[bool]) -> Action | None:
    """dma_configure succeeds; a driver without the flag only looks whether it is ``granted``."""
    plain = ownership.configure(d, drv, skipped=ownership.EVERY_DRIVER)
    if plain is None or drv not in KERNEL_DMA:
        return plain
    return Action([*plain.guard, granted], plain.update)


def refuse(d: Device, drv: Driver, granted: Expr[bool]) -> Action | None:
    """dma_configure refuses a driver without the flag, so that .probe is not called."""
    if drv not in KERNEL_DMA:
        return None
    return Action(
        guard=[d.stage == Stage.CONFIGURE, d.driver == drv, ~granted],
        update=[d.stage.becomes(Stage.DEVRES), d.ret.becomes(Ret.EBUSY)],
    )


def asks(g: Group, *states: Container) -> list[Expr[bool]]:
    """The user process may make, or is in, an ioctl that claims."""
    return [g.file == File.OPEN, g.container.is_in(*states)]


def read(d: ScannedDevice, *states: Container) -> Action:
    """The claim, in a container of ``states``, reads this member's dev->driver: not in the way."""
    g = d.group
    return Action(
        actor=user(g),
        guard=[*asks(g, *states), is_next(d), ~is_in_the_way(d)],
        update=[g.scanned.becomes(g.scanned + 1)],
    )


def between_ioctls(g: ScanningGroup, plain: Action) -> Action:
    """``plain``, which the user process cannot do while it is in an ioctl that reads members."""
    return Action([*plain.guard, g.scanned == 0], plain.update, plain.actor)


def own(g: Group) -> list[Update]:
    """The group is userspace's, and blocked; nothing is counted."""
    return [g.owner.becomes(Owner.VFIO), *iommu.switch(g, Domain.BLOCKING)]


def locked(d: LockingDevice) -> list[Expr[bool]]:
    """The claim comes to this member with group->mutex held, and gets its device_lock."""
    return [d.group.mutex == Holder.CLAIM, is_next(d), device_lock_is_free(d)]


def under_mutex(g: LockingGroup, plain: Action) -> Action:
    """``plain``, which has to wait while a claim keeps group->mutex."""
    return Action([*plain.guard, g.mutex == Holder.NONE], plain.update, plain.actor)


@action(source=hotplug.iommu_probe_device.source)
def iommu_probe_device(d: LockingDevice) -> Action | None:
    """The device joins a group, once group->mutex is free."""
    plain = hotplug.iommu_probe_device(d)
    return plain and under_mutex(d.group, plain)


@action(source=hotplug.iommu_probe_device_end.source, label="iommu_probe_device() ends")
def iommu_probe_device_end(d: LockingDevice) -> Action:
    """The default domain, unless userspace owns the group, once group->mutex is free."""
    return under_mutex(d.group, hotplug.iommu_probe_device_end(d))


@action(source=hotplug.iommu_release_device.source)
def iommu_release_device(d: LockingDevice) -> Action:
    """The device leaves its group, once group->mutex is free."""
    return under_mutex(d.group, hotplug.iommu_release_device(d))


HOTPLUG = (iommu_probe_device, iommu_probe_device_end)
RELEASE = (iommu_release_device,)
