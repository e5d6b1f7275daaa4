"""No two threads wait for the lock that the other holds."""

from __future__ import annotations

from model.lang import Expr, all_of, invariant, never_both
from model.linux.scanning import Holder, LockingDevice, LockingGroup, is_next
from model.linux.state import KERNEL_DMA, Stage


@invariant(
    about=(LockingGroup.mutex, LockingDevice.at_mutex),
    broken="ABBA: the claim holds group->mutex and waits for device_lock; "
    "this device's thread holds device_lock and waits for group->mutex.",
)
def no_lock_cycle(d: LockingDevice) -> Expr[bool]:
    """Nobody waits for device_lock with group->mutex held while its holder waits for the mutex."""
    claim_waits = all_of([d.group.mutex == Holder.CLAIM, is_next(d)])
    probe_waits = all_of([d.stage == Stage.CONFIGURE, d.driver.is_in(*KERNEL_DMA), d.at_mutex])
    return never_both(claim_waits, probe_waits)
