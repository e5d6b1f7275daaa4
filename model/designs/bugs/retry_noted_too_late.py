"""A refusal is noted where really_probe() returns; a release that came before it misses it."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.bugs import retry_after_release
from model.lang import Action, action
from model.linux import autoprobe
from model.linux.autoprobe import AutoprobedDevice, Loop
from model.linux.state import Ret


@action(source=autoprobe.really_probe_return.source, label="really_probe() returns")
def really_probe_return(d: AutoprobedDevice) -> Action:
    """Of an autoprobe -EPROBE_DEFER is remembered, and -EBUSY noted for the release."""
    plain = autoprobe.really_probe_return(d)
    refused = (d.loop != Loop.OFF) & (d.ret == Ret.EBUSY)
    return Action(plain.guard, [*plain.update, d.refused.becomes(refused)])


design = retry_after_release.design.variant(
    "retry_noted_too_late",
    but="the refusal is noted where the deferred list is served, after group->mutex was dropped",
    source="question 10 of those not settled: the obvious place",
    fate="not posted",
    actions=[driver_managed_dma.dma_configure_busy, really_probe_return],
)
