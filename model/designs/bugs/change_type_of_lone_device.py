"""The group's type can be changed where it has one device, under that device's device_lock."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.driver_managed_dma import DRIVER_MANAGED_DMA, pci
from model.lang import Action, Expr, action, all_of, any_of
from model.linux import group_type, ownership
from model.linux.driver_core import LOCK
from model.linux.group_type import TypedDevice, TypedGroup, admin, refused, replace, store_type
from model.linux.state import Device, Domain, Driver, Group, Stage


def _alone(d: Device) -> Expr[bool]:
    """The device is its group's only member."""
    others = all_of(e.stage == Stage.ABSENT for e in d.group.devices if e is not d)
    return others & (d.stage != Stage.ABSENT)


def _lone(g: Group, *stages: Stage) -> Expr[bool]:
    """The group has one member, which stands in one of ``stages``."""
    return any_of(_alone(d) & d.stage.is_in(*stages) for d in g.devices)


@action(source=pci("pci_dma_configure"))
def dma_configure(d: TypedDevice, drv: Driver) -> Action | None:
    """What is left of dma_configure: the DMA ops, if they are not set up, and the claim."""
    plain = ownership.configure(d, drv, skipped=DRIVER_MANAGED_DMA)
    return plain and Action(plain.guard, [*plain.update, group_type.set_up(d)])


@action(source=store_type(lock=f"{LOCK}, "))
def iommu_group_store_type(g: TypedGroup) -> Action:
    """The one member's device_lock is free, and it has no driver: a new domain is the default."""
    unbound = _lone(g, Stage.ADDING, Stage.ADDED, Stage.IDLE)
    return Action(actor=admin(g), guard=[unbound, g.domain == Domain.DEFAULT], update=replace(g))


@action(source=store_type("-EINVAL"))
def iommu_group_store_type_einval(g: TypedGroup) -> Action:
    """More than one member: taking the device_lock of each could deadlock."""
    return refused(g, ~any_of(_alone(d) for d in g.devices))


@action(source=store_type("-EBUSY", lock=f"{LOCK}, "))
def iommu_group_store_type_ebusy(g: TypedGroup) -> Action:
    """The one member is bound, whatever to, or the group is on a domain of somebody's own."""
    free = (Stage.ADDING, Stage.ADDED, Stage.IDLE)
    foreign = _lone(g, *free) & (g.domain != Domain.DEFAULT)
    return refused(g, _lone(g, Stage.BOUND) | foreign)


design = driver_managed_dma.design.variant(
    "change_type_of_lone_device",
    but="the group's type may be written, under the device_lock of its only device",
    summary="The default domain can be replaced where the group has one device, without a driver",
    source="B12: iommu_group_store_type() before commit 49a22aae7d9c",
    fate="in 5.11 to 6.3",
    device=TypedDevice,
    group=TypedGroup,
    actions=[
        *group_type.SET_UP,
        dma_configure,
        iommu_group_store_type,
        iommu_group_store_type_einval,
        iommu_group_store_type_ebusy,
    ],
)
