"""There is no owner: the group's domain and the members' drivers say whose the group is."""

from __future__ import annotations

from model.designs.alternatives import scan_at_claim
from model.designs.driver_managed_dma import pci
from model.lang import Action, Source, action
from model.linux import hotplug, iommu, scanning, vfio
from model.linux.scanning import ScannedDevice, ScanningGroup
from model.linux.state import (
    Container,
    Device,
    Domain,
    Driver,
    Stage,
    user,
)

PROPOSED = "2021-11-15"
CLAIMS = (Container.NONE, Container.SET)


def core(function: str, errno: str = "") -> Source:
    """A citation of the IOMMU core as it would have become; nothing was posted."""
    return Source(function, "drivers/iommu/iommu.c", PROPOSED, "group_lock", errno)


@action(source=pci("pci_dma_configure", version=PROPOSED))
def dma_configure(d: Device, drv: Driver) -> Action | None:
    """A driver without the flag finds the group on the default domain: it is not userspace's."""
    return scanning.configure(d, drv, d.group.domain == Domain.DEFAULT)


@action(source=pci("pci_dma_configure", "-EBUSY", version=PROPOSED))
def dma_configure_busy(d: Device, drv: Driver) -> Action | None:
    """A driver without the flag finds the group on another domain: .probe is not called."""
    return scanning.refuse(d, drv, d.group.domain == Domain.DEFAULT)


@action(source=hotplug.iommu_probe_device_end.source, label="iommu_probe_device() ends")
def iommu_probe_device_end(d: Device) -> Action:
    """The device stays on the domain of its group, since that is whose the group is."""
    return Action(guard=[d.stage == Stage.ADDING], update=[d.stage.becomes(Stage.ADDED)])


@action(source=core("iommu_attach_group"), label="the claim reads a driver")
def read_driver(d: ScannedDevice) -> Action:
    """SET_CONTAINER or SET_IOMMU reads one member's dev->driver."""
    return scanning.read(d, *CLAIMS)


@action(source=vfio.set_container.source, label="ioctl(SET_CONTAINER)")
def set_container(g: ScanningGroup) -> Action:
    """No driver was found in the way; the domain stays the default one, so nobody can see it."""
    return Action(
        actor=user(g),
        guard=[*scanning.asks(g, Container.NONE), scanning.none_in_the_way(g)],
        update=[g.container.becomes(Container.SET), g.scanned.becomes(0)],
    )


@action(source=core("iommu_attach_group"), label="ioctl(SET_IOMMU)")
def set_iommu(g: ScanningGroup) -> Action:
    """No driver was found in the way: attaching the container's domain is the claim."""
    plain = vfio.set_iommu(g)
    return Action(
        actor=user(g),
        guard=[*plain.guard, scanning.none_in_the_way(g)],
        update=[*plain.update, g.scanned.becomes(0)],
    )


@action(source=core("iommu_attach_group", "-EBUSY"), label="ioctl(SET_IOMMU) = -EBUSY")
def set_iommu_busy(g: ScanningGroup) -> Action:
    """A driver without the flag is read: the claim is refused."""
    return Action(
        actor=user(g),
        guard=[*vfio.set_iommu(g).guard, ~scanning.none_in_the_way(g)],
        update=[g.scanned.becomes(0)],
    )


def _detached(g: ScanningGroup, plain: Action) -> Action:
    outside = scanning.between_ioctls(g, plain)
    update = [g.container.becomes(Container.NONE), *iommu.switch(g, Domain.DEFAULT)]
    return Action(outside.guard, update, outside.actor)


@action(source=core("iommu_detach_group"), label="ioctl(UNSET_CONTAINER)")
def unset_container(g: ScanningGroup) -> Action:
    """Going back to the default domain is the release."""
    return _detached(g, vfio.unset_container(g))


@action(source=core("iommu_detach_group"), label="vfio_group_fops_release()")
def group_release(g: ScanningGroup) -> Action:
    """The last fd is gone: going back to the default domain is the release."""
    return _detached(g, vfio.group_release(g))


design = scan_at_claim.design.variant(
    "domain_as_owner",
    but="there is no owner: attaching a domain is the claim, and detaching it the release",
    summary="A group on another domain than the default one is userspace's; there is no owner",
    source="D-dom: Robin Murphy's suggestion of 2021-11-15 (4.9-d)",
    fate="rejected: between a claim and its domain, and between two domains, nobody owns the group",
    actions=[
        iommu_probe_device_end,
        dma_configure,
        dma_configure_busy,
        read_driver,
        set_container,
        set_iommu,
        set_iommu_busy,
        unset_container,
        group_release,
    ],
    without=["release_dma_owner"],
)
