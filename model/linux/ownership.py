"""The three places where a bus or the driver core may keep account of a driver's claim.

A design says which drivers are left out; what happens otherwise is the same for all.
"""

from __future__ import annotations

from collections.abc import Container as Collection

from model.lang import Action
from model.linux import iommu
from model.linux.state import Device, Driver, Ret, Stage

EVERY_DRIVER: Collection[Driver] = tuple(Driver)


def configure(d: Device, drv: Driver, skipped: Collection[Driver] = ()) -> Action | None:
    """dma_configure succeeds; a driver that is not ``skipped`` makes the kernel's claim."""
    if drv is Driver.NONE:
        return None
    claims = drv not in skipped
    return Action(
        guard=[
            d.stage == Stage.CONFIGURE,
            d.driver == drv,
            *([~iommu.use_refused(d.group)] if claims else []),
        ],
        update=[d.stage.becomes(Stage.CONFIGURED), *(iommu.use(d) if claims else [])],
    )


def refuse(
    d: Device, drv: Driver, skipped: Collection[Driver] = (), ret: Ret = Ret.EBUSY
) -> Action | None:
    """dma_configure is refused the claim, so .probe is never called; ``ret`` is what is kept."""
    if drv is Driver.NONE or drv in skipped:
        return None
    return Action(
        guard=[d.stage == Stage.CONFIGURE, d.driver == drv, iommu.use_refused(d.group)],
        update=[d.stage.becomes(Stage.DEVRES), d.ret.becomes(ret)],
    )


def cleanup(d: Device, drv: Driver, skipped: Collection[Driver] = ()) -> Action | None:
    """dma_cleanup after .remove or a failed .probe; it gives back the claim of the driver."""
    if drv is Driver.NONE:
        return None
    return Action(
        guard=[d.stage == Stage.CLEANUP, d.driver == drv],
        update=[
            d.stage.becomes(Stage.DEVRES),
            *(iommu.unuse(d) if drv not in skipped else []),
        ],
    )
