"""The group's type in sysfs: its default domain may be replaced by one of another type.

What a driver's DMA API calls do is set up beforehand, for the default domain of that moment: on
arm64 by firmware's part of dma_configure. Whoever replaces the domain later must find nobody who
goes by the old one. DMA-FQ, which a bound driver may be given without a new domain, is left out.
"""

from __future__ import annotations

import enum

from model.lang import Action, Expr, Source, Update, action, any_of, field, ite
from model.linux import driver_core, hotplug, iommu
from model.linux.driver_core import LOCK
from model.linux.state import Device, Domain, Group, Stage, is_member

IOMMU = "drivers/iommu/iommu.c"


class DomainType(enum.Enum):
    """The type of a default domain, or the one that DMA ops were set up for."""

    NONE = "none"
    """No DMA ops are set up. A default domain always has one of the other two."""
    DMA = "DMA"
    """Translated: the DMA API maps every buffer."""
    IDENTITY = "identity"
    """Not translated: the DMA API hands out physical addresses."""


class TypedGroup(Group):
    """A group whose default domain the admin may replace."""

    type = field(DomainType, DomainType.DMA, "iommu_group.default_domain->type")


class TypedDevice(Device):
    """A device whose DMA ops are set up for one type of default domain."""

    group: TypedGroup
    dma_ops = field(
        DomainType, DomainType.NONE, "the default domain that dev->dma_ops are made for"
    )


def store_type(errno: str = "", version: str = "6.1.192", lock: str = "") -> Source:
    """A citation of a write to the group's type in sysfs."""
    return Source("iommu_group_store_type", IOMMU, version, f"{lock}group->mutex", errno)


def admin(g: Group) -> str:
    """The actor that writes to sysfs."""
    return "admin" if g.name == "group" else f"admin-{g.name}"


def has_members(g: Group) -> Expr[bool]:
    """The group is there: with its last member it goes, and its sysfs files with it."""
    return any_of(is_member(d) for d in g.devices)


def replace(g: TypedGroup) -> list[Update]:
    """The other type's domain becomes the default one, and every member goes to it."""
    other = ite(g.type == DomainType.DMA, DomainType.IDENTITY, DomainType.DMA)
    return [g.type.becomes(other), *iommu.switch(g, Domain.DEFAULT)]


def refused(g: Group, *guard: Expr[bool]) -> Action:
    """A write to type that changes nothing."""
    return Action(actor=admin(g), guard=[has_members(g), *guard], update=[])


def set_up(d: TypedDevice) -> Update:
    """The DMA ops are made for the default domain of now, unless they are there already."""
    return d.dma_ops.becomes(ite(d.dma_ops == DomainType.NONE, d.group.type, d.dma_ops))


@action(source=hotplug.iommu_group_alloc.source)
def iommu_group_alloc(d: TypedDevice) -> Action:
    """A new group begins with the type that the kernel was built or booted with."""
    plain = hotplug.iommu_group_alloc(d)
    return Action(plain.guard, [*plain.update, d.group.type.becomes(DomainType.DMA)])


@action(source=Source("arch_setup_dma_ops", "arch/arm64/mm/dma-mapping.c", "6.1.192", LOCK))
def arch_setup_dma_ops(d: TypedDevice) -> Action:
    """Firmware's part of dma_configure sets up the DMA ops; the claim comes after it."""
    # That nobody comes between the two is possible as well: dma_configure then does both.
    return Action([d.stage == Stage.CONFIGURE, d.dma_ops == DomainType.NONE], [set_up(d)])


@action(source=driver_core.dma_configure_defer.source)
def dma_configure_defer(d: TypedDevice) -> Action:
    """The firmware's part is not ready; no DMA ops were set up."""
    plain = driver_core.dma_configure_defer(d)
    return Action([*plain.guard, d.dma_ops == DomainType.NONE], plain.update)


def _torn_down(d: TypedDevice, plain: Action) -> Action:
    """``plain``, with arch_teardown_dma_ops()."""
    return Action(plain.guard, [*plain.update, d.dma_ops.becomes(DomainType.NONE)])


@action(source=driver_core.device_unbind_cleanup.source)
def device_unbind_cleanup(d: TypedDevice) -> Action:
    """The end of an unbind; the DMA ops are torn down."""
    return _torn_down(d, driver_core.device_unbind_cleanup(d))


@action(source=driver_core.device_unbind_cleanup_unwind.source)
def device_unbind_cleanup_unwind(d: TypedDevice) -> Action:
    """The end of a failed probe's unwinding; the DMA ops are torn down."""
    return _torn_down(d, driver_core.device_unbind_cleanup_unwind(d))


SET_UP = (
    iommu_group_alloc,
    arch_setup_dma_ops,
    dma_configure_defer,
    device_unbind_cleanup,
    device_unbind_cleanup_unwind,
)
