"""What holds between the variables of the merged designs: the steps of a proof by induction.

A lemma is a property like any other, so the search checks it as well. A design in which a lemma
does not hold simply has one lemma less; the induction keeps the largest set that carries itself.
"""

from __future__ import annotations

from model.lang import Expr, Property, any_of, count, implies, invariant
from model.linux.state import (
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
_OWN_CLAIM = (Stage.PROBE, Stage.PROBED, Stage.BOUND, Stage.REMOVE)


@invariant(broken="group->owner and the container disagree.")
def owner_is_set_with_container(g: Group) -> Expr[bool]:
    """group->owner is set exactly while the group has a container."""
    return (g.owner == Owner.VFIO) == owned_by_user(g)


@invariant(broken="dev->driver and the stage disagree.")
def driver_is_set_with_stage(d: Device) -> Expr[bool]:
    """dev->driver is set exactly from the start of a probe to the end of its unwinding."""
    return (d.driver == Driver.NONE) == d.stage.is_in(*_NO_DRIVER)


# Who holds a claim when: one lemma for each kind of driver and each way that a design treats it.
# A design keeps those that are its own; the others do not hold there and drop out.


@invariant(broken="A device without a driver holds a claim.")
def no_driver_no_claim(d: Device) -> Expr[bool]:
    """A device without a driver holds no claim."""
    return implies(d.driver == Driver.NONE, ~d.claim)


@invariant(broken="A kernel-DMA driver's claim is held at the wrong time.")
def kernel_driver_claims_from_configure_to_cleanup(d: Device) -> Expr[bool]:
    """An ordinary driver's claim is held exactly from dma_configure to dma_cleanup."""
    return implies(d.driver == Driver.KERNEL, d.claim == d.stage.is_in(*_CLAIMED))


@invariant(broken="A kernel-DMA driver holds a claim.")
def kernel_driver_claims_nothing(d: Device) -> Expr[bool]:
    """An ordinary driver never holds a claim."""
    return implies(d.driver == Driver.KERNEL, ~d.claim)


@invariant(broken="A converted driver's claim is held at the wrong time.")
def converted_driver_claims_from_probe_to_remove(d: Device) -> Expr[bool]:
    """A converted driver's claim is held exactly from its own call in .probe to .remove."""
    return implies(d.driver == Driver.CONVERTED, d.claim == d.stage.is_in(*_OWN_CLAIM))


@invariant(broken="A vfio or stub driver holds a claim.")
def exempt_driver_claims_nothing(d: Device) -> Expr[bool]:
    """vfio's drivers and pci-stub never hold a claim."""
    return implies(d.driver.is_in(Driver.VFIO, Driver.STUB), ~d.claim)


@invariant(broken="A vfio or stub driver's claim is held at the wrong time.")
def exempt_driver_claims_until_probe(d: Device) -> Expr[bool]:
    """vfio's drivers and pci-stub hold a claim from dma_configure to their own call in .probe."""
    early = (Stage.CONFIGURED, Stage.PROBE_ENTRY)
    return implies(
        d.driver.is_in(Driver.VFIO, Driver.STUB),
        implies(d.stage.is_in(*early), d.claim)
        & implies(d.claim, d.stage.is_in(*early, Stage.CLEANUP)),
    )


@invariant(broken="A driver makes an ownership call of its own that should not.")
def own_call_is_a_converted_drivers(d: Device) -> Expr[bool]:
    """Only a converted driver makes an ownership call of its own."""
    return implies(d.stage == Stage.PROBE_ENTRY, d.driver == Driver.CONVERTED)


@invariant(broken="A driver makes an ownership call of its own that should not.")
def own_call_is_an_exempt_drivers(d: Device) -> Expr[bool]:
    """Only vfio's drivers and pci-stub make an ownership call of their own."""
    return implies(d.stage == Stage.PROBE_ENTRY, d.driver.is_in(Driver.VFIO, Driver.STUB))


@invariant(broken="A driver's claim stands beside userspace's.")
def no_claim_in_user_owned_group(g: Group) -> Expr[bool]:
    """While userspace owns the group no driver holds a claim."""
    return implies(owned_by_user(g), ~any_of(d.claim for d in g.devices))


@invariant(about=(Group.owner_cnt,), broken="owner_cnt exceeds the claims that are held.")
def owner_cnt_at_most_claims_held(g: Group) -> Expr[bool]:
    """owner_cnt is at most the number of claims held; a design may lose counts, but not invent."""
    return g.owner_cnt <= count([*(d.claim for d in g.devices), g.owner == Owner.VFIO])


@invariant(broken="The group is on the kernel's domain, or off it, at the wrong time.")
def default_domain_without_container(g: Group) -> Expr[bool]:
    """The group is on the kernel's domain exactly while it has no container."""
    return (g.domain == Domain.DEFAULT) == (g.container == Container.NONE)


@invariant(broken="The group is on the user's domain, or off it, at the wrong time.")
def user_domain_with_iommu(g: Group) -> Expr[bool]:
    """The group is on the user's domain exactly while its container has an IOMMU."""
    return (g.domain == Domain.USER) == (g.container == Container.IOMMU)


@invariant(broken="The group is on no domain.")
def group_is_on_some_domain(g: Group) -> Expr[bool]:
    """The group is on some domain."""
    return g.domain != Domain.NONE


@invariant(broken="A member is off the user's domain.")
def member_is_on_users_domain(d: Device) -> Expr[bool]:
    """While the container has an IOMMU every member is on the user's domain."""
    on = is_member(d) & (d.group.container == Container.IOMMU)
    return implies(on, d.domain == Domain.USER)


@invariant(broken="A member is off the kernel's domain.")
def member_is_on_default_domain_without_container(d: Device) -> Expr[bool]:
    """While the group has no container every member is on the kernel's domain."""
    on = is_member(d) & (d.group.container == Container.NONE)
    return implies(on, d.domain == Domain.DEFAULT)


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
def dead_device_is_idle_or_unbound(d: Device) -> Expr[bool]:
    """Once device_del() has begun, the device is idle, bound or on its way from there."""
    stages = (Stage.IDLE, Stage.BOUND, Stage.REMOVE, Stage.CLEANUP, Stage.DEVRES)
    return implies(d.dead, d.stage.is_in(*stages) & (d.ret == Ret.NONE))


@invariant(broken="A result is pending without a probe.")
def no_result_without_probe(d: Device) -> Expr[bool]:
    """No result is pending unless a driver is being probed or unwound."""
    at_rest = (Stage.ABSENT, Stage.ADDING, Stage.ADDED, Stage.IDLE, Stage.BOUND)
    return implies(d.stage.is_in(*at_rest), d.ret == Ret.NONE)


@invariant(broken="A probe is under way without a result.")
def result_is_zero_until_something_fails(d: Device) -> Expr[bool]:
    """Up to driver_bound() the pending result is 0."""
    on_the_way = (Stage.CONFIGURE, Stage.CONFIGURED, Stage.PROBE_ENTRY, Stage.PROBE, Stage.PROBED)
    return implies(d.stage.is_in(*on_the_way), d.ret == Ret.OK)


@invariant(broken="A failed probe has no result.")
def returning_probe_has_a_result(d: Device) -> Expr[bool]:
    """A probe that is about to return has a result."""
    return implies(d.stage == Stage.RETURN, d.ret != Ret.NONE)


@invariant(broken="A failed probe will return 0.")
def unwinding_probe_has_an_error(d: Device) -> Expr[bool]:
    """A probe that is being unwound has an error for its result."""
    unwinding = (Stage.REMOVE, Stage.CLEANUP, Stage.DEVRES, Stage.RETURN)
    return implies(d.stage.is_in(*unwinding), d.ret != Ret.OK)


@invariant(broken="A vfio or stub driver is refused.")
def exempt_driver_is_never_refused(d: Device) -> Expr[bool]:
    """vfio's drivers and pci-stub never get -EBUSY."""
    return implies(d.driver.is_in(Driver.VFIO, Driver.STUB), d.ret != Ret.EBUSY)


@invariant(broken="A driver is bound that this design does not know.")
def no_converted_driver(d: Device) -> Expr[bool]:
    """No driver is a converted one."""
    return d.driver != Driver.CONVERTED


@invariant(broken="A driver makes an ownership call of its own.")
def no_own_call(d: Device) -> Expr[bool]:
    """No .probe makes an ownership call of its own."""
    return d.stage != Stage.PROBE_ENTRY


@invariant(broken="A thread has died.")
def no_oops(d: Device) -> Expr[bool]:
    """No thread has died."""
    return d.stage != Stage.OOPS


LEMMAS: tuple[Property, ...] = (
    owner_is_set_with_container,
    driver_is_set_with_stage,
    no_driver_no_claim,
    kernel_driver_claims_from_configure_to_cleanup,
    kernel_driver_claims_nothing,
    converted_driver_claims_from_probe_to_remove,
    exempt_driver_claims_nothing,
    exempt_driver_claims_until_probe,
    own_call_is_a_converted_drivers,
    own_call_is_an_exempt_drivers,
    no_claim_in_user_owned_group,
    default_domain_without_container,
    user_domain_with_iommu,
    group_is_on_some_domain,
    member_is_on_users_domain,
    member_is_on_default_domain_without_container,
    member_is_on_its_groups_domain,
    device_fd_implies_vfio_in_container,
    container_implies_file,
    dead_device_is_idle_or_unbound,
    no_result_without_probe,
    result_is_zero_until_something_fails,
    returning_probe_has_a_result,
    unwinding_probe_has_an_error,
    exempt_driver_is_never_refused,
    no_converted_driver,
    no_own_call,
    no_oops,
    owner_cnt_at_most_claims_held,
    accounting.owner_cnt_equals_claims_held,
    accounting.owner_cnt_never_below_zero,
    accounting.no_claim_taken_from_another,
)
