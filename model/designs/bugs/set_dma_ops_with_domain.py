"""The DMA ops follow the group's domain, in the critical section that sets it."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.bugs import change_type_while_unclaimed
from model.lang import Action, Source, action, field, ite
from model.linux import driver_core, group_type, hotplug
from model.linux.group_type import IOMMU, DomainType, TypedDevice, TypedGroup
from model.linux.state import is_member


class FollowingDevice(TypedDevice):
    """A device whose DMA ops are set up when it joins its group."""

    dma_ops = field(DomainType, DomainType.DMA, "the default domain that dev->dma_ops are made for")


def core(function: str) -> Source:
    """A citation of the IOMMU core where it calls iommu_setup_dma_ops()."""
    return Source(function, IOMMU, "6.12.117", "group->mutex")


@action(source=core("__iommu_probe_device"))
def iommu_probe_device(d: FollowingDevice) -> Action | None:
    """BUS_NOTIFY_ADD_DEVICE: the device joins a group, and its DMA ops are made for its domain."""
    plain = hotplug.iommu_probe_device(d)
    return plain and Action(plain.guard, [*plain.update, d.dma_ops.becomes(d.group.type)])


@action(source=core("iommu_group_alloc"))
def iommu_group_alloc(d: FollowingDevice) -> Action:
    """A new group begins with the type that the kernel was built or booted with."""
    plain = group_type.iommu_group_alloc(d)
    return Action(plain.guard, [*plain.update, d.dma_ops.becomes(DomainType.DMA)])


@action(source=change_type_while_unclaimed.iommu_group_store_type.source)
def iommu_group_store_type(g: TypedGroup) -> Action:
    """The default domain is replaced, and every member's DMA ops with it."""
    plain = change_type_while_unclaimed.iommu_group_store_type(g)
    other = next(u.value for u in plain.update if u.variable is g.type)
    members = [d for d in g.devices if isinstance(d, FollowingDevice)]
    ops = [d.dma_ops.becomes(ite(is_member(d), other, d.dma_ops)) for d in members]
    return Action(plain.guard, [*plain.update, *ops], plain.actor)


@action(source=hotplug.iommu_release_device.source)
def iommu_release_device(d: FollowingDevice) -> Action:
    """The device leaves its group."""
    # An absent device's DMA ops say nothing; they are kept at their initial value.
    plain = hotplug.iommu_release_device(d)
    return Action(plain.guard, [*plain.update, d.dma_ops.becomes(DomainType.DMA)])


design = change_type_while_unclaimed.design.variant(
    "set_dma_ops_with_domain",
    but="whoever sets the group's domain sets its members' DMA ops, under the same group->mutex",
    source="B13: commit b67483b3c44e iommu/dma: Centralise iommu_setup_dma_ops()",
    fate="in 6.11",
    device=FollowingDevice,
    actions=[
        iommu_probe_device,
        iommu_group_alloc,
        driver_core.dma_configure_defer,
        driver_managed_dma.dma_configure,
        driver_core.device_unbind_cleanup,
        driver_core.device_unbind_cleanup_unwind,
        iommu_release_device,
        iommu_group_store_type,
    ],
    without=["arch_setup_dma_ops"],
)
