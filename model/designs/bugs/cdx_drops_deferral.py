"""dma_configure returns the refusal of the claim, but not the firmware's -EPROBE_DEFER."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.bugs import cdx_drops_result
from model.designs.bugs.cdx_drops_result import fixed
from model.lang import Action, action
from model.linux.state import Device, Stage


@action(source=fixed("cdx_dma_configure"), label="cdx_dma_configure() = 0, deferred")
def dma_configure_defer(d: Device) -> Action:
    """The firmware's part defers: no claim is tried, and 0 is returned."""
    return Action(guard=[d.stage == Stage.CONFIGURE], update=[d.stage.becomes(Stage.CONFIGURED)])


design = cdx_drops_result.design.variant(
    "cdx_drops_deferral",
    but="the refusal is returned, and the firmware's -EPROBE_DEFER swallowed",
    summary="Half a fix of cdx_drops_result: a deferred device is still probed without a claim",
    source="B14: the other error that b8c5ff76059d drops",
    fate="never posted alone; 6.12.117 and 7.3.4 drop both errors",
    actions=[
        driver_managed_dma.dma_configure_busy.citing(fixed("cdx_dma_configure", "-EBUSY")),
        dma_configure_defer,
    ],
)
