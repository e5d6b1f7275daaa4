"""A new member joins its group and the domain that the group is on, whosever it is."""

from __future__ import annotations

from model.designs.bugs import join_default_domain
from model.lang import Action, action
from model.linux import private_domain
from model.linux.private_domain import PrivateDevice, core
from model.linux.state import Stage


def _joined(d: PrivateDevice, plain: Action) -> Action:
    """``plain``, but the device is through with joining."""
    rest = [u for u in plain.update if u.variable is not d.stage]
    return Action(plain.guard, [d.stage.becomes(Stage.ADDED), *rest])


@action(source=core("__iommu_probe_device", "6.5"))
def iommu_probe_device(d: PrivateDevice) -> Action | None:
    """BUS_NOTIFY_ADD_DEVICE: the device joins a group and stays on that group's domain."""
    plain = private_domain.iommu_probe_device(d)
    return plain and _joined(d, plain)


@action(source=core("iommu_group_alloc", "6.5"))
def iommu_group_alloc(d: PrivateDevice) -> Action:
    """BUS_NOTIFY_ADD_DEVICE of a group's first device: the group is a new one."""
    return _joined(d, private_domain.iommu_group_alloc(d))


design = join_default_domain.design.variant(
    "join_private_domain",
    but="a new member stays on the domain that its group is on",
    source="B10: commit e7f85dfbbc9c iommu: Fix iommu_probe_device() to attach the right domain",
    fate="in 6.5",
    actions=[iommu_probe_device, iommu_group_alloc],
    without=["iommu_probe_device_end"],
)
