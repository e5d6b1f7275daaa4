"""device_initial_probe() itself looks at drivers_autoprobe, for every bus."""

from __future__ import annotations

from model.designs.bugs import autoprobe_off_ignored
from model.lang import Action, Source, action
from model.linux import driver_core
from model.linux.autoprobe import SwitchedDevice
from model.linux.driver_core import LOCK
from model.linux.state import Driver, Stage

FIXED = Source("device_initial_probe", "drivers/base/dd.c", "7.3.4", LOCK)


@action(source=FIXED)
def device_initial_probe(d: SwitchedDevice, drv: Driver) -> Action | None:
    """A device that was just added meets a matching driver, if the admin lets it."""
    plain = driver_core.device_initial_probe(d, drv)
    return plain and Action([*plain.guard, d.group.drivers_autoprobe], plain.update)


@action(source=FIXED, label="device_initial_probe(), drivers_autoprobe = 0")
def device_initial_probe_off(d: SwitchedDevice) -> Action:
    """The device is left without a driver until somebody asks for one."""
    return Action(
        guard=[d.stage == Stage.ADDED, ~d.group.drivers_autoprobe],
        update=[d.stage.becomes(Stage.IDLE)],
    )


design = autoprobe_off_ignored.design.variant(
    "autoprobe_off_respected",
    but="device_initial_probe() probes nothing while drivers_autoprobe is 0",
    source="B24: commit ea34511aaf75",
    fate="merged about 6.19",
    actions=[
        device_initial_probe,
        device_initial_probe_off,
        driver_core.device_initial_probe_no_match,
    ],
)
