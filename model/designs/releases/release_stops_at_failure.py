"""The release fails at a member, and the group's domain is left as it was, owned by nobody."""

from __future__ import annotations

from model.designs.releases import disassociate_at_unregister
from model.lang import Action, Source, action
from model.linux import hotplug, vfio
from model.linux.attach import release_fails_last
from model.linux.lifetime import DisassociatedGroup
from model.linux.state import Device, Domain, user


@action(
    source=Source("iommu_group_release_dma_owner", "drivers/iommu/iommu.c", "6.1", "group->mutex"),
    label="iommu_group_release_dma_owner() WARN_ON",
)
def release_dma_owner_fails(d: Device) -> Action:
    """The way back fails at its last member; group->domain still says blocking."""
    plain = disassociate_at_unregister.release_dma_owner(d.group)
    return release_fails_last(d, plain, d.group.domain)


@action(source=vfio.vfio("vfio_container_attach_group"), label="ioctl(SET_CONTAINER)")
def set_container(g: DisassociatedGroup) -> Action:
    """A claim starts from the kernel's domain."""
    plain = vfio.set_container(g)
    return Action([*plain.guard, g.domain == Domain.DEFAULT], plain.update, plain.actor)


@action(
    source=vfio.vfio("vfio_container_attach_group", "-EBUSY"), label="ioctl(SET_CONTAINER) = -EBUSY"
)
def set_container_ebusy(g: DisassociatedGroup) -> Action:
    """SET_CONTAINER is refused: nobody's count is held, but the group is on a foreign domain."""
    plain = vfio.set_container(g)
    return Action(actor=user(g), guard=[*plain.guard, g.domain != Domain.DEFAULT], update=[])


@action(source=Source("iommu_group_alloc", "drivers/iommu/iommu.c", "6.1.192"))
def iommu_group_alloc(d: Device) -> Action:
    """A new group is on the kernel's domain, whatever became of the old one."""
    plain = hotplug.iommu_group_alloc(d)
    return Action(plain.guard, [*plain.update, d.group.domain.becomes(Domain.DEFAULT)])


design = disassociate_at_unregister.design.variant(
    "release_stops_at_failure",
    but="a release may fail at a member, and then leaves the group's domain where it was",
    source="drivers/iommu/iommu.c before dcf40ed3a20d; facts B9",
    fate="in 5.19 to 6.4",
    actions=[
        iommu_group_alloc,
        set_container,
        set_container_ebusy,
        release_dma_owner_fails,
    ],
)
