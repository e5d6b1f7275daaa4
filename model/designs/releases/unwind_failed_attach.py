"""A failed SET_IOMMU puts the members back; a failed claim still does not."""

from __future__ import annotations

from model.designs.releases import switch_without_unwind
from model.lang import Action, action
from model.linux import vfio
from model.linux.attach import core, fails_last
from model.linux.state import Device


@action(source=core("__iommu_attach_group", "6.3", "-EINVAL"), label="ioctl(SET_IOMMU) = -EINVAL")
def set_iommu_fails(d: Device) -> Action | None:
    """SET_IOMMU fails at its last member; the others return to the blocking domain."""
    return fails_last(d, vfio.set_iommu(d.group), None)


design = switch_without_unwind.design.variant(
    "unwind_failed_attach",
    but="a SET_IOMMU that fails at a member puts those before it back",
    source="2cc73c5712f9 iommu: Attach device group to old domain in error path; facts B8",
    fate="in 6.3, and in 6.1.y",
    actions=[set_iommu_fails],
)
