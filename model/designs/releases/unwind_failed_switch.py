"""Every switch for userspace that fails half-way puts the members back."""

from __future__ import annotations

from model.designs.releases import unwind_failed_attach
from model.lang import Action, action
from model.linux import vfio
from model.linux.attach import core, fails_last
from model.linux.state import Device


@action(
    source=core("__iommu_take_dma_ownership", "6.5", "-EINVAL"),
    label="ioctl(SET_CONTAINER) = -EINVAL",
)
def set_container_fails(d: Device) -> Action | None:
    """The claim fails at its last member; the others return to the kernel's domain."""
    return fails_last(d, vfio.set_container(d.group), None)


design = unwind_failed_attach.design.variant(
    "unwind_failed_switch",
    but="a claim that fails at a member puts those before it back as well",
    source="dcf40ed3a20d iommu: Make __iommu_group_set_domain() handle error unwind; facts B9",
    fate="in 6.5",
    actions=[set_container_fails],
)
