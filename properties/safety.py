"""Kernel-DMA drivers and userspace never drive one group together."""

from __future__ import annotations

from model.lang import Expr, all_of, any_of, enabled, implies, invariant, never_both
from model.linux.state import (
    Container,
    Device,
    Domain,
    Driver,
    Group,
    Ret,
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


@invariant(broken="A kernel-DMA driver is in .probe or bound on a domain that is not the kernel's.")
def kernel_dma_runs_on_kernel_domain(d: Device) -> Expr[bool]:
    """While a kernel-DMA driver is in .probe or bound, its device is on the kernel's domain."""
    return implies(runs_kernel_dma(d), d.domain == Domain.DEFAULT)


@invariant(broken="Userspace holds a device fd and the device is not on the user's domain.")
def open_device_is_on_user_domain(d: Device) -> Expr[bool]:
    """While userspace holds a device fd, that device is on the domain of its container."""
    return implies(d.fd, d.domain == Domain.USER)


@invariant(broken="A member is on the user's domain, which its container has given up.")
def user_domain_only_within_container(d: Device) -> Expr[bool]:
    """A member is on a user's domain only while its group is attached to that container."""
    on_user_domain = is_member(d) & (d.domain == Domain.USER)
    return implies(on_user_domain, d.group.container == Container.IOMMU)


@invariant(broken="A probe runs on a device that is being removed.")
def no_probe_of_dead_device(d: Device) -> Expr[bool]:
    """No probe runs on a device once device_del() has begun."""
    return never_both(d.dead, d.ret != Ret.NONE)


@invariant(broken="dev->driver is set on a device without a driver.")
def driver_pointer_is_clear_when_unbound(d: Device) -> Expr[bool]:
    """dev->driver is NULL whenever no driver is being probed, bound or unbound."""
    unbound = d.stage.is_in(Stage.ADDED, Stage.IDLE, Stage.RETURN)
    return implies(unbound, d.driver == Driver.NONE)


@invariant(broken="The kernel hits BUG_ON().")
def no_bug_on(d: Device) -> Expr[bool]:
    """The kernel never hits BUG_ON()."""
    return d.stage != Stage.OOPS


@invariant(broken="Userspace holds a device fd and the device is not vfio's.")
def device_fd_only_on_vfio_device(d: Device) -> Expr[bool]:
    """While userspace holds a device fd, that device is bound to vfio in a group it owns."""
    return implies(d.fd, all_of([d.driver == Driver.VFIO, owned_by_user(d.group)]))
