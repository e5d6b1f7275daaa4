"""SET_CONTAINER warns when its claim is refused, and goes on."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.lang import Action, Expr, Source, Update, action, ite
from model.linux import iommu, vfio
from model.linux.state import Container, Device, Domain, File, Group, Owner, is_member, user

POSTED = "2022-07-01"


def rfc(function: str) -> Source:
    """A citation of vfio as the RFC changes it."""
    return Source(function, "drivers/vfio/vfio.c", POSTED, "vfio_group.group_rwsem")


@action(source=rfc("vfio_group_set_container"), label="ioctl(SET_CONTAINER)")
def set_container(g: Group) -> Action:
    """SET_CONTAINER claims the group, or warns that it could not, and succeeds."""
    refused = iommu.claim_refused(g)
    claimed = [u.variable.becomes(ite(refused, u.variable, u.value)) for u in iommu.claim(g)]
    return Action(
        actor=user(g),
        guard=[g.file == File.OPEN, g.container == Container.NONE],
        update=[*claimed, g.container.becomes(Container.SET)],
    )


def _leave_domain(g: Group) -> list[Update]:
    # What __iommu_group_set_core_domain() chooses: without an owner the default domain.
    core = ite(g.owner == Owner.NULL, Domain.DEFAULT, Domain.BLOCKING)
    attached = g.container == Container.IOMMU

    def left(d: Device) -> Update:
        return d.domain.becomes(ite(attached & is_member(d), core, d.domain))

    return [
        g.container.becomes(Container.UNSETTING),
        g.domain.becomes(ite(attached, core, g.domain)),
        *(left(d) for d in g.devices),
    ]


@action(source=rfc("vfio_group_unset_container"), label="ioctl(UNSET_CONTAINER)")
def unset_container(g: Group) -> Action:
    """UNSET_CONTAINER: without an owner the group goes back to the default domain."""
    plain = vfio.unset_container(g)
    return Action(plain.guard, _leave_domain(g), plain.actor)


@action(source=rfc("vfio_group_fops_release"), label="vfio_group_fops_release()")
def group_release(g: Group) -> Action:
    """The last fd is gone: without an owner the group goes back to the default domain."""
    plain = vfio.group_release(g)
    return Action(plain.guard, _leave_domain(g), plain.actor)


def _without_owner(g: Group, *claimed: Expr[bool]) -> Action:
    return Action(
        actor=user(g),
        guard=[g.container == Container.UNSETTING, g.owner == Owner.NULL, *claimed],
        update=[g.container.becomes(Container.NONE)],
    )


@action(source=vfio.release_dma_owner.source)
def release_dma_owner(g: Group) -> Action:
    """The group is claimed, and by userspace: the claim is given back."""
    plain = vfio.release_dma_owner(g)
    return Action([*plain.guard, g.owner == Owner.VFIO], plain.update, plain.actor)


@action(source=vfio.release_dma_owner.source, label="iommu_group_release_dma_owner() WARN_ON")
def release_dma_owner_unowned(g: Group) -> Action:
    """The group is claimed, but by a kernel driver: the release warns and changes nothing."""
    return _without_owner(g, g.owner_cnt > 0)


@action(source=rfc("iommu_group_dma_owner_claimed"), label="iommu_group_dma_owner_claimed() = 0")
def release_skipped(g: Group) -> Action:
    """The group is not claimed by anybody: nothing is released."""
    return _without_owner(g, g.owner_cnt == 0)


design = driver_managed_dma.design.variant(
    "claim_failure_ignored",
    but="SET_CONTAINER only warns if the claim is refused, and releases only if claimed",
    source="RFC of Alexey Kardashevskiy, 20220701061751.1955857-1-aik@ozlabs.ru (4.9-i)",
    fate="not merged; POWER got claimable groups instead (B26)",
    actions=[
        set_container,
        unset_container,
        group_release,
        release_dma_owner,
        release_dma_owner_unowned,
        release_skipped,
    ],
    without=["set_container_eperm"],
)
