"""The group's type can be changed while owner_cnt is 0, whatever its devices are doing."""

from __future__ import annotations

from model.designs.bugs import change_type_of_lone_device
from model.lang import Action, action
from model.linux.group_type import TypedGroup, admin, has_members, refused, replace, store_type


@action(source=store_type(version="6.12.117"))
def iommu_group_store_type(g: TypedGroup) -> Action:
    """Nobody's count is held: the default domain is replaced, under group->mutex alone."""
    return Action(actor=admin(g), guard=[has_members(g), g.owner_cnt == 0], update=replace(g))


@action(source=store_type("-EPERM", "6.12.117"))
def iommu_group_store_type_eperm(g: TypedGroup) -> Action:
    """A kernel driver's count is held, or userspace's."""
    return refused(g, g.owner_cnt > 0)


design = change_type_of_lone_device.design.variant(
    "change_type_while_unclaimed",
    but="the type may be written while owner_cnt is 0, however many devices, and no device_lock",
    source="B12: commit 49a22aae7d9c iommu: Replace device_lock() with group->mutex",
    fate="in 6.4; B13 was found in it for 6.11",
    actions=[iommu_group_store_type, iommu_group_store_type_eperm],
    without=["iommu_group_store_type_einval", "iommu_group_store_type_ebusy"],
)
