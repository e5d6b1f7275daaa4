"""unuse_in_probe with a cleanup that remembers what .probe has given back."""

from __future__ import annotations

from model.designs import unuse_in_probe
from model.designs.driver_managed_dma import pci
from model.lang import Action, action
from model.linux import ownership
from model.linux.state import Device, Driver


@action(source=pci("pci_dma_cleanup", version=unuse_in_probe.PROPOSED))
def dma_cleanup(d: Device, drv: Driver) -> Action | None:
    """The claim is given back if it is still held."""
    plain = ownership.cleanup(d, drv)
    return plain and Action([*plain.guard, d.claim], plain.update)


@action(
    source=pci("pci_dma_cleanup", version=unuse_in_probe.PROPOSED),
    label="pci_dma_cleanup() skips unuse",
)
def dma_cleanup_skip(d: Device, drv: Driver) -> Action | None:
    """.probe has given the claim back: nothing is left to do."""
    plain = ownership.cleanup(d, drv, skipped=ownership.EVERY_DRIVER)
    if plain is None or drv not in unuse_in_probe.GIVES_BACK:
        return None
    return Action([*plain.guard, ~d.claim], plain.update)


design = unuse_in_probe.design.variant(
    "unuse_in_probe_balanced",
    but="dma_cleanup remembers, per device, that .probe has already given the claim back",
    summary="As unuse_in_probe, and dma_cleanup does not give the claim back a second time",
    source="the other reading of Lu Baolu's mail of 2021-12-31",
    fate="never posted; the per-device note would be the flag that it was to avoid",
    actions=[dma_cleanup, dma_cleanup_skip],
)
