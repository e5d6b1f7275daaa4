"""What holds between the variables of the merged designs: the steps of a proof by induction.

A lemma is a property like any other, so the search checks it as well. A design in which a lemma
does not hold simply has one lemma less; the induction keeps the largest set that carries itself.
"""

from __future__ import annotations

from model.lang import Expr, Property, all_of, any_of, implies, invariant
from model.linux.state import (
    KERNEL_DMA,
    Container,
    Device,
    Domain,
    Driver,
    File,
    Group,
    Owner,
    Ret,
    Stage,
    is_member,
    is_vfio_registered,
    owned_by_user,
)
from properties import accounting

_NO_DRIVER = (Stage.ABSENT, Stage.ADDING, Stage.ADDED, Stage.IDLE, Stage.RETURN)
_CLAIMED = (
    Stage.CONFIGURED,
    Stage.PROBE,
    Stage.PROBED,
    Stage.BOUND,
    Stage.REMOVE,
    Stage.CLEANUP,
)


@invariant(broken="group->owner and the container disagree.")
def owner_is_set_with_container(g: Group) -> Expr[bool]:
    """group->owner is set exactly while the group has a container."""
    return (g.owner == Owner.VFIO) == owned_by_user(g)


@invariant(broken="dev->driver and the stage disagree.")
def driver_is_set_with_stage(d: Device) -> Expr[bool]:
    """dev->driver is set exactly from the start of a probe to the end of its unwinding."""
    return (d.driver == Driver.NONE) == d.stage.is_in(*_NO_DRIVER)


@invariant(broken="A claim is held at the wrong time.")
def claim_is_held_from_configure_to_cleanup(d: Device) -> Expr[bool]:
    """A claim is held by kernel-DMA drivers only, from dma_configure to dma_cleanup."""
    return d.claim == all_of([d.driver.is_in(*KERNEL_DMA), d.stage.is_in(*_CLAIMED)])


@invariant(broken="A driver's claim stands beside userspace's.")
def no_claim_in_user_owned_group(g: Group) -> Expr[bool]:
    """While userspace owns the group no driver holds a claim."""
    return implies(owned_by_user(g), ~any_of(d.claim for d in g.devices))


@invariant(broken="The group is on a domain that its container does not account for.")
def group_domain_follows_container(g: Group) -> Expr[bool]:
    """The group's domain is the kernel's, the user's or blocking, as its container says."""
    return all_of(
        [
            (g.domain == Domain.DEFAULT) == (g.container == Container.NONE),
            (g.domain == Domain.USER) == (g.container == Container.IOMMU),
            g.domain != Domain.NONE,
        ]
    )


@invariant(broken="A member is on another domain than its group.")
def member_is_on_its_groups_domain(d: Device) -> Expr[bool]:
    """Every member is on its group's domain."""
    return implies(is_member(d), d.domain == d.group.domain)


@invariant(broken="A device fd is open that should not be.")
def device_fd_implies_vfio_in_container(d: Device) -> Expr[bool]:
    """A device fd is open on registered vfio devices only, in a container with an IOMMU."""
    return implies(d.fd, is_vfio_registered(d) & (d.group.container == Container.IOMMU))


@invariant(broken="A container is set on a closed group.")
def container_implies_file(g: Group) -> Expr[bool]:
    """A container is set only while the group's file exists."""
    return implies(owned_by_user(g), g.file != File.CLOSED)


@invariant(broken="A device is being removed at the wrong time.")
def dead_device_is_not_probed(d: Device) -> Expr[bool]:
    """No probe runs on a device once device_del() has begun."""
    stages = (Stage.IDLE, Stage.BOUND, Stage.REMOVE, Stage.CLEANUP, Stage.DEVRES)
    return implies(d.dead, d.stage.is_in(*stages) & (d.ret == Ret.NONE))


@invariant(broken="A pending return value stands at the wrong time.")
def ret_is_pending_while_unwinding(d: Device) -> Expr[bool]:
    """A return value is pending only while a failed probe unwinds, and it is an error."""
    unwinding = (Stage.REMOVE, Stage.CLEANUP, Stage.DEVRES, Stage.RETURN)
    return all_of(
        [
            implies(d.ret != Ret.NONE, d.stage.is_in(*unwinding)),
            implies(d.stage == Stage.RETURN, d.ret != Ret.NONE),
            d.ret != Ret.OK,
        ]
    )


@invariant(broken="A thread stands where this design has no step.")
def no_own_call_and_no_oops(d: Device) -> Expr[bool]:
    """No .probe makes an ownership call of its own, and no thread has died."""
    own_call = (d.stage == Stage.PROBE_ENTRY) | (d.driver == Driver.CONVERTED)
    return ~own_call & (d.stage != Stage.OOPS)


LEMMAS: tuple[Property, ...] = (
    owner_is_set_with_container,
    driver_is_set_with_stage,
    claim_is_held_from_configure_to_cleanup,
    no_claim_in_user_owned_group,
    group_domain_follows_container,
    member_is_on_its_groups_domain,
    device_fd_implies_vfio_in_container,
    container_implies_file,
    dead_device_is_not_probed,
    ret_is_pending_while_unwinding,
    no_own_call_and_no_oops,
    accounting.owner_cnt_equals_claims_held,
    accounting.owner_cnt_never_below_zero,
    accounting.no_claim_taken_from_another,
)
