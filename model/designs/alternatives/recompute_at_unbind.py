"""A kernel driver sets a token, and each unbind asks the members' drivers whether it may go."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.driver_managed_dma import pci
from model.lang import Action, Expr, Source, Update, action, any_of
from model.linux import ownership, scanning
from model.linux.driver_core import dd
from model.linux.scanning import TokenDevice, TokenGroup
from model.linux.state import KERNEL_DMA, Container, Device, Driver, Owner, Ret, Stage, user

PROPOSED = "2022-02-23"


def core(function: str, errno: str = "") -> Source:
    """A citation of the IOMMU core as it was proposed to be."""
    return Source(function, "drivers/iommu/iommu.c", PROPOSED, "group->mutex", errno)


@action(source=pci("pci_dma_configure", version=PROPOSED))
def dma_configure(d: TokenDevice, drv: Driver) -> Action | None:
    """Unless userspace owns the group, a driver without the flag sets the kernel's token."""
    plain = scanning.configure(d, drv, d.group.owner == Owner.NULL)
    if plain is None or drv not in KERNEL_DMA:
        return plain
    return Action(plain.guard, [*plain.update, d.group.kernel.becomes(True)])


@action(source=pci("pci_dma_configure", "-EBUSY", version=PROPOSED))
def dma_configure_busy(d: TokenDevice, drv: Driver) -> Action | None:
    """Userspace owns the group: .probe is not called."""
    return scanning.refuse(d, drv, d.group.owner == Owner.NULL)


@action(source=pci("pci_dma_cleanup", version=PROPOSED))
def dma_cleanup(d: TokenDevice, drv: Driver) -> Action | None:
    """The token stays: who else needs it is asked later."""
    return ownership.cleanup(d, drv, skipped=ownership.EVERY_DRIVER)


@action(source=dd("device_unbind_cleanup"))
def device_unbind_cleanup(d: TokenDevice) -> Action:
    """devres is freed and dev->driver is NULL; the hook comes next."""
    return Action(
        guard=[d.stage == Stage.DEVRES, d.driver != Driver.NONE],
        update=[d.driver.becomes(Driver.NONE)],
    )


def needed_by_others(d: Device) -> Expr[bool]:
    """The dev->driver of another member is one without the flag; no device_lock is held."""
    return any_of(scanning.is_in_the_way(e) for e in d.group.devices if e is not d)


def recompute(d: TokenDevice) -> list[Update]:
    """Under group->mutex the token goes, unless another member needs it."""
    return [d.group.kernel.becomes(d.group.kernel & needed_by_others(d))]


@action(source=core("iommu_device_unuse_default_domain"), label="the hook recomputes")
def recompute_owner(d: TokenDevice) -> Action:
    """The hook at the end of an unbind."""
    return Action(
        guard=[d.stage == Stage.DEVRES, d.driver == Driver.NONE, d.ret == Ret.NONE],
        update=[d.stage.becomes(Stage.IDLE), *recompute(d)],
    )


@action(source=core("iommu_device_unuse_default_domain"), label="the hook recomputes")
def recompute_owner_unwind(d: TokenDevice) -> Action:
    """The hook at the end of a failed probe's unwinding."""
    return Action(
        guard=[d.stage == Stage.DEVRES, d.driver == Driver.NONE, d.ret != Ret.NONE],
        update=[d.stage.becomes(Stage.RETURN), *recompute(d)],
    )


@action(source=core("iommu_group_claim_dma_owner"), label="ioctl(SET_CONTAINER)")
def set_container(g: TokenGroup) -> Action:
    """The kernel's token is not set: the group is userspace's."""
    return Action(
        actor=user(g),
        guard=[*scanning.asks(g, Container.NONE), ~g.kernel],
        update=[*scanning.own(g), g.container.becomes(Container.SET)],
    )


@action(source=core("iommu_group_claim_dma_owner", "-EPERM"), label="ioctl(SET_CONTAINER) = -EPERM")
def set_container_eperm(g: TokenGroup) -> Action:
    """The kernel's token is set: the claim is refused."""
    return Action(actor=user(g), guard=[*scanning.asks(g, Container.NONE), g.kernel], update=[])


design = driver_managed_dma.design.variant(
    "recompute_at_unbind",
    but="a kernel driver sets a token, and who still needs it is read off dev->driver at unbind",
    source="D-recomp: Robin Murphy, 2022-02-21 to 2022-02-23 (4.9-f)",
    fate="rejected: nobody outside the driver core may look at dev->driver; see V7's changelog",
    actions=[
        dma_configure,
        dma_configure_busy,
        dma_cleanup,
        device_unbind_cleanup,
        recompute_owner,
        recompute_owner_unwind,
        set_container,
        set_container_eperm,
    ],
    without=["device_unbind_cleanup_unwind"],
    device=TokenDevice,
    group=TokenGroup,
)
