"""vfio's last unregister neither waits for the group's user nor ends its ownership."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.lang import Action, Source, action
from model.linux import vfio
from model.linux.driver_core import LOCK
from model.linux.lifetime import CountedGroup, probe_succeed, vfio_group
from model.linux.state import Device


@action(source=Source("vfio_unregister_group_dev", "drivers/vfio/vfio.c", "5.19", LOCK))
def vfio_unregister_group_dev(d: Device) -> Action:
    """vfio's .remove waits for the device fd only; the group stays with its container."""
    plain = vfio.vfio_unregister_group_dev(d)
    drivers = vfio_group(d).drivers
    return Action(plain.guard, [*plain.update, drivers.becomes(drivers - 1)])


design = driver_managed_dma.design.variant(
    "no_wait_at_unregister",
    but="vfio's count of the group's drivers is kept, and nothing heeds it",
    summary="The last vfio driver leaves, and userspace keeps owning the group",
    source="dc15f82f5329 vfio: Delete container_q; facts B5",
    fate="in 5.19 and 6.0; replaced in 6.1",
    actions=[probe_succeed, vfio_unregister_group_dev],
    group=CountedGroup,
)
