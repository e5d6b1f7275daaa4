"""A PCI reset of one member, which the IOMMU core parks in the blocking domain meanwhile."""

from __future__ import annotations

from model.lang import Expr, any_of, field
from model.linux.lifetime import LeavingDevice
from model.linux.state import Group


class ResetDevice(LeavingDevice):
    """A device that may be reset through sysfs, under device_lock, without DMA meanwhile.

    ``domain`` keeps saying where it stands once it is not blocked any more.
    """

    blocked = field(bool, False, "a PCI reset is under way and has parked it in blocking")


def in_reset(g: Group) -> Expr[bool]:
    """Some member is being reset."""
    return any_of(d.blocked for d in g.devices if isinstance(d, ResetDevice))
