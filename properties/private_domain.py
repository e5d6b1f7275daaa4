"""A kernel driver's own domain holds the whole group, and nobody longer than the driver.

Both concern designs in which a kernel driver may attach one.
"""

from __future__ import annotations

from model.lang import Expr, implies, invariant
from model.linux.private_domain import Private, PrivateDevice, PrivateGroup
from model.linux.state import Stage

_ABOUT = (PrivateGroup.private,)


@invariant(
    about=_ABOUT, broken="A member has joined and is not on the domain that its group is on."
)
def member_is_on_its_groups_own_domain(d: PrivateDevice) -> Expr[bool]:
    """A member that has joined is on a kernel driver's own domain exactly if its group is."""
    joined = ~d.stage.is_in(Stage.ABSENT, Stage.ADDING)
    return implies(joined, d.private == (d.group.private != Private.NO))


@invariant(about=_ABOUT, broken="A member is on a kernel driver's own domain, which is freed.")
def own_domain_only_while_its_driver_holds_it(d: PrivateDevice) -> Expr[bool]:
    """A member is on a kernel driver's own domain only while that driver has it attached."""
    return implies(d.private, d.group.private == Private.YES)
