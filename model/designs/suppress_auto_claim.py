"""The driver core claims after the bus's dma_configure, and forgets what was answered."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.lang import Action, Source, Update, action, any_of
from model.linux import iommu, ownership, vfio
from model.linux.driver_core import LOCK
from model.linux.state import (
    Container,
    Device,
    Domain,
    Driver,
    Group,
    Owner,
    Ret,
    Stage,
    is_vfio_registered,
    user,
)

SUPPRESSED = driver_managed_dma.DRIVER_MANAGED_DMA
VERSION = "v4"


def core(function: str, errno: str = "") -> Source:
    """A citation of the patched driver core."""
    return Source(function, "drivers/base/dd.c", VERSION, LOCK, errno)


def group_call(function: str, errno: str = "") -> Source:
    """A citation of the patched IOMMU core or vfio."""
    file = "drivers/vfio/vfio.c" if function.startswith("vfio") else "drivers/iommu/iommu.c"
    return Source(function, file, VERSION, "group->mutex", errno)


@action(source=core("device_dma_configure", "-EBUSY"))
def dma_configure_busy(d: Device, drv: Driver) -> Action | None:
    """The claim is refused and .probe is not called, but really_probe() keeps ret == 0."""
    return ownership.refuse(d, drv, skipped=SUPPRESSED, ret=Ret.OK)


@action(source=core("device_dma_configure", "-EPROBE_DEFER"))
def dma_configure_defer(d: Device) -> Action:
    """The firmware's deferral is lost in the same way."""
    return Action(
        guard=[d.stage == Stage.CONFIGURE],
        update=[d.stage.becomes(Stage.DEVRES), d.ret.becomes(Ret.OK)],
    )


def _claimed(g: Group, devices_on: list[Update]) -> Action:
    plain = vfio.set_container(g)
    return Action(
        actor=user(g),
        guard=plain.guard,
        update=[
            g.owner.becomes(Owner.VFIO),
            g.owner_cnt.becomes(1),
            g.container.becomes(Container.SET),
            g.domain.becomes(Domain.NONE),
            *devices_on,
        ],
    )


@action(source=group_call("iommu_group_set_dma_owner"), label="ioctl(SET_CONTAINER)")
def set_container(g: Group) -> Action:
    """The claim detaches the default domain, through an IOMMU driver that can."""
    members = iommu.switch(g, Domain.NONE)[1:]
    return _claimed(g, members)


@action(source=group_call("iommu_group_set_dma_owner"), label="ioctl(SET_CONTAINER), no detach_dev")
def set_container_without_detach_dev(g: Group) -> Action:
    """The claim forgets the default domain, but the IOMMU driver has no detach_dev to leave it."""
    return _claimed(g, [])


@action(
    source=group_call("iommu_group_set_dma_owner", "-EBUSY"), label="ioctl(SET_CONTAINER) = -EBUSY"
)
def set_container_ebusy(g: Group) -> Action:
    """SET_CONTAINER is refused: a kernel driver's count is held."""
    return vfio.set_container_eperm(g)


@action(source=group_call("vfio_group_unset_container"), label="ioctl(UNSET_CONTAINER)")
def unset_container(g: Group) -> Action:
    """Owned by userspace, the group leaves the container's domain for none."""
    plain = vfio.unset_container(g)
    return Action(plain.guard, vfio.leave_domain(g, Domain.NONE), plain.actor)


@action(source=group_call("vfio_group_try_dissolve_container"), label="vfio_group_fops_release()")
def group_release(g: Group) -> Action:
    """The last fd is gone: the group leaves the container's domain for none."""
    plain = vfio.group_release(g)
    return Action(plain.guard, vfio.leave_domain(g, Domain.NONE), plain.actor)


@action(source=Source("vfio_unregister_group_dev", "drivers/vfio/vfio.c", "5.10.223", LOCK))
def vfio_unregister_group_dev(d: Device) -> Action:
    """vfio's .remove waits for the device fd and, the last time, for the container to go."""
    plain = vfio.vfio_unregister_group_dev(d)
    others = any_of(is_vfio_registered(e) for e in d.group.devices if e is not d)
    return Action(
        guard=[*plain.guard, others | (d.group.container == Container.NONE)], update=plain.update
    )


design = driver_managed_dma.design.variant(
    "suppress_auto_claim",
    but="the driver core claims and loses the errno, and a claim only detaches the default domain",
    summary="The driver core claims after dma_configure, unless the driver suppresses it",
    source="[PATCH v4 00/13], Lu Baolu, 2021-12-17; the seed thread is its patch 03/13",
    fate="reviewed; the claim went back to the buses in v5",
    actions=[
        driver_managed_dma.dma_configure.citing(core("device_dma_configure")),
        dma_configure_busy,
        dma_configure_defer,
        vfio_unregister_group_dev,
        driver_managed_dma.dma_cleanup.citing(core("device_dma_cleanup")),
        set_container,
        set_container_without_detach_dev,
        set_container_ebusy,
        unset_container,
        group_release,
    ],
    without=["set_container_eperm"],
)
