"""vfio's last unregister waits until userspace has closed the group fd."""

from __future__ import annotations

from model.designs.releases import no_wait_at_unregister
from model.lang import Action, Expr, Source, action
from model.linux import vfio
from model.linux.driver_core import LOCK
from model.linux.lifetime import LeavingDevice, is_last, somebody_leaves, vfio_group
from model.linux.state import Device, File, Group, Stage


def strict(function: str) -> Source:
    """A citation of vfio with the strict lifetime."""
    return Source(function, "drivers/vfio/vfio_main.c", "ca5f21b25749", LOCK)


def _waits(d: Device) -> Expr[bool]:
    """The last driver has to wait; a file that is being waited for is not this vfio group's."""
    return is_last(d) & (d.group.file != File.CLOSED) & ~somebody_leaves(d.group)


@action(source=strict("vfio_unregister_group_dev"))
def vfio_unregister_group_dev(d: LeavingDevice) -> Action:
    """.remove returns: another vfio driver stays, or nobody has the group open."""
    plain = no_wait_at_unregister.vfio_unregister_group_dev(d)
    return Action([*plain.guard, ~d.left, ~_waits(d)], plain.update)


@action(source=strict("vfio_device_remove_group"), label="vfio_device_remove_group()")
def vfio_device_remove_group(d: LeavingDevice) -> Action:
    """The last driver takes the group off vfio's list, so that no other can join, and waits."""
    plain = vfio.vfio_unregister_group_dev(d)
    return Action(
        [*plain.guard, ~d.left, _waits(d)],
        [d.left.becomes(True), vfio_group(d).drivers.becomes(0)],
    )


@action(source=strict("vfio_device_remove_group"), label="vfio_device_remove_group() ends")
def vfio_device_remove_group_end(d: LeavingDevice) -> Action:
    """Userspace has closed the group fd: .remove returns."""
    return Action(
        [d.left, d.group.file == File.CLOSED],
        [d.left.becomes(False), d.stage.becomes(Stage.CLEANUP)],
    )


@action(source=vfio.vfio("vfio_group_fops_open"), label="open(/dev/vfio/N)")
def vfio_group_fops_open(g: Group) -> Action:
    """The node of a vfio group that is being waited for is gone already."""
    plain = vfio.vfio_group_fops_open(g)
    return Action([*plain.guard, ~somebody_leaves(g)], plain.update, plain.actor)


@action(source=vfio.vfio("vfio_group_get_device_fd"), label="ioctl(GET_DEVICE_FD)")
def get_device_fd(d: Device) -> Action:
    """A driver that comes while another waits is in a new vfio group, not in the open one."""
    plain = vfio.get_device_fd(d)
    return Action([*plain.guard, ~somebody_leaves(d.group)], plain.update, plain.actor)


design = no_wait_at_unregister.design.variant(
    "wait_for_group_fd",
    but="the last unregister waits until userspace has closed the group fd",
    source="ca5f21b25749 vfio: Follow a strict lifetime for struct iommu_group; facts B5, B6",
    fate="replaced by 3dd59a7dcb97 before 6.1: a daemon that keeps the fd hangs the unbind",
    actions=[
        vfio_unregister_group_dev,
        vfio_device_remove_group,
        vfio_device_remove_group_end,
        vfio_group_fops_open,
        get_device_fd,
    ],
    device=LeavingDevice,
)
