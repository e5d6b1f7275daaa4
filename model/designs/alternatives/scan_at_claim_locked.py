"""scan_at_claim that takes every member's device_lock, with group->mutex held."""

from __future__ import annotations

from model.designs.alternatives import scan_at_claim
from model.designs.alternatives.scan_at_claim import PROPOSED, claim
from model.designs.driver_managed_dma import DRIVER_MANAGED_DMA, pci
from model.lang import Action, action
from model.linux import driver_core, scanning, vfio
from model.linux.scanning import Holder, LockingDevice, LockingGroup
from model.linux.state import Container, Driver, Stage, user


def _may_claim(d: LockingDevice, plain: Action | None, drv: Driver) -> Action | None:
    """``plain``, which for a driver without the flag needs group->mutex."""
    if plain is None or drv in DRIVER_MANAGED_DMA:
        return plain
    locked = scanning.under_mutex(d.group, plain)
    return Action(locked.guard, [*locked.update, d.at_mutex.becomes(False)])


@action(source=pci("pci_dma_configure", version=PROPOSED), label="mutex_lock(group->mutex) waits")
def dma_configure_lock(d: LockingDevice) -> Action:
    """The firmware's part is done; a driver without the flag must wait for group->mutex."""
    return Action(
        guard=[
            d.stage == Stage.CONFIGURE,
            scanning.is_in_the_way(d),
            d.group.mutex != Holder.NONE,
            ~d.at_mutex,
        ],
        update=[d.at_mutex.becomes(True)],
    )


@action(source=pci("pci_dma_configure", version=PROPOSED))
def dma_configure(d: LockingDevice, drv: Driver) -> Action | None:
    """Under group->mutex, a driver without the flag sees that userspace does not own the group."""
    return _may_claim(d, scan_at_claim.dma_configure(d, drv), drv)


@action(source=pci("pci_dma_configure", "-EBUSY", version=PROPOSED))
def dma_configure_busy(d: LockingDevice, drv: Driver) -> Action | None:
    """Under group->mutex, a driver without the flag sees that userspace owns the group."""
    return _may_claim(d, scan_at_claim.dma_configure_busy(d, drv), drv)


@action(source=driver_core.dma_configure_defer.source)
def dma_configure_defer(d: LockingDevice) -> Action:
    """The firmware defers, before group->mutex is asked for."""
    plain = driver_core.dma_configure_defer(d)
    return Action([*plain.guard, ~d.at_mutex], plain.update)


@action(source=claim(), label="SET_CONTAINER: mutex_lock(group->mutex)")
def set_container_lock(g: LockingGroup) -> Action:
    """The claim takes group->mutex, and keeps it while it waits for device_lock."""
    return Action(
        actor=user(g),
        guard=[*scanning.asks(g, Container.NONE), g.mutex == Holder.NONE],
        update=[g.mutex.becomes(Holder.CLAIM)],
    )


@action(source=claim(), label="SET_CONTAINER reads a driver, locked")
def read_driver(d: LockingDevice) -> Action:
    """The claim waits for one member's device_lock, reads dev->driver and drops the lock."""
    plain = scan_at_claim.read_driver(d)
    return Action([*scanning.locked(d), ~scanning.is_in_the_way(d)], plain.update, plain.actor)


# A probe without the flag holds the claim up; any other ends by itself and changes nothing that
# the claim looks at, so that claiming before its end leads to the same states as waiting for it.
@action(source=claim(), label="ioctl(SET_CONTAINER)")
def set_container(g: LockingGroup) -> Action:
    """Nothing was found in the way: the group is userspace's, and group->mutex is dropped."""
    plain = scan_at_claim.set_container(g)
    return Action(plain.guard, [*plain.update, g.mutex.becomes(Holder.NONE)], plain.actor)


@action(source=claim("-EPERM"), label="ioctl(SET_CONTAINER) = -EPERM")
def set_container_eperm(d: LockingDevice) -> Action:
    """With this member's device_lock held, a driver without the flag is read."""
    g = d.group
    return Action(
        actor=user(g),
        guard=[*scanning.locked(d), scanning.is_in_the_way(d)],
        update=[g.scanned.becomes(0), g.mutex.becomes(Holder.NONE)],
    )


@action(source=vfio.close_group_fd.source, label="close(group fd)")
def close_group_fd(g: LockingGroup) -> Action:
    """Userspace closes the group fd, once its ioctl has returned."""
    return scanning.under_mutex(g, vfio.close_group_fd(g))


@action(source=vfio.do_exit.source)
def do_exit(g: LockingGroup) -> Action:
    """The user process dies, once its ioctl has returned."""
    return scanning.under_mutex(g, vfio.do_exit(g))


design = scan_at_claim.design.variant(
    "scan_at_claim_locked",
    but="the claim keeps group->mutex and takes each member's device_lock to read its driver",
    source="D-scan with locks: Jason Gunthorpe's ABBA argument of 2021-11-15",
    fate="rejected: it deadlocks with really_probe(); a count under group->mutex took its place",
    actions=[
        *scanning.HOTPLUG,
        dma_configure,
        dma_configure_lock,
        dma_configure_busy,
        dma_configure_defer,
        *scanning.RELEASE,
        set_container_lock,
        read_driver,
        set_container,
        set_container_eperm,
        close_group_fd,
        do_exit,
    ],
    device=LockingDevice,
    group=LockingGroup,
)
