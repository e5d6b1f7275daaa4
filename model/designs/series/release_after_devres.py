"""v1: the driver core claims before anything else and releases after everything else."""

from __future__ import annotations

from model.designs import suppress_auto_claim
from model.designs.driver_managed_dma import DRIVER_MANAGED_DMA
from model.designs.series import claim_first, release_checks_owner
from model.lang import Action, Source, action
from model.linux import driver_core
from model.linux.driver_core import LOCK
from model.linux.late_group import LateDevice
from model.linux.state import Driver, Ret, Stage


def core(function: str, errno: str = "") -> Source:
    """A citation of the patched driver core."""
    return Source(function, "drivers/base/dd.c", "v1", LOCK, errno)


@action(source=core("really_probe", "-EBUSY"))
def dma_configure_busy(d: LateDevice, drv: Driver) -> Action | None:
    """The claim is refused before dev->driver is set: nothing is to be unwound."""
    # Nobody else reads dev->driver under device_lock, so the model sets it with the lock.
    plain = claim_first.dma_configure_busy(d, drv)
    return plain and Action(
        plain.guard,
        [
            d.stage.becomes(Stage.RETURN),
            d.driver.becomes(Driver.NONE),
            d.ret.becomes(Ret.EBUSY),
        ],
    )


@action(source=core("devres_release_all"))
def devres_release_all(d: LateDevice) -> Action:
    """devres is freed after .remove or a failed .probe, and the claim is still held."""
    return Action([d.stage == Stage.CLEANUP], [d.stage.becomes(Stage.DEVRES)])


def _then_release(d: LateDevice, drv: Driver, plain: Action) -> Action | None:
    if drv is Driver.NONE:
        return None
    released = [] if drv in DRIVER_MANAGED_DMA else release_checks_owner.give_back(d)
    return Action([*plain.guard, d.driver == drv], [*plain.update, *released])


@action(source=core("__device_release_driver"))
def device_unbind_cleanup(d: LateDevice, drv: Driver) -> Action | None:
    """The end of an unbind: dev->driver is NULL, and the claim is given back after that."""
    return _then_release(d, drv, driver_core.device_unbind_cleanup(d))


@action(source=core("really_probe"), label="really_probe() unwinds")
def device_unbind_cleanup_unwind(d: LateDevice, drv: Driver) -> Action | None:
    """The end of a failed probe: dev->driver is NULL, and the claim is given back after that."""
    return _then_release(d, drv, driver_core.device_unbind_cleanup_unwind(d))


design = release_checks_owner.design.variant(
    "release_after_devres",
    but="the driver core claims before dev->driver is set and releases after devres is freed",
    summary="The driver core claims before dma_configure and releases after devres",
    source="[PATCH 00/11], Lu Baolu, 2021-11-15",
    fate="reviewed; v2 moved it to the buses that care",
    actions=[
        claim_first.dma_configure.citing(core("really_probe")),
        dma_configure_busy,
        suppress_auto_claim.vfio_unregister_group_dev,
        devres_release_all,
        device_unbind_cleanup,
        device_unbind_cleanup_unwind,
    ],
    without=["dma_cleanup"],
)
