"""Hot-plug: a device joins its group before it can be probed, and leaves after its unbind."""

from __future__ import annotations

from model.lang import Action, Source, action, all_of, any_of, ite
from model.linux.state import Device, Domain, File, Owner, Stage, is_member

_IOMMU = "drivers/iommu/iommu.c"


def _siblings(d: Device) -> list[Device]:
    return [e for e in d.group.devices if e is not d]


@action(source=Source("iommu_probe_device", _IOMMU, "6.1.192", "group->mutex"))
def iommu_probe_device(d: Device) -> Action | None:
    """BUS_NOTIFY_ADD_DEVICE: the device joins a group and its current domain."""
    if not _siblings(d):
        return None
    return Action(
        guard=[d.stage == Stage.ABSENT, any_of(is_member(e) for e in _siblings(d))],
        update=[d.stage.becomes(Stage.ADDING), d.domain.becomes(d.group.domain)],
    )


@action(source=Source("iommu_group_alloc", _IOMMU, "6.1.192"))
def iommu_group_alloc(d: Device) -> Action:
    """BUS_NOTIFY_ADD_DEVICE of a group's first device: the group is a new one."""
    g = d.group
    return Action(
        guard=[
            d.stage == Stage.ABSENT,
            all_of(~is_member(e) for e in _siblings(d)),
            g.file == File.CLOSED,
        ],
        update=[
            d.stage.becomes(Stage.ADDING),
            d.domain.becomes(Domain.DEFAULT),
            g.owner.becomes(Owner.NULL),
            g.owner_cnt.becomes(0),
        ],
    )


@action(
    source=Source("iommu_probe_device", _IOMMU, "6.1.192", "group->mutex"),
    label="iommu_probe_device() ends",
)
def iommu_probe_device_end(d: Device) -> Action:
    """A second critical section: the default domain, unless userspace owns the group."""
    return Action(
        guard=[d.stage == Stage.ADDING],
        update=[
            d.stage.becomes(Stage.ADDED),
            d.domain.becomes(ite(d.group.owner == Owner.NULL, Domain.DEFAULT, d.domain)),
        ],
    )


@action(source=Source("device_del", "drivers/base/core.c", "6.1.192", "device_lock"))
def device_del(d: Device) -> Action:
    """Removal begins: it waits for a running probe, then no further one can start."""
    return Action(
        guard=[d.stage.is_in(Stage.IDLE, Stage.BOUND), ~d.dead], update=[d.dead.becomes(True)]
    )


@action(source=Source("iommu_release_device", _IOMMU, "6.1.192", "group->mutex"))
def iommu_release_device(d: Device) -> Action:
    """BUS_NOTIFY_REMOVED_DEVICE, after the unbind: the device leaves its group."""
    # An absent device's domain says nothing; it is kept at its initial value.
    return Action(
        guard=[d.stage == Stage.IDLE, d.dead],
        update=[
            d.stage.becomes(Stage.ABSENT),
            d.dead.becomes(False),
            d.domain.becomes(Domain.DEFAULT),
        ],
    )


ADD = (iommu_probe_device, iommu_group_alloc, iommu_probe_device_end)
REMOVE = (device_del, iommu_release_device)
