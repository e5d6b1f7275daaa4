"""A release that fails at a member goes on; the member is parked in the blocking domain."""

from __future__ import annotations

from model.designs.releases import disassociate_at_unregister
from model.lang import Action, Source, action
from model.linux.attach import release_fails_last
from model.linux.state import Device, Domain


@action(
    source=Source(
        "__iommu_group_set_domain_nofail", "drivers/iommu/iommu.c", "6.5", "group->mutex"
    ),
    label="iommu_group_release_dma_owner() WARN_ON",
)
def release_dma_owner_fails(d: Device) -> Action:
    """The way back fails at a member, which stays blocked; the group is the kernel's again."""
    plain = disassociate_at_unregister.release_dma_owner(d.group)
    return release_fails_last(d, plain, Domain.DEFAULT)


design = disassociate_at_unregister.design.variant(
    "release_parks_member",
    but="a release may fail at a member, which stays blocked while the group goes on",
    source="dcf40ed3a20d iommu: Make __iommu_group_set_domain() handle error unwind; facts B9",
    fate="in 6.5",
    actions=[release_dma_owner_fails],
)
