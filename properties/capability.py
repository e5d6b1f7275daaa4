"""What must stay possible: safety by refusing everything would be no design."""

from __future__ import annotations

from model.lang import (
    Expr,
    Possible,
    all_of,
    enabled,
    implies,
    invariant,
    ite,
    possible,
    reachable,
)
from model.linux.state import (
    ERRORS,
    KERNEL_DMA,
    Container,
    Device,
    Driver,
    File,
    Group,
    Ret,
    Stage,
    device_lock_is_free,
    owned_by_user,
)

_ASKED = (Stage.CONFIGURE, Stage.DEVRES)


def _accepted(d: Device, driver: Driver) -> Expr[bool]:
    """In a user-owned group dma_configure accepts ``driver``, and has not refused it either."""
    asking = d.stage == Stage.CONFIGURE
    return implies(
        (d.driver == driver) & owned_by_user(d.group) & d.stage.is_in(*_ASKED),
        ite(asking, enabled("dma_configure", d, driver), d.ret != Ret.EBUSY),
    )


@reachable(broken="Userspace can never own the group.")
def userspace_can_own_the_group(g: Group) -> Expr[bool]:
    """Userspace can own a group at all."""
    return owned_by_user(g)


@invariant(broken="vfio's driver is refused in a group that userspace owns.")
def vfio_never_refused_in_user_owned_group(d: Device) -> Expr[bool]:
    """In a user-owned group dma_configure never refuses a vfio driver."""
    return _accepted(d, Driver.VFIO)


@invariant(broken="pci-stub is refused in a group that userspace owns.")
def stub_never_refused_in_user_owned_group(d: Device) -> Expr[bool]:
    """In a user-owned group dma_configure never refuses pci-stub, with which an admin fences."""
    return _accepted(d, Driver.STUB)


@possible(broken="From here vfio can no longer bind to this member while userspace owns the group.")
def hotplugged_member_can_join_its_user(d: Device) -> Possible:
    """A device added to a user-owned group can be bound to vfio while the group stays owned."""
    # Once ownership is being given back, vfio's locks may keep the device out until it is.
    kept = owned_by_user(d.group) & (d.group.container != Container.UNSETTING)
    return Possible(
        when=kept & (d.stage == Stage.ADDED),
        during=owned_by_user(d.group),
        goal=all_of([owned_by_user(d.group), d.stage == Stage.BOUND, d.driver == Driver.VFIO]),
    )


@invariant(broken="SET_CONTAINER would be refused now, although no kernel-DMA driver is there.")
def user_claim_refused_only_for_kernel_dma(g: Group) -> Expr[bool]:
    """Unless some member's driver is a kernel-DMA one, SET_CONTAINER succeeds."""
    nobody = all_of(~d.driver.is_in(*KERNEL_DMA) for d in g.devices)
    asked = all_of([g.file == File.OPEN, g.container == Container.NONE])
    return implies(nobody & asked, enabled("set_container", g))


@possible(broken="From here userspace can never claim the group again.")
def group_can_be_claimed_again(g: Group) -> Possible:
    """From every reachable state userspace can come to own the group."""
    return Possible(goal=owned_by_user(g))


@invariant(broken="A kernel-DMA driver would be refused now, although userspace owns nothing.")
def kernel_driver_refused_only_in_user_owned_group(d: Device) -> Expr[bool]:
    """Unless userspace owns the group, dma_configure never refuses a kernel-DMA driver."""
    asking = (d.stage == Stage.CONFIGURE) & (d.driver == Driver.KERNEL)
    return implies(asking & ~owned_by_user(d.group), enabled("dma_configure", d, Driver.KERNEL))


@possible(broken="From here a kernel-DMA driver can never bind to this device again.")
def kernel_driver_can_bind_after_release(d: Device) -> Possible:
    """Every member without a driver can come to be bound to a kernel-DMA driver, as it stands."""
    stays = ~d.dead & (d.stage != Stage.ABSENT)
    return Possible(
        when=stays & (d.stage == Stage.IDLE),
        during=stays,
        goal=all_of([d.stage == Stage.BOUND, d.driver == Driver.KERNEL]),
    )


@invariant(broken="really_probe() would return 0 without a driver bound, or an error with one.")
def bind_result_is_truthful(d: Device) -> Expr[bool]:
    """A probe's result is 0 on the way to a bound driver, and an error where none is bound."""
    on_the_way = (Stage.CONFIGURE, Stage.CONFIGURED, Stage.PROBE_ENTRY, Stage.PROBE, Stage.PROBED)
    return implies(
        d.stage.is_in(*on_the_way, Stage.RETURN),
        ite(d.stage == Stage.RETURN, d.ret.is_in(*ERRORS), d.ret == Ret.OK),
    )


@invariant(broken="A probe's result is pending although the probe is over.")
def bind_result_is_reported_once(d: Device) -> Expr[bool]:
    """A result is pending while its own probe is under way, and not longer."""
    return implies(d.stage.is_in(Stage.IDLE, Stage.BOUND), d.ret == Ret.NONE)


@possible(broken="From here device_lock is never dropped again.")
def device_lock_is_always_dropped(d: Device) -> Possible:
    """Whoever holds device_lock can get to drop it, if the user lets go."""
    return Possible(goal=device_lock_is_free(d))
