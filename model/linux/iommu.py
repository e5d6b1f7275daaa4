"""The IOMMU core's ownership calls, as conditions and updates that actions are made of.

Each is one critical section under group->mutex.
"""

from __future__ import annotations

from model.lang import Expr, Update, ite
from model.linux.state import Device, Domain, Group, Owner, is_member


def use_refused(g: Group) -> Expr[bool]:
    """iommu_device_use_default_domain() returns -EBUSY (6.1.192:drivers/iommu/iommu.c)."""
    return (g.owner_cnt > 0) & ((g.owner != Owner.NULL) | (g.domain != Domain.DEFAULT))


def use(d: Device) -> list[Update]:
    """iommu_device_use_default_domain() counts the kernel's claim."""
    return [d.group.owner_cnt.becomes(d.group.owner_cnt + 1), d.claim.becomes(True)]


def unuse(d: Device) -> list[Update]:
    """iommu_device_unuse_default_domain(): one count less, or WARN_ON() and nothing.

    The kernel does not know whose count it takes; ``theft`` records what it cannot see.
    """
    g = d.group
    return [
        g.owner_cnt.becomes(ite(g.owner_cnt > 0, g.owner_cnt - 1, g.owner_cnt)),
        g.underflow.becomes(g.underflow | (g.owner_cnt == 0)),
        g.theft.becomes(g.theft | (~d.claim & (g.owner_cnt > 0))),
        d.claim.becomes(False),
    ]


def claim_refused(g: Group) -> Expr[bool]:
    """iommu_group_claim_dma_owner() returns -EPERM: somebody's count is held."""
    return g.owner_cnt > 0


def claim(g: Group) -> list[Update]:
    """iommu_group_claim_dma_owner(): the group is the caller's, and blocked."""
    return [g.owner.becomes(Owner.VFIO), g.owner_cnt.becomes(1), *switch(g, Domain.BLOCKING)]


def release(g: Group) -> list[Update]:
    """iommu_group_release_dma_owner(): nobody's, and back on the kernel's domain."""
    return [
        g.owner.becomes(Owner.NULL),
        g.owner_cnt.becomes(0),
        *switch(g, Domain.DEFAULT),
    ]


def switch(g: Group, domain: Domain) -> list[Update]:
    """__iommu_group_set_domain(): the group and every member go to ``domain``."""
    members = [d.domain.becomes(ite(is_member(d), domain, d.domain)) for d in g.devices]
    return [g.domain.becomes(domain), *members]
