"""Nobody claims anything; vfio looks at its siblings' drivers, the last time after .probe."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.suppress_auto_claim import vfio_unregister_group_dev
from model.lang import Action, Source, action, all_of
from model.linux import driver_core, iommu, ownership, vfio
from model.linux.driver_core import dd
from model.linux.state import (
    Container,
    Device,
    Domain,
    Driver,
    File,
    Group,
    Stage,
    owned_by_user,
    user,
)
from model.linux.viability import is_viable

VERSION = "5.10.223"


def core(function: str, errno: str = "") -> Source:
    """A citation of vfio as it was before ownership."""
    return Source(function, "drivers/vfio/vfio.c", VERSION, "", errno)


@action(source=Source("pci_dma_configure", "drivers/pci/pci-driver.c", VERSION, "device_lock"))
def dma_configure(d: Device, drv: Driver) -> Action | None:
    """Firmware only; no driver is ever refused."""
    return ownership.configure(d, drv, skipped=ownership.EVERY_DRIVER)


@action(source=dd("really_probe"), label="dma_cleanup: none")
def dma_cleanup(d: Device, drv: Driver) -> Action | None:
    """There is nothing to give back."""
    return ownership.cleanup(d, drv, skipped=ownership.EVERY_DRIVER)


@action(source=dd("driver_bound"))
def driver_bound(d: Device) -> Action:
    """BOUND_DRIVER; vfio's notifier finds the device viable, or the group not in use."""
    plain = driver_core.driver_bound(d)
    return Action(guard=[*plain.guard, is_viable(d) | ~owned_by_user(d.group)], update=plain.update)


@action(source=core("vfio_iommu_group_notifier"), label="vfio_iommu_group_notifier() BUG_ON")
def vfio_iommu_group_notifier_bug_on(d: Device) -> Action:
    """BOUND_DRIVER; vfio's notifier finds a driver that must not be there, after it has probed."""
    return Action(
        guard=[d.stage == Stage.PROBED, ~is_viable(d), owned_by_user(d.group)],
        update=[d.stage.becomes(Stage.OOPS)],
    )


@action(
    source=Source("iommu_probe_device", "drivers/iommu/iommu.c", VERSION, "group->mutex"),
    label="iommu_probe_device() ends",
)
def iommu_probe_device_end(d: Device) -> Action:
    """The default domain, whoever uses the group."""
    return Action(
        guard=[d.stage == Stage.ADDING],
        update=[d.stage.becomes(Stage.ADDED), d.domain.becomes(Domain.DEFAULT)],
    )


@action(source=core("vfio_group_set_container"), label="ioctl(SET_CONTAINER)")
def set_container(g: Group) -> Action:
    """No driver is looked at."""
    return Action(
        actor=user(g),
        guard=[g.file == File.OPEN, g.container == Container.NONE],
        update=[g.container.becomes(Container.SET)],
    )


@action(source=core("vfio_group_get_device_fd"), label="ioctl(GET_DEVICE_FD)")
def get_device_fd(d: Device) -> Action:
    """GET_DEVICE_FD, if vfio_group_viable() finds every member viable just now."""
    plain = vfio.get_device_fd(d)
    viable = all_of(is_viable(e) for e in d.group.devices)
    return Action(actor=plain.actor, guard=[*plain.guard, viable], update=plain.update)


@action(source=core("vfio_group_get_device_fd", "-EINVAL"), label="ioctl(GET_DEVICE_FD) = -EINVAL")
def get_device_fd_einval(d: Device) -> Action:
    """GET_DEVICE_FD, when vfio_group_viable() finds a member that is not viable."""
    plain = vfio.get_device_fd(d)
    viable = all_of(is_viable(e) for e in d.group.devices)
    return Action(actor=plain.actor, guard=[*plain.guard, ~viable], update=[])


def _at_once(g: Group, plain: Action) -> Action:
    """``plain``, with the container gone and the default domain back in one step."""
    update = [g.container.becomes(Container.NONE), *iommu.switch(g, Domain.DEFAULT)]
    return Action(plain.guard, update, plain.actor)


@action(source=core("vfio_group_unset_container"), label="ioctl(UNSET_CONTAINER)")
def unset_container(g: Group) -> Action:
    """Back to the default domain at once."""
    return _at_once(g, vfio.unset_container(g))


@action(source=core("vfio_group_try_dissolve_container"), label="vfio_group_fops_release()")
def group_release(g: Group) -> Action:
    """The last fd is gone: back to the default domain at once."""
    return _at_once(g, vfio.group_release(g))


design = driver_managed_dma.design.variant(
    "viability_check",
    but="nothing is claimed: vfio checks for foreign drivers at GET_DEVICE_FD and after .probe",
    summary="vfio looks at its siblings' drivers, the last time after .probe, and then crashes",
    source="drivers/vfio/vfio.c as read in 5.10.223",
    fate="in every kernel up to 5.18; replaced in 5.19",
    actions=[
        iommu_probe_device_end,
        dma_configure,
        driver_bound,
        vfio_iommu_group_notifier_bug_on,
        vfio_unregister_group_dev,
        dma_cleanup,
        set_container,
        get_device_fd,
        get_device_fd_einval,
        unset_container,
        group_release,
    ],
    without=["dma_configure_busy", "set_container_eperm", "release_dma_owner"],
)
