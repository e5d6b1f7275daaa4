"""A write to the group's type: when it must succeed, when it must not, and who would notice.

All concern designs in which the type can be written.
"""

from __future__ import annotations

from model.lang import Expr, any_of, enabled, implies, invariant, never_both
from model.linux.default_domain import has_default_domain
from model.linux.group_type import TypedDevice, TypedGroup, has_members
from model.linux.state import owned_by_user, runs_kernel_dma

_ABOUT = (TypedGroup.type,)


@invariant(
    about=_ABOUT,
    broken="The type could be changed now, although userspace or a kernel-DMA driver is there.",
)
def type_is_fixed_while_somebody_is_there(g: TypedGroup) -> Expr[bool]:
    """While userspace owns a group, or a kernel-DMA driver runs in it, its type cannot change."""
    somebody = owned_by_user(g) | any_of(runs_kernel_dma(d) for d in g.devices)
    return never_both(somebody, enabled("iommu_group_store_type", g))


@invariant(
    about=_ABOUT,
    broken="The type cannot be changed now, although nobody holds a claim on the group.",
)
def type_change_refused_only_for_a_claim(g: TypedGroup) -> Expr[bool]:
    """While nobody holds a claim on a group, its type can be changed, once it has one."""
    there = has_members(g) & has_default_domain(g)
    return implies(there & (g.owner_cnt == 0), enabled("iommu_group_store_type", g))


@invariant(
    about=_ABOUT,
    broken="A kernel-DMA driver's DMA ops are made for a default domain that has been replaced.",
)
def kernel_dma_uses_its_groups_default_domain(d: TypedDevice) -> Expr[bool]:
    """A kernel-DMA driver's DMA ops are made for the default domain that its group has."""
    return implies(runs_kernel_dma(d), d.dma_ops == d.group.type)
