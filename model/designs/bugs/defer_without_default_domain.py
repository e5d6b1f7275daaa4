"""A kernel driver's claim is deferred until its group has a default domain."""

from __future__ import annotations

from model.designs.bugs import claim_before_default_domain
from model.designs.bugs.probe_before_group_join import platform
from model.designs.driver_managed_dma import DRIVER_MANAGED_DMA
from model.lang import Action, action, ite
from model.linux.default_domain import LateDevice
from model.linux.state import Driver, Ret, Stage


@action(source=platform("platform_dma_configure"))
def dma_configure(d: LateDevice, drv: Driver) -> Action | None:
    """The claim is counted, or there is no default domain and the probe fails: -EPROBE_DEFER."""
    plain = claim_before_default_domain.dma_configure(d, drv)
    if plain is None or drv in DRIVER_MANAGED_DMA:
        return plain
    # One action for both: a deferral comes to pass by itself, so it is no refusal, and the
    # properties that look for refusals ask whether this action is enabled.
    ready = d.group.default_domain
    counted = [u.variable.becomes(ite(ready, u.value, u.variable)) for u in plain.update[1:]]
    return Action(
        plain.guard,
        [
            d.stage.becomes(ite(ready, Stage.CONFIGURED, Stage.DEVRES)),
            d.ret.becomes(ite(ready, Ret.OK, Ret.EPROBE_DEFER)),
            *counted,
        ],
    )


design = claim_before_default_domain.design.variant(
    "defer_without_default_domain",
    but="a kernel driver is deferred while the group has no default domain",
    source="B18: commit b46064a18810",
    fate="merged about 6.15 and in 6.12.y and 6.6.y",
    actions=[dma_configure],
)
