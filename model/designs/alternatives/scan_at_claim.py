"""Userspace's claim reads the members' drivers; a kernel driver looks at the owner only."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.driver_managed_dma import pci
from model.lang import Action, Source, action
from model.linux import ownership, scanning, vfio
from model.linux.scanning import ScannedDevice, ScanningGroup
from model.linux.state import Container, Device, Driver, Owner

PROPOSED = "2021-12-07"


def claim(errno: str = "") -> Source:
    """A citation of the claim as it was suggested."""
    return Source(
        "iommu_group_set_dma_owner", "drivers/iommu/iommu.c", PROPOSED, "group_lock", errno
    )


@action(source=pci("pci_dma_configure", version=PROPOSED))
def dma_configure(d: Device, drv: Driver) -> Action | None:
    """A driver without the flag sees that userspace does not own the group; nothing is counted."""
    return scanning.configure(d, drv, d.group.owner == Owner.NULL)


@action(source=pci("pci_dma_configure", "-EBUSY", version=PROPOSED))
def dma_configure_busy(d: Device, drv: Driver) -> Action | None:
    """A driver without the flag sees that userspace owns the group: .probe is not called."""
    return scanning.refuse(d, drv, d.group.owner == Owner.NULL)


@action(source=pci("pci_dma_cleanup", version=PROPOSED))
def dma_cleanup(d: Device, drv: Driver) -> Action | None:
    """Nothing was counted, so nothing is given back."""
    return ownership.cleanup(d, drv, skipped=ownership.EVERY_DRIVER)


@action(source=claim(), label="SET_CONTAINER reads a driver")
def read_driver(d: ScannedDevice) -> Action:
    """The claim reads one member's dev->driver, without any lock that keeps it as it is."""
    return scanning.read(d, Container.NONE)


@action(source=claim(), label="ioctl(SET_CONTAINER)")
def set_container(g: ScanningGroup) -> Action:
    """Nothing was found in the way: the group is userspace's."""
    plain = vfio.set_container(g)
    return Action(
        actor=plain.actor,
        guard=[*scanning.asks(g, Container.NONE), scanning.none_in_the_way(g)],
        update=[*scanning.own(g), g.container.becomes(Container.SET), g.scanned.becomes(0)],
    )


@action(source=claim("-EPERM"), label="ioctl(SET_CONTAINER) = -EPERM")
def set_container_eperm(g: ScanningGroup) -> Action:
    """A driver without the flag is read: the claim is refused."""
    plain = vfio.set_container(g)
    return Action(
        actor=plain.actor,
        guard=[*scanning.asks(g, Container.NONE), ~scanning.none_in_the_way(g)],
        update=[g.scanned.becomes(0)],
    )


@action(source=vfio.close_group_fd.source, label="close(group fd)")
def close_group_fd(g: ScanningGroup) -> Action:
    """Userspace closes the group fd, once its ioctl has returned."""
    return scanning.between_ioctls(g, vfio.close_group_fd(g))


@action(source=vfio.do_exit.source)
def do_exit(g: ScanningGroup) -> Action:
    """The user process dies, once its ioctl has returned."""
    return scanning.between_ioctls(g, vfio.do_exit(g))


design = driver_managed_dma.design.variant(
    "scan_at_claim",
    but="the claim reads every member's driver without its device_lock, and nothing is counted",
    source="D-scan: Christoph Hellwig's suggestion of 2021-12-07 (4.9-e)",
    fate="rejected: no lock that the claim could take makes dev->driver readable",
    actions=[
        dma_configure,
        dma_configure_busy,
        dma_cleanup,
        read_driver,
        set_container,
        set_container_eperm,
        close_group_fd,
        do_exit,
    ],
    device=ScannedDevice,
    group=ScanningGroup,
)
