"""A device is refused to every driver until device_add() has come to its end."""

from __future__ import annotations

from model.designs.bugs import probe_before_group_join
from model.lang import Action, action
from model.linux import driver_core
from model.linux.driver_core import dd
from model.linux.half_added import HalfAddedDevice, siblings
from model.linux.state import Driver, Stage


@action(source=dd("bind_store"), label="bind_store()")
def bind_store(d: HalfAddedDevice, drv: Driver) -> Action | None:
    """The admin binds a driver to a device that is ready: it has joined its group."""
    plain = driver_core.bind_store(d, drv)
    return plain and Action([*plain.guard, ~d.half_added], plain.update)


@action(source=dd("__driver_probe_device", "-EPROBE_DEFER"), label="bind_store() = -EAGAIN")
def bind_store_defer(d: HalfAddedDevice) -> Action | None:
    """The device is not ready: device_add() itself will offer it to the drivers."""
    if not siblings(d):
        return None
    return Action(guard=[d.stage == Stage.IDLE, d.half_added], update=[])


design = probe_before_group_join.design.variant(
    "probe_after_ready",
    but="no probe begins before device_add() has set ready, which is after the group is joined",
    source="B23: commit a2225b6e834a",
    fate="merged in 2026, and in 6.1.y and 6.12.y",
    actions=[bind_store, bind_store_defer],
)
