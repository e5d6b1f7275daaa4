"""What happens in the end, and not only can: nobody is kept waiting for ever.

Each says what it relies on, and relies on no more: user processes, admins and hardware may stop
doing anything at any time.
"""

from __future__ import annotations

from model.lang import Expr, LeadsTo, WeaklyFair, all_of, any_of, leads_to, weakly_fair
from model.linux import vfio
from model.linux.autoprobe import AutoprobedDevice, deferred_probe_work_func
from model.linux.iommufd import Context, ContextDevice
from model.linux.state import (
    Container,
    Device,
    File,
    Group,
    Ret,
    Stage,
    device_lock_is_free,
    owned_by_user,
    user,
)


def _is_open(d: Device) -> Expr[bool]:
    """Userspace holds a file of this device."""
    return d.fd | (d.ctx != Context.NONE) if isinstance(d, ContextDevice) else d.fd


def _is_held(g: Group) -> Expr[bool]:
    """Userspace holds the group fd or a file of one of its devices."""
    return any_of([g.file == File.OPEN, *(_is_open(d) for d in g.devices)])


def _is_unbinding(d: Device) -> Expr[bool]:
    """An unbind has called .remove."""
    return all_of([d.stage == Stage.REMOVE, d.ret == Ret.NONE])


def _kernel_goes_on(g: Group) -> list[WeaklyFair]:
    """What the kernel has begun it goes on with by itself, on every device of the group."""
    closing = (vfio.group_release, vfio.release_dma_owner, vfio.group_release_end)
    return [
        *(
            weakly_fair(
                "a thread with device_lock goes on where it can",
                actor=d,
                where=~device_lock_is_free(d),
            )
            for d in g.devices
        ),
        weakly_fair("closing the group ends once it has begun", *closing, actor=user(g)),
    ]


@leads_to(broken="Userspace has let go of everything, and the unbind need never finish.")
def unbind_always_finishes_once_the_user_lets_go(d: Device) -> LeadsTo:
    """An unbind finishes once userspace has let go of the group, or userspace takes hold again."""
    return LeadsTo(
        when=all_of([_is_unbinding(d), ~_is_held(d.group)]),
        goal=any_of([d.stage == Stage.IDLE, _is_held(d.group)]),
        fair=_kernel_goes_on(d.group),
    )


@leads_to(broken="Userspace has closed the device, and the unbind need never finish.")
def unbind_always_finishes_once_the_device_is_closed(d: Device) -> LeadsTo:
    """An unbind finishes once the device is closed, unless the group is given back just then."""
    # Giving back holds vfio's group_lock. The kernel hands that lock on to who waits for it, the
    # model does not: a user who gives back again and again is not what this is about.
    return LeadsTo(
        when=all_of([_is_unbinding(d), ~_is_open(d)]),
        goal=any_of([d.stage == Stage.IDLE, d.group.container == Container.UNSETTING]),
        fair=_kernel_goes_on(d.group),
    )


@leads_to(
    about=(AutoprobedDevice.deferred,),
    broken="Userspace owns nothing here, and the kernel never tries again by itself.",
)
def refused_or_deferred_probe_is_retried_once_the_user_lets_go(d: AutoprobedDevice) -> LeadsTo:
    """An autoprobe that was refused or deferred is tried again once userspace owns nothing."""
    left = all_of([d.stage == Stage.IDLE, ~d.dead, any_of([d.refused, d.deferred])])
    return LeadsTo(
        when=all_of([left, ~owned_by_user(d.group)]),
        goal=any_of([d.stage == Stage.CONFIGURE, d.dead, owned_by_user(d.group)]),
        fair=[
            weakly_fair("the worker of the deferred list runs", deferred_probe_work_func, actor=d)
        ],
    )
