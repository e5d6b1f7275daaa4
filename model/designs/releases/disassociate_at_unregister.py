"""vfio's last unregister takes the group from its user, whose fd outlives it without use."""

from __future__ import annotations

from typing import cast

from model.designs.releases import no_wait_at_unregister
from model.lang import Action, Source, Update, action
from model.linux import iommu, lifetime, vfio
from model.linux.driver_core import LOCK
from model.linux.lifetime import (
    DisassociatedGroup,
    LeavingDevice,
    is_last,
    somebody_leaves,
    vfio_group,
)
from model.linux.state import Container, Device, Domain, Driver, File, Stage, user


def last(function: str, lock: str = "") -> Source:
    """A citation of vfio's last unregister."""
    locks = f"{LOCK}, vfio.group_lock, {lock}vfio_group.group_lock"
    return Source(function, "drivers/vfio/vfio_main.c", "6.1.192", locks)


def _disassociate(d: Device) -> list[Update]:
    """The vfio group is gone: a new one can be opened, and the old one's fd is of no use."""
    g = cast("DisassociatedGroup", d.group)
    return [
        d.stage.becomes(Stage.CLEANUP),
        g.orphan.becomes(g.orphan | (g.file == File.OPEN)),
        g.file.becomes(File.CLOSED),
    ]


@action(source=lifetime.probe_succeed.source, label=lifetime.probe_succeed.label)
def probe_succeed(d: Device, drv: Driver) -> Action | None:
    """.probe succeeds; to register with vfio waits for a last unregister to drop group_lock."""
    plain = lifetime.probe_succeed(d, drv)
    if plain is None or drv is not Driver.VFIO:
        return plain
    return Action([*plain.guard, ~somebody_leaves(d.group)], plain.update)


@action(source=Source("vfio_unregister_group_dev", "drivers/vfio/vfio_main.c", "6.1.192", LOCK))
def vfio_unregister_group_dev(d: LeavingDevice) -> Action:
    """.remove returns; another vfio driver stays."""
    # A driver that was the last one has left already, whoever has registered since.
    plain = no_wait_at_unregister.vfio_unregister_group_dev(d)
    return Action([*plain.guard, ~d.left, vfio_group(d).drivers > 1], plain.update)


@action(source=last("vfio_device_remove_group"), label="vfio_device_remove_group()")
def vfio_device_remove_group(d: Device) -> Action:
    """The last driver leaves a group without a container: iommu_group becomes NULL."""
    plain = vfio.vfio_unregister_group_dev(d)
    return Action(
        [*plain.guard, is_last(d), d.group.container == Container.NONE],
        [*_disassociate(d), vfio_group(d).drivers.becomes(0)],
    )


@action(source=last("vfio_group_detach_container"), label="vfio_group_detach_container()")
def vfio_group_detach_container(d: LeavingDevice) -> Action:
    """The last driver takes the group off its container: back to the blocking domain first."""
    g = vfio_group(d)
    plain = vfio.vfio_unregister_group_dev(d)
    linked = g.container.is_in(Container.SET, Container.IOMMU)
    return Action(
        [*plain.guard, is_last(d), linked],
        [*vfio.leave_domain(g, Domain.BLOCKING), g.drivers.becomes(0), d.left.becomes(True)],
    )


@action(source=last("iommu_group_release_dma_owner", "group->mutex, "))
def vfio_group_detach_container_end(d: LeavingDevice) -> Action:
    """The last driver gives the user's claim back, and iommu_group becomes NULL."""
    g = d.group
    gone = [d.left.becomes(False), g.container.becomes(Container.NONE), *_disassociate(d)]
    return Action([d.left], [*iommu.release(g), *gone])


@action(source=vfio.release_dma_owner.source)
def release_dma_owner(g: DisassociatedGroup) -> Action:
    """The user's own release; the last unregister waits for it to drop group_lock."""
    plain = vfio.release_dma_owner(g)
    return Action([*plain.guard, ~somebody_leaves(g)], plain.update, plain.actor)


@action(
    source=vfio.vfio("vfio_group_ioctl_set_container", "-ENODEV"),
    label="ioctl(SET_CONTAINER) = -ENODEV",
)
def set_container_enodev(g: DisassociatedGroup) -> Action:
    """The fd of a vfio group that is gone cannot claim anything."""
    return Action(actor=user(g), guard=[g.orphan], update=[])


@action(source=vfio.vfio("vfio_group_fops_release"), label="close(old group fd)")
def close_orphan(g: DisassociatedGroup) -> Action:
    """Userspace closes the fd of a vfio group that is gone; nothing depends on it."""
    return Action(actor=user(g), guard=[g.orphan], update=[g.orphan.becomes(False)])


design = no_wait_at_unregister.design.variant(
    "disassociate_at_unregister",
    but="the last unregister releases the user's ownership and leaves its fd without a group",
    source="3dd59a7dcb97 vfio: Make the group FD disassociate from the iommu_group; facts B5, B6",
    fate="in 6.1",
    actions=[
        probe_succeed,
        vfio_unregister_group_dev,
        vfio_device_remove_group,
        vfio_group_detach_container,
        vfio_group_detach_container_end,
        set_container_enodev,
        close_orphan,
        release_dma_owner,
    ],
    device=LeavingDevice,
    group=DisassociatedGroup,
)
