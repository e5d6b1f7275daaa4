"""The release gives ownership up in one critical section and the domain back in a second one."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.lang import Action, Source, action
from model.linux import iommu, vfio
from model.linux.state import Container, Domain, Group, Owner, user


@action(source=vfio.release_dma_owner.source, label="iommu_group_release_dma_owner() begins")
def release_dma_owner(g: Group) -> Action:
    """Owner and count are cleared, and group->mutex is dropped."""
    return Action(
        actor=user(g),
        guard=[g.container == Container.UNSETTING, g.owner == Owner.VFIO],
        update=[g.owner.becomes(Owner.NULL), g.owner_cnt.becomes(0)],
    )


@action(
    source=Source("__iommu_group_set_domain", "drivers/iommu/iommu.c", "6.1.192", "group->mutex"),
    label="iommu_group_release_dma_owner() ends",
)
def release_restore_domain(g: Group) -> Action:
    """group->mutex is taken again, and the group returns to the kernel's domain."""
    return Action(
        actor=user(g),
        guard=[g.container == Container.UNSETTING, g.owner == Owner.NULL],
        update=[*iommu.switch(g, Domain.DEFAULT), g.container.becomes(Container.NONE)],
    )


design = driver_managed_dma.design.variant(
    "release_before_restore",
    but="the release drops group->mutex between clearing the owner and restoring the domain",
    source="D-rel-order: what the one critical section of 6.1.192 prevents",
    fate="never posted",
    actions=[release_dma_owner, release_restore_domain],
)
