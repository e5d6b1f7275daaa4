"""What the kernel's own offer of a device to its drivers must lead to."""

from __future__ import annotations

from model.lang import Expr, Possible, all_of, any_of, enabled, implies, invariant, possible
from model.linux.autoprobe import (
    AutoprobedDevice,
    Loop,
    OverriddenDevice,
    SwitchedDevice,
    SwitchedGroup,
    asked_by_hand,
)
from model.linux.state import Driver, Ret, Stage, owned_by_user


@possible(
    about=(AutoprobedDevice.loop,),
    broken="The refusal ends the loop: vfio's driver, which matches too, is not tried any more.",
)
def refused_member_reaches_vfio_by_autoprobe(d: AutoprobedDevice) -> Possible:
    """A member of a user-owned group whose first match is refused can reach vfio by autoprobe."""
    alone = all_of([owned_by_user(d.group), ~asked_by_hand(d), ~d.dead])
    refused = all_of([d.loop != Loop.OFF, d.stage == Stage.DEVRES, d.ret == Ret.EBUSY])
    return Possible(
        when=alone & refused,
        during=alone,
        goal=all_of([alone, d.stage == Stage.BOUND, d.driver == Driver.VFIO]),
    )


@possible(
    about=(AutoprobedDevice.deferred,),
    broken="Nobody was told of the refusal, and from here the kernel never tries again by itself.",
)
def refused_or_deferred_probe_is_retried_or_reported(d: AutoprobedDevice) -> Possible:
    """An autoprobe that was refused or deferred, which nobody is told, can be tried again."""
    alone = all_of([~asked_by_hand(d), ~d.dead])
    return Possible(
        when=all_of([alone, d.stage == Stage.IDLE, any_of([d.refused, d.deferred])]),
        during=alone,
        goal=all_of([d.stage == Stage.CONFIGURE, d.loop != Loop.OFF]),
    )


@invariant(
    about=(AutoprobedDevice.refused,),
    broken="Userspace has let go, and nothing remembers the device that it kept from its driver.",
)
def refused_device_is_queued_at_release(d: AutoprobedDevice) -> Expr[bool]:
    """Where an autoprobe was refused, userspace still owns the group, or the device is queued."""
    at_rest = (d.stage == Stage.IDLE) & d.refused
    return implies(at_rest, owned_by_user(d.group) | d.deferred)


@invariant(
    about=(OverriddenDevice.override,),
    broken="A probe is refused the claim although driver_override is vfio-pci.",
)
def overridden_device_is_never_refused(d: OverriddenDevice) -> Expr[bool]:
    """While its driver_override is vfio-pci, no probe of the device is refused the claim."""
    return implies(d.override & (d.ret != Ret.NONE), d.ret != Ret.EBUSY)


@invariant(
    about=(SwitchedGroup.drivers_autoprobe,),
    broken="drivers_autoprobe is 0, and the device that was just added would be probed now.",
)
def added_member_can_be_held_unbound(d: SwitchedDevice) -> Expr[bool]:
    """While drivers_autoprobe is 0, no driver is tried on a device that was just added."""
    off = (d.stage == Stage.ADDED) & ~d.group.drivers_autoprobe
    return implies(off, ~enabled("device_initial_probe", d, Driver.KERNEL))
