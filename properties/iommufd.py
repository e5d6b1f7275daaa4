"""Userspace that claims device by device: one context per group, and no kernel driver beside it.

All concern designs in which a device holds the claim of an iommufd context.
"""

from __future__ import annotations

from model.lang import Expr, all_of, any_of, enabled, implies, invariant, never_both
from model.linux.iommufd import Context, ContextDevice, ContextGroup, asks, group
from model.linux.state import Group, is_vfio_registered, owned_by_user, runs_kernel_dma

_ABOUT = (ContextDevice.ctx,)


def _members(g: Group) -> list[ContextDevice]:
    return [d for d in g.devices if isinstance(d, ContextDevice)]


@invariant(about=_ABOUT, broken="Two iommufd contexts hold devices of one group.")
def one_context_per_group(g: ContextGroup) -> Expr[bool]:
    """All claimed devices of a group are claimed for one context."""
    return never_both(
        any_of(d.ctx == Context.A for d in _members(g)),
        any_of(d.ctx == Context.B for d in _members(g)),
    )


@invariant(
    about=_ABOUT,
    broken="A context's device does its DMA to the memory of another context.",
)
def claimed_device_reaches_only_its_own_context(d: ContextDevice) -> Expr[bool]:
    """While a context has attached a device, no other context holds a device of the group."""
    others = _members(d.group)
    return implies(d.fd, all_of((e.ctx == Context.NONE) | (e.ctx == d.ctx) for e in others))


@invariant(
    about=_ABOUT,
    broken="BIND_IOMMUFD would succeed now, although a kernel-DMA driver is in .probe or bound.",
)
def no_device_claim_beside_kernel_dma(d: ContextDevice, ctx: Context) -> Expr[bool] | None:
    """While a kernel-DMA driver is in .probe or bound, no device of its group can be claimed."""
    if ctx is Context.NONE:
        return None
    kernel = any_of(runs_kernel_dma(e) for e in d.group.devices)
    return never_both(kernel, enabled("bind_iommufd", d, ctx))


@invariant(about=_ABOUT, broken="A context is refused a device of the group that it owns.")
def context_never_refused_in_its_own_group(d: ContextDevice, ctx: Context) -> Expr[bool] | None:
    """A context that owns a group is never refused a further vfio device of it."""
    if ctx is Context.NONE:
        return None
    asked = all_of([*asks(d), group(d).owner_ctx == ctx])
    return implies(asked, enabled("bind_iommufd", d, ctx))


@invariant(about=_ABOUT, broken="A device holds a claim that it should not.")
def context_claim_only_on_vfio_device(d: ContextDevice) -> Expr[bool]:
    """A device that is claimed for a context is bound to vfio, in a group that userspace owns."""
    claimed = d.ctx != Context.NONE
    return implies(claimed, all_of([d.claim, is_vfio_registered(d), owned_by_user(d.group)]))
