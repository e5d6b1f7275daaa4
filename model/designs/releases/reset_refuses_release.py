"""While a member is being reset no switch of the group's domain succeeds, not even a release."""

from __future__ import annotations

from model.designs.releases import (
    disassociate_at_unregister,
    join_in_one_section,
    reset_lets_release_pass,
)
from model.lang import Action, Source, Update, action, ite
from model.linux import vfio
from model.linux.lifetime import DisassociatedGroup
from model.linux.reset import ResetDevice, in_reset
from model.linux.state import Domain, Group, user


def reset(function: str, errno: str = "") -> Source:
    """A citation of the IOMMU core as it first took part in a PCI reset."""
    return Source(function, "drivers/iommu/iommu.c", "c279e83953d9", "group->mutex", errno)


def _unless_reset(g: Group, plain: Action) -> Action:
    """``plain``, except that a reset keeps the group and its members on the domain they are on."""
    domains = [g.domain, *(d.domain for d in g.devices)]
    kept = [
        Update(u.variable, ite(in_reset(g), u.variable, u.value))
        if any(u.variable is domain for domain in domains)
        else u
        for u in plain.update
    ]
    return Action(plain.guard, kept, plain.actor)


@action(source=join_in_one_section.iommu_group_alloc.source)
def iommu_group_alloc(d: ResetDevice) -> Action:
    """A new group is on the kernel's domain, whatever became of the old one."""
    plain = join_in_one_section.iommu_group_alloc(d)
    return Action(plain.guard, [*plain.update, d.group.domain.becomes(Domain.DEFAULT)])


@action(source=reset("iommu_group_claim_dma_owner"), label="ioctl(SET_CONTAINER)")
def set_container(g: DisassociatedGroup) -> Action:
    """A claim starts from the kernel's domain, and from there while nobody is reset."""
    plain = vfio.set_container(g)
    ready = (g.domain == Domain.DEFAULT) & ~in_reset(g)
    return Action([*plain.guard, ready], plain.update, plain.actor)


@action(
    source=reset("iommu_group_claim_dma_owner", "-EBUSY"), label="ioctl(SET_CONTAINER) = -EBUSY"
)
def set_container_ebusy(g: DisassociatedGroup) -> Action:
    """SET_CONTAINER is refused: a member is being reset, or the group is on a foreign domain."""
    plain = vfio.set_container(g)
    ready = (g.domain == Domain.DEFAULT) & ~in_reset(g)
    return Action(actor=user(g), guard=[*plain.guard, ~ready], update=[])


@action(source=vfio.unset_container.source, label="ioctl(UNSET_CONTAINER)")
def unset_container(g: Group) -> Action:
    """A detach during a reset only warns; the container frees its domain all the same."""
    return _unless_reset(g, vfio.unset_container(g))


@action(source=vfio.group_release.source, label="vfio_group_fops_release()")
def group_release(g: Group) -> Action:
    """The last close during a reset: the same."""
    return _unless_reset(g, vfio.group_release(g))


@action(source=reset("iommu_group_release_dma_owner"))
def release_dma_owner(g: DisassociatedGroup) -> Action:
    """A release during a reset ends the ownership and leaves the domain as it is."""
    return _unless_reset(g, disassociate_at_unregister.release_dma_owner(g))


@action(
    source=disassociate_at_unregister.last("vfio_group_detach_container"),
    label="vfio_group_detach_container()",
)
def vfio_group_detach_container(d: ResetDevice) -> Action:
    """The last driver's detach during the reset of a sibling: the same."""
    return _unless_reset(d.group, disassociate_at_unregister.vfio_group_detach_container(d))


@action(
    source=disassociate_at_unregister.vfio_group_detach_container_end.source,
    label="vfio_group_detach_container() ends",
)
def vfio_group_detach_container_end(d: ResetDevice) -> Action:
    """The last driver's release during the reset of a sibling: the same."""
    return _unless_reset(d.group, disassociate_at_unregister.vfio_group_detach_container_end(d))


design = reset_lets_release_pass.design.variant(
    "reset_refuses_release",
    but="while a member is reset every switch is refused, that of a release too",
    source="c279e83953d9 iommu: Introduce pci_dev_reset_iommu_prepare/done(); facts B25",
    fate="about 7.0; mended by 5474e6e17a26 and b296ca1fb43a",
    actions=[
        iommu_group_alloc,
        set_container,
        set_container_ebusy,
        unset_container,
        group_release,
        release_dma_owner,
        vfio_group_detach_container,
        vfio_group_detach_container_end,
    ],
)
