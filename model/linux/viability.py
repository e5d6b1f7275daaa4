"""vfio_dev_viable(): whether a member's driver, or lack of one, suits userspace; up to 5.18."""

from __future__ import annotations

from model.lang import Expr, Value, field
from model.linux.state import Device, Driver, Ret, Stage, is_vfio_registered


class BridgeDevice(Device):
    """A device that may be a PCI bridge."""

    bridge = field(bool, False, "the PCI header type is not that of an ordinary device")

    def __init__(
        self, name: str, start: dict[str, Value | tuple[Value, ...]] | None = None
    ) -> None:
        super().__init__(name, {"bridge": (False, True), **(start or {})})


def is_viable(d: Device) -> Expr[bool]:
    """dev->driver is read once, without any lock; of a bridge it does not matter."""
    leaving = d.stage.is_in(Stage.CLEANUP, Stage.DEVRES) & (d.ret == Ret.NONE)  # unbound_list
    bound_to_vfio = is_vfio_registered(d) | ((d.driver == Driver.VFIO) & leaving)
    viable = d.driver.is_in(Driver.NONE, Driver.STUB) | bound_to_vfio
    return viable | d.bridge if isinstance(d, BridgeDevice) else viable
