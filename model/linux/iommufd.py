"""iommufd: a vfio device is claimed by itself, through its own file, for a context.

iommu_group.owner is told apart by whose pointer it is: ``owner`` for a container's claim, which is
the vfio group's, and ``owner_ctx`` for an iommufd context. A context's claims are held one by each
of its devices, in ``claim``. ``container`` says what userspace has of the group either way: SET
from the first device's claim to the last one's release, IOMMU while some device is attached.
``fd`` is there while the device is attached; until then its DMA is blocked.
"""

from __future__ import annotations

import enum
from typing import cast

from model.lang import Action, Expr, Source, all_of, any_of, field, ite
from model.linux import iommu
from model.linux.attach import FailingGroup
from model.linux.lifetime import LeavingDevice
from model.linux.state import Container, Device, Domain, Driver, File, Group, Stage, user


class Context(enum.Enum):
    """An iommufd context, which stands for the user that opened /dev/iommu."""

    NONE = "none"
    A = "A"
    B = "B"


class ContextGroup(FailingGroup):
    """A group that an iommufd context may own."""

    owner_ctx = field(Context, Context.NONE, "iommu_group.owner, where it is an iommufd context")


class ContextDevice(LeavingDevice):
    """A device that an iommufd context may claim through the device's own file."""

    ctx = field(Context, Context.NONE, "vfio_device.iommufd_ictx: whose claim the device holds")


def vfio(function: str, errno: str = "") -> Source:
    """A citation of vfio's character device for one device."""
    lock = "vfio_device_set.lock, group->mutex"
    file = "device_cdev.c" if "ioctl" in function else "iommufd.c"
    return Source(function, f"drivers/vfio/{file}", "6.12.117", lock, errno)


def group(d: Device) -> ContextGroup:
    """The group of a device. A design lists one that a context may own."""
    return cast("ContextGroup", d.group)


def process(g: Group, ctx: Context) -> str:
    """The actor that the system calls of a context's user are drawn under."""
    return f"{user(g)}-{ctx.value}"


def is_unclaimed(g: Group) -> Expr[bool]:
    """No device of the group is bound to a context."""
    return all_of(d.ctx == Context.NONE for d in g.devices if isinstance(d, ContextDevice))


def asks(d: ContextDevice) -> list[Expr[bool]]:
    """Userspace may ask for the device: vfio has registered it, and its group fd is not open."""
    registered = (d.driver == Driver.VFIO) & d.stage.is_in(Stage.PROBED, Stage.BOUND)
    return [registered, d.ctx == Context.NONE, d.group.file == File.CLOSED]


def claim_refused(g: ContextGroup, ctx: Context) -> Expr[bool]:
    """iommu_device_claim_dma_owner() = -EPERM: somebody else's count is held."""
    return (g.owner_cnt > 0) & (g.owner_ctx != ctx)


def bind(d: ContextDevice, ctx: Context, refused: Expr[bool]) -> Action | None:
    """iommu_device_claim_dma_owner(): one count more, or the group is the context's and blocked."""
    if ctx is Context.NONE:
        return None
    g = group(d)
    first = g.owner_cnt == 0
    blocked = [
        u.variable.becomes(ite(first, u.value, u.variable))
        for u in [*iommu.switch(g, Domain.BLOCKING), g.container.becomes(Container.SET)]
    ]
    return Action(
        actor=process(g, ctx),
        guard=[*asks(d), ~refused],
        update=[
            d.ctx.becomes(ctx),
            d.claim.becomes(True),
            g.owner_ctx.becomes(ite(first, ctx, g.owner_ctx)),
            g.owner_cnt.becomes(g.owner_cnt + 1),
            *blocked,
        ],
    )


def bind_eperm(d: ContextDevice, ctx: Context, refused: Expr[bool]) -> Action | None:
    """iommu_device_claim_dma_owner() is refused."""
    if ctx is Context.NONE:
        return None
    return Action(actor=process(d.group, ctx), guard=[*asks(d), refused], update=[])


def attach(d: ContextDevice, ctx: Context) -> Action | None:
    """The first device that a context attaches takes the whole group to the context's domain."""
    if ctx is Context.NONE:
        return None
    g = group(d)
    # iommu_attach_group() = -EBUSY on a group that is on somebody else's domain.
    own = any_of(e.fd & (e.ctx == ctx) for e in g.devices if isinstance(e, ContextDevice))
    return Action(
        actor=process(g, ctx),
        guard=[d.ctx == ctx, ~d.fd, (g.domain == Domain.BLOCKING) | own],
        update=[
            d.fd.becomes(True),
            g.container.becomes(Container.IOMMU),
            *iommu.switch(g, Domain.USER),
        ],
    )


def detach(d: ContextDevice, ctx: Context) -> Action | None:
    """The last device that is detached takes the whole group to the blocking domain."""
    if ctx is Context.NONE:
        return None
    g = group(d)
    others = any_of(e.fd for e in g.devices if e is not d)
    blocked = [
        u.variable.becomes(ite(others, u.variable, u.value))
        for u in [*iommu.switch(g, Domain.BLOCKING), g.container.becomes(Container.SET)]
    ]
    return Action(
        actor=process(g, ctx), guard=[d.ctx == ctx, d.fd], update=[d.fd.becomes(False), *blocked]
    )


def release(d: ContextDevice, ctx: Context) -> Action | None:
    """iommu_device_release_dma_owner(): one count less, and with the last one all of it."""
    if ctx is Context.NONE:
        return None
    g = group(d)
    last = g.owner_cnt == 1
    back = [
        u.variable.becomes(ite(last, u.value, u.variable))
        for u in [
            *iommu.switch(g, Domain.DEFAULT),
            g.container.becomes(Container.NONE),
            g.owner_ctx.becomes(Context.NONE),
        ]
    ]
    return Action(
        actor=process(g, ctx),
        guard=[d.ctx == ctx, ~d.fd],
        update=[
            d.ctx.becomes(Context.NONE),
            d.claim.becomes(False),
            g.owner_cnt.becomes(g.owner_cnt - 1),
            *back,
        ],
    )
