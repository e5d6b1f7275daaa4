"""How long userspace may keep a group: not longer than vfio's drivers, and no unbind waits for it.

Both concern designs that count the vfio drivers of a group.
"""

from __future__ import annotations

from model.lang import Expr, Possible, all_of, any_of, implies, invariant, possible
from model.linux.attach import FailingGroup
from model.linux.lifetime import CountedGroup
from model.linux.state import (
    Device,
    Driver,
    File,
    Stage,
    is_member,
    is_vfio_registered,
    no_device_fd,
    owned_by_user,
)


@invariant(
    about=(CountedGroup.drivers,),
    broken="Userspace owns the group although no vfio driver is bound in it.",
)
def only_a_bound_vfio_driver_keeps_a_group_owned(g: CountedGroup) -> Expr[bool]:
    """While userspace owns a group, some member is bound to vfio or in vfio's .remove."""
    return implies(owned_by_user(g), any_of(is_vfio_registered(d) for d in g.devices))


@possible(
    about=(CountedGroup.drivers,),
    broken="From here .remove returns only once userspace has closed the group fd.",
)
def unbind_needs_no_closing_of_the_group_fd(d: Device) -> Possible:
    """With no device fd open, vfio's .remove can return while userspace keeps the group fd."""
    # Closing begins with CLOSING; a kernel that disassociates the file goes straight to CLOSED.
    g = d.group
    removing = (d.stage == Stage.REMOVE) & (d.driver == Driver.VFIO)
    return Possible(
        when=all_of([removing, g.file == File.OPEN, no_device_fd(g)]),
        during=(g.file != File.CLOSING) & no_device_fd(g),
        goal=d.stage != Stage.REMOVE,
    )


@invariant(
    about=(FailingGroup.failed,),
    broken="A domain switch has failed and left a member on another domain than its group's.",
)
def failed_switch_leaves_no_member_behind(g: FailingGroup) -> Expr[bool]:
    """After a domain switch that failed, every member is on its group's domain."""
    together = all_of(implies(is_member(d), d.domain == g.domain) for d in g.devices)
    return implies(g.failed, together)
