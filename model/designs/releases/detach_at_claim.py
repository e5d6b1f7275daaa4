"""A claim only detaches the kernel's domain, through a detach_dev that may not be there."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.suppress_auto_claim import vfio_unregister_group_dev
from model.lang import Action, Source, Update, action, ite
from model.linux import vfio
from model.linux.attach import DetachGroup, detach
from model.linux.state import Container, Owner, user


def v8(function: str) -> Source:
    """A citation of the series as merged, before its first fix."""
    file = "drivers/vfio/vfio.c" if function.startswith("vfio") else "drivers/iommu/iommu.c"
    return Source(function, file, "v8", "group->mutex")


@action(source=v8("iommu_group_claim_dma_owner"), label="ioctl(SET_CONTAINER)")
def set_container(g: DetachGroup) -> Action:
    """The claim detaches the default domain; an IOMMU driver without detach_dev does nothing."""
    return Action(
        actor=user(g),
        guard=vfio.set_container(g).guard,
        update=[
            g.owner.becomes(Owner.VFIO),
            g.owner_cnt.becomes(1),
            g.container.becomes(Container.SET),
            *detach(g),
        ],
    )


def _leave(g: DetachGroup, plain: Action) -> Action:
    attached = g.container == Container.IOMMU
    gone = [Update(u.variable, ite(attached, u.value, u.variable)) for u in detach(g)]
    return Action(plain.guard, [g.container.becomes(Container.UNSETTING), *gone], plain.actor)


@action(source=v8("vfio_group_unset_container"), label="ioctl(UNSET_CONTAINER)")
def unset_container(g: DetachGroup) -> Action:
    """Owned by userspace, the group is detached from the container's domain, which is freed."""
    return _leave(g, vfio.unset_container(g))


@action(source=v8("vfio_group_try_dissolve_container"), label="vfio_group_fops_release()")
def group_release(g: DetachGroup) -> Action:
    """The last fd is gone: detached from the container's domain, which is freed."""
    return _leave(g, vfio.group_release(g))


design = driver_managed_dma.design.variant(
    "detach_at_claim",
    but="a claim detaches the default domain where the IOMMU driver can, and attaches nothing",
    summary="A claim only detaches the kernel's domain, if the IOMMU driver can",
    source="[PATCH RESEND v8 00/11], Lu Baolu, 2022-04-18; facts B1",
    fate="fixed before 5.19 by 0286300e6045: a claim always assigns a domain",
    actions=[
        vfio_unregister_group_dev,
        set_container,
        unset_container,
        group_release,
    ],
    group=DetachGroup,
)
