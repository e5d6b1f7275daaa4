"""The PCI bus offers an added device to its drivers whatever drivers_autoprobe says."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.lang import Action, Source, action
from model.linux import driver_core
from model.linux.autoprobe import SwitchedDevice, SwitchedGroup


@action(source=Source("drivers_autoprobe_store", "drivers/base/bus.c", "6.1.192"))
def drivers_autoprobe_store(g: SwitchedGroup) -> Action:
    """The admin writes the other of 0 and 1; that alone probes nothing."""
    return Action(
        actor="admin" if g.name == "group" else f"admin-{g.name}",
        guard=[],
        update=[g.drivers_autoprobe.becomes(~g.drivers_autoprobe)],
    )


design = driver_managed_dma.design.variant(
    "autoprobe_off_ignored",
    but="drivers_autoprobe may be 0, and a hot-added PCI device is probed all the same",
    summary="drivers_autoprobe exists, but pci_bus_add_device() probes without a look at it",
    source="B24: the state before commit ea34511aaf75",
    fate="older than 5.19; fixed about 6.19",
    device=SwitchedDevice,
    group=SwitchedGroup,
    actions=[
        drivers_autoprobe_store,
        driver_core.device_initial_probe.citing(driver_core.dd("device_attach")),
        driver_core.device_initial_probe_no_match.citing(driver_core.dd("device_attach", lock="")),
    ],
)
