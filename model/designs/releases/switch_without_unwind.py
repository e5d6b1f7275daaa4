"""Attaching a group's members may fail half-way, and those already attached stay there."""

from __future__ import annotations

from model.designs.releases import disassociate_at_unregister
from model.lang import Action, action
from model.linux import attach, vfio
from model.linux.attach import FailingGroup, core, fails_last
from model.linux.state import Device, Domain


@action(
    source=core("iommu_group_claim_dma_owner", "6.1", "-EINVAL"),
    label="ioctl(SET_CONTAINER) = -EINVAL",
)
def set_container_fails(d: Device) -> Action | None:
    """The claim fails at its last member; the others stay in the blocking domain."""
    return fails_last(d, vfio.set_container(d.group), Domain.BLOCKING)


@action(source=core("__iommu_attach_group", "6.1", "-EINVAL"), label="ioctl(SET_IOMMU) = -EINVAL")
def set_iommu_fails(d: Device) -> Action | None:
    """SET_IOMMU fails at its last member; the others stay in the domain that is freed next."""
    return fails_last(d, vfio.set_iommu(d.group), Domain.USER)


design = disassociate_at_unregister.design.variant(
    "switch_without_unwind",
    but="attaching may fail at a member, and those before it stay where they were put",
    source="drivers/iommu/iommu.c before 2cc73c5712f9 and dcf40ed3a20d; facts B8, B9",
    fate="in 6.1 and 6.2; SET_IOMMU was mended in 6.3 and the claim in 6.5",
    actions=[attach.set_container, set_container_fails, attach.set_iommu, set_iommu_fails],
    group=FailingGroup,
)
