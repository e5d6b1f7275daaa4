"""A bus whose dma_configure never claims, whatever the driver says."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.lang import Action, Source, action
from model.linux import ownership
from model.linux.driver_core import LOCK, dd
from model.linux.state import Device, Driver


def cdx(function: str, errno: str = "", version: str = "6.4", lock: str = LOCK) -> Source:
    """A citation of the CDX bus."""
    return Source(function, "drivers/cdx/cdx.c", version, lock, errno)


@action(source=cdx("cdx_dma_configure"))
def dma_configure(d: Device, drv: Driver) -> Action | None:
    """Firmware only: no driver is counted, flag or not."""
    return ownership.configure(d, drv, skipped=ownership.EVERY_DRIVER)


@action(source=dd("really_probe"), label="no dma_cleanup()")
def dma_cleanup(d: Device, drv: Driver) -> Action | None:
    """The bus has no such callback."""
    return ownership.cleanup(d, drv, skipped=ownership.EVERY_DRIVER)


# The firmware's -EPROBE_DEFER is swallowed: the next step is then that of dma_configure.
design = driver_managed_dma.design.variant(
    "cdx_unclaimed",
    but="the bus never claims, so no claim of userspace is refused",
    summary="The CDX bus ignores driver_managed_dma and claims for no driver",
    source="B14: the state before commit b8c5ff76059d; reported by Alex Williamson",
    fate="merged in 6.4; fixed about 6.5 and in 6.4.y",
    actions=[dma_configure, dma_cleanup],
    without=["dma_configure_busy", "dma_configure_defer", "set_container_eperm"],
)
