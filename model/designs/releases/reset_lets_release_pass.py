"""What must succeed passes by a reset; the member returns to where its group is by then."""

from __future__ import annotations

from model.designs.releases import join_in_one_section
from model.lang import Action, Source, action
from model.linux import driver_core, hotplug, vfio
from model.linux.lifetime import DisassociatedGroup
from model.linux.reset import ResetDevice, in_reset
from model.linux.state import Driver, Stage, user


def reset(function: str, errno: str = "") -> Source:
    """A citation of the IOMMU core where it takes part in a PCI reset."""
    return Source(function, "drivers/iommu/iommu.c", "7.3.4", "group->mutex", errno)


def _unlocked(d: ResetDevice, plain: Action) -> Action:
    """``plain``, which waits for device_lock."""
    return Action([*plain.guard, ~d.blocked], plain.update)


@action(source=driver_core.bind_store.source, label="bind_store()")
def bind_store(d: ResetDevice, drv: Driver) -> Action | None:
    """A bind waits for the reset."""
    plain = driver_core.bind_store(d, drv)
    return plain and _unlocked(d, plain)


@action(source=driver_core.device_release_driver.source)
def device_release_driver(d: ResetDevice) -> Action:
    """An unbind waits for the reset."""
    return _unlocked(d, driver_core.device_release_driver(d))


@action(source=hotplug.device_del.source)
def device_del(d: ResetDevice) -> Action:
    """A removal waits for the reset."""
    return _unlocked(d, hotplug.device_del(d))


@action(source=reset("pci_dev_reset_iommu_prepare"))
def pci_dev_reset_iommu_prepare(d: ResetDevice) -> Action:
    """The admin resets a device through sysfs, whoever uses it: its DMA is blocked first."""
    still = d.stage.is_in(Stage.IDLE, Stage.BOUND)
    return Action([still, ~d.dead, ~d.blocked], [d.blocked.becomes(True)])


@action(source=reset("pci_dev_reset_iommu_done"))
def pci_dev_reset_iommu_done(d: ResetDevice) -> Action:
    """After the reset the device is attached to what the group says is its domain."""
    return Action([d.blocked], [d.blocked.becomes(False), d.domain.becomes(d.group.domain)])


@action(source=reset("iommu_group_claim_dma_owner"), label="ioctl(SET_CONTAINER)")
def set_container(g: DisassociatedGroup) -> Action:
    """SET_CONTAINER claims the group while nobody is reset."""
    plain = vfio.set_container(g)
    return Action([*plain.guard, ~in_reset(g)], plain.update, plain.actor)


@action(
    source=reset("iommu_group_claim_dma_owner", "-EBUSY"), label="ioctl(SET_CONTAINER) = -EBUSY"
)
def set_container_ebusy(g: DisassociatedGroup) -> Action:
    """SET_CONTAINER is refused: a member is being reset."""
    plain = vfio.set_container(g)
    return Action(actor=user(g), guard=[*plain.guard, in_reset(g)], update=[])


@action(source=reset("iommu_attach_group"), label="ioctl(SET_IOMMU)")
def set_iommu(g: DisassociatedGroup) -> Action:
    """SET_IOMMU attaches the group while nobody is reset."""
    plain = vfio.set_iommu(g)
    return Action([*plain.guard, ~in_reset(g)], plain.update, plain.actor)


@action(source=reset("iommu_attach_group", "-EBUSY"), label="ioctl(SET_IOMMU) = -EBUSY")
def set_iommu_ebusy(g: DisassociatedGroup) -> Action:
    """SET_IOMMU is refused: a member is being reset."""
    plain = vfio.set_iommu(g)
    return Action(actor=user(g), guard=[*plain.guard, in_reset(g)], update=[])


design = join_in_one_section.design.variant(
    "reset_lets_release_pass",
    but="a member may be reset, which refuses claims meanwhile and lets releases pass",
    source="5474e6e17a26 and b296ca1fb43a, a blocked flag for each device; facts B25",
    fate="in 7.3.4",
    actions=[
        bind_store,
        device_release_driver,
        device_del,
        pci_dev_reset_iommu_prepare,
        pci_dev_reset_iommu_done,
        set_container,
        set_container_ebusy,
        set_iommu,
        set_iommu_ebusy,
    ],
    without=["set_container_fails", "set_iommu_fails"],
    device=ResetDevice,
    group=DisassociatedGroup,
)
