"""A new member joins its group and the group's domain in one critical section."""

from __future__ import annotations

from model.designs.releases import unwind_failed_switch
from model.lang import Action, Source, action
from model.linux import hotplug
from model.linux.state import Device, Stage


def join(function: str, lock: str = "") -> Source:
    """A citation of the IOMMU core's part of hot-plug."""
    return Source(function, "drivers/iommu/iommu.c", "6.5", lock)


def _joined(d: Device, plain: Action) -> Action:
    """``plain``, but the device is through with joining."""
    rest = [u for u in plain.update if u.variable is not d.stage]
    return Action(plain.guard, [d.stage.becomes(Stage.ADDED), *rest])


@action(source=join("__iommu_probe_device", "group->mutex"))
def iommu_probe_device(d: Device) -> Action | None:
    """BUS_NOTIFY_ADD_DEVICE: the device joins a group and stays in that group's domain."""
    plain = hotplug.iommu_probe_device(d)
    return plain and _joined(d, plain)


@action(source=join("iommu_group_alloc"))
def iommu_group_alloc(d: Device) -> Action:
    """BUS_NOTIFY_ADD_DEVICE of a group's first device: the group is a new one."""
    return _joined(d, hotplug.iommu_group_alloc(d))


design = unwind_failed_switch.design.variant(
    "join_in_one_section",
    but="a new member joins its group and the group's domain in one critical section",
    source="e7f85dfbbc9c iommu: Fix iommu_probe_device() to attach the right domain; facts B10",
    fate="in 6.5",
    actions=[iommu_probe_device, iommu_group_alloc],
    without=["iommu_probe_device_end"],
)
