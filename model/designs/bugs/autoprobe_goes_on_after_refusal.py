"""A refused claim is to the autoprobe loop what a failed .probe is: the next driver is tried."""

from __future__ import annotations

from model.designs.bugs import autoprobe_stops_at_refusal
from model.lang import Action, action
from model.linux import autoprobe
from model.linux.autoprobe import AutoprobedDevice
from model.linux.state import Driver


@action(source=autoprobe_stops_at_refusal.dma_configure_busy.source)
def dma_configure_busy(d: AutoprobedDevice, drv: Driver) -> Action | None:
    """The claim is refused: a writer to sysfs is told, and a loop goes on."""
    plain = autoprobe_stops_at_refusal.dma_configure_busy(d, drv)
    return plain and Action(plain.guard, [*plain.update, autoprobe.go_on(d)])


design = autoprobe_stops_at_refusal.design.variant(
    "autoprobe_goes_on_after_refusal",
    but="a refused claim lets the loop go on with the next driver, as a failed .probe does",
    source="scenario row 4: what would mend it",
    fate="not posted",
    actions=[dma_configure_busy],
)
