"""6.15: all of the releases before, and a kernel driver waits for its group's default domain."""

from __future__ import annotations

from model.designs.bugs import (
    change_type_while_unclaimed,
    claim_before_default_domain,
    defer_without_default_domain,
    set_dma_ops_with_domain,
)
from model.designs.bugs.set_dma_ops_with_domain import FollowingDevice
from model.designs.driver_managed_dma import pci
from model.designs.releases import claim_per_device, join_in_one_section
from model.lang import Action, action
from model.linux import default_domain
from model.linux.default_domain import LateDevice, LateGroup
from model.linux.group_type import DomainType, TypedGroup
from model.linux.iommufd import Context, ContextDevice, ContextGroup
from model.linux.state import Domain

VERSION = "6.12.117"


class ReadyGroup(ContextGroup, TypedGroup, LateGroup):
    """A group with a type that a context may own, once its IOMMU is registered."""


class ReadyDevice(ContextDevice, FollowingDevice, LateDevice):
    """A member of such a group."""

    group: ReadyGroup


def registered(g: LateGroup, plain: Action) -> Action:
    """``plain``, which userspace asks for: it is not up before the IOMMU is registered."""
    return Action([*plain.guard, g.default_domain], plain.update, plain.actor)


@action(source=set_dma_ops_with_domain.iommu_probe_device.source)
def iommu_probe_device(d: ReadyDevice) -> Action | None:
    """BUS_NOTIFY_ADD_DEVICE: the device joins a group, its domain and its DMA ops at once."""
    plain = join_in_one_section.iommu_probe_device(d)
    return plain and Action(plain.guard, [*plain.update, d.dma_ops.becomes(d.group.type)])


@action(source=set_dma_ops_with_domain.iommu_group_alloc.source)
def iommu_group_alloc(d: ReadyDevice) -> Action:
    """BUS_NOTIFY_ADD_DEVICE of a group's first device: its default domain is set up at once."""
    plain, g = join_in_one_section.iommu_group_alloc(d), d.group
    ready = [g.default_domain.becomes(True), g.domain.becomes(Domain.DEFAULT)]
    typed = [g.type.becomes(DomainType.DMA), d.dma_ops.becomes(DomainType.DMA)]
    return Action(plain.guard, [*plain.update, *ready, *typed])


@action(source=default_domain.iommu_release_device.source)
def iommu_release_device(d: ReadyDevice) -> Action:
    """BUS_NOTIFY_REMOVED_DEVICE: the device leaves its group."""
    return default_domain.leave(d, set_dma_ops_with_domain.iommu_release_device(d))


@action(source=claim_per_device.vfio_group_fops_open.source, label="open(/dev/vfio/N)")
def vfio_group_fops_open(g: ReadyGroup) -> Action:
    """The group is opened."""
    return registered(g, claim_per_device.vfio_group_fops_open(g))


@action(source=claim_per_device.bind_iommufd.source, label="ioctl(BIND_IOMMUFD)")
def bind_iommufd(d: ReadyDevice, ctx: Context) -> Action | None:
    """The device is claimed for a context."""
    plain = claim_per_device.bind_iommufd(d, ctx)
    return plain and registered(d.group, plain)


@action(source=claim_per_device.bind_iommufd_eperm.source, label="ioctl(BIND_IOMMUFD) = -EPERM")
def bind_iommufd_eperm(d: ReadyDevice, ctx: Context) -> Action | None:
    """A kernel driver's count is held, or another context's."""
    plain = claim_per_device.bind_iommufd_eperm(d, ctx)
    return plain and registered(d.group, plain)


@action(source=set_dma_ops_with_domain.iommu_group_store_type.source)
def iommu_group_store_type(g: ReadyGroup) -> Action:
    """The default domain is replaced while nobody's count is held, and all DMA ops with it."""
    return registered(g, set_dma_ops_with_domain.iommu_group_store_type(g))


design = claim_per_device.design.variant(
    "defer_until_default_domain",
    but="groups get a default domain, of a type, and no kernel driver binds before they have it",
    summary="A kernel driver is deferred until its group has a default domain; all else as in 6.6",
    source="49a22aae7d9c, b67483b3c44e and b46064a18810; facts B12, B13 and B18",
    fate="in 6.15, and in 6.12.y",
    actions=[
        iommu_probe_device,
        iommu_group_alloc,
        default_domain.iommu_setup_default_domain,
        defer_without_default_domain.dma_configure.citing(
            pci("pci_dma_configure", version=VERSION)
        ),
        claim_before_default_domain.dma_configure_busy.citing(
            pci("pci_dma_configure", "-EBUSY", VERSION)
        ),
        iommu_release_device,
        vfio_group_fops_open,
        bind_iommufd,
        bind_iommufd_eperm,
        iommu_group_store_type,
        change_type_while_unclaimed.iommu_group_store_type_eperm,
    ],
    device=ReadyDevice,
    group=ReadyGroup,
)
