"""The count equals the claims that are held, and nobody takes back another's."""

from __future__ import annotations

from model.lang import Expr, count, implies, invariant
from model.linux.state import KERNEL_DMA, Device, Group, Owner, Stage

_ABOUT = (Group.owner_cnt,)


@invariant(
    about=_ABOUT,
    broken="owner_cnt differs from the number of claims that are held.",
)
def owner_cnt_equals_claims_held(g: Group) -> Expr[bool]:
    """owner_cnt is the number of drivers' claims, plus one for userspace's."""
    return g.owner_cnt == count([*(d.claim for d in g.devices), g.owner == Owner.VFIO])


@invariant(about=_ABOUT, broken="A claim was given back with owner_cnt at 0: WARN_ON().")
def owner_cnt_never_below_zero(g: Group) -> Expr[bool]:
    """No claim is given back while owner_cnt is 0."""
    return ~g.underflow


@invariant(about=_ABOUT, broken="A count was taken back that somebody else holds.")
def no_claim_taken_from_another(g: Group) -> Expr[bool]:
    """Nobody gives back a claim that somebody else holds."""
    return ~g.theft


@invariant(about=_ABOUT, broken="A kernel-DMA driver is bound and holds no claim.")
def bound_kernel_dma_driver_holds_a_claim(d: Device) -> Expr[bool]:
    """A bound kernel-DMA driver holds a claim on its group."""
    return implies(d.driver.is_in(*KERNEL_DMA) & (d.stage == Stage.BOUND), d.claim)
