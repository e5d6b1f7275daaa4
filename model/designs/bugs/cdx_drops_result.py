"""dma_configure asks for the claim, and returns 0 whatever the answer is."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.bugs.cdx_unclaimed import cdx
from model.designs.driver_managed_dma import DRIVER_MANAGED_DMA
from model.lang import Action, Source, action
from model.linux import ownership
from model.linux.driver_core import LOCK
from model.linux.state import Device, Driver, Ret, Stage


def fixed(function: str, errno: str = "") -> Source:
    """A citation of the CDX bus since it claims."""
    return cdx(function, errno, "6.12.117", f"{LOCK}, group->mutex")


@action(source=fixed("cdx_dma_configure"), label="cdx_dma_configure() = 0, refused")
def dma_configure_busy(d: Device, drv: Driver) -> Action | None:
    """The claim is refused with -EBUSY; 0 is returned all the same, so .probe comes next."""
    plain = ownership.refuse(d, drv, skipped=DRIVER_MANAGED_DMA, ret=Ret.OK)
    return plain and Action(plain.guard, [d.stage.becomes(Stage.CONFIGURED)])


design = driver_managed_dma.design.variant(
    "cdx_drops_result",
    but="dma_configure returns 0 also where the claim is refused",
    summary="The CDX bus claims, and calls .probe whether or not the claim was granted",
    source="B14: commit b8c5ff76059d",
    fate="merged about 6.5; read the same in 6.12.117 and 7.3.4",
    actions=[
        driver_managed_dma.dma_configure.citing(fixed("cdx_dma_configure")),
        dma_configure_busy,
        driver_managed_dma.dma_cleanup.citing(fixed("cdx_dma_cleanup")),
    ],
    # A swallowed deferral is a matter of its own: cdx_drops_deferral.
    without=["dma_configure_defer"],
)
