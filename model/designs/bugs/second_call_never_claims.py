"""The IOMMU probe's call of dma_configure sets up the firmware's part and never claims."""

from __future__ import annotations

from model.designs.bugs import second_configure_call
from model.lang import Action, action
from model.linux.half_added import SECOND, TwiceConfiguredDevice, returned
from model.linux.state import Group


@action(source=SECOND, label="platform_dma_configure() for the IOMMU")
def second_call(d: TwiceConfiguredDevice) -> Action | None:
    """The firmware's part only, whatever dev->driver says."""
    return returned(d)


design = second_configure_call.design.variant(
    "second_call_never_claims",
    but="the IOMMU probe's call does not claim, whatever dev->driver says meanwhile",
    source="B19: a fix that the model suggests; only the caller knows which of the two calls it is",
    fate="not known to be posted",
    group=Group,
    actions=[second_call],
    without=["second_call_claims"],
)
