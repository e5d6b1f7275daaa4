"""Kernel-DMA drivers and userspace never drive one group together."""

from __future__ import annotations

from model.lang import Expr, all_of, any_of, enabled, implies, invariant, never_both
from model.linux.state import (
    Device,
    Domain,
    Driver,
    Group,
    Stage,
    is_member,
    owned_by_user,
    runs_kernel_dma,
)


@invariant(broken="A kernel-DMA driver is in .probe or bound although userspace owns the group.")
def no_kernel_dma_in_user_owned_group(g: Group) -> Expr[bool]:
    """While userspace owns a group, no kernel-DMA driver is in .probe or bound there."""
    return never_both(owned_by_user(g), any_of(runs_kernel_dma(d) for d in g.devices))


@invariant(
    broken="SET_CONTAINER would succeed now, although a kernel-DMA driver is in .probe or bound."
)
def no_user_claim_beside_kernel_dma(g: Group) -> Expr[bool]:
    """While a kernel-DMA driver is in .probe or bound, userspace cannot claim its group."""
    return never_both(any_of(runs_kernel_dma(d) for d in g.devices), enabled("set_container", g))


@invariant(broken="A member is on the kernel's domain although userspace owns the group.")
def no_member_on_kernel_domain_in_user_owned_group(g: Group) -> Expr[bool]:
    """While userspace owns a group, no member of it is on the kernel's DMA domain."""
    on_kernel_domain = any_of(is_member(d) & (d.domain == Domain.DEFAULT) for d in g.devices)
    return never_both(owned_by_user(g), on_kernel_domain)


@invariant(
    broken="Userspace holds a device fd and a member is on the kernel's domain: "
    "its DMA reaches kernel memory."
)
def no_kernel_memory_within_user_reach(g: Group) -> Expr[bool]:
    """While userspace holds a device fd, no member of the group is on the kernel's DMA domain."""
    on_kernel_domain = any_of(is_member(d) & (d.domain == Domain.DEFAULT) for d in g.devices)
    return never_both(any_of(d.fd for d in g.devices), on_kernel_domain)


@invariant(broken="The kernel hits BUG_ON().")
def no_bug_on(d: Device) -> Expr[bool]:
    """The kernel never hits BUG_ON()."""
    return d.stage != Stage.OOPS


@invariant(broken="Userspace holds a device fd and the device is not vfio's.")
def device_fd_only_on_vfio_device(d: Device) -> Expr[bool]:
    """While userspace holds a device fd, that device is bound to vfio in a group it owns."""
    return implies(d.fd, all_of([d.driver == Driver.VFIO, owned_by_user(d.group)]))
