"""CONFIG_DEBUG_TEST_DRIVER_REMOVE: a successful probe is undone once and begins again."""

from __future__ import annotations

from model.lang import Action, action, field
from model.linux import driver_core
from model.linux.driver_core import dd
from model.linux.state import Device, Ret, Stage


class ReprobedDevice(Device):
    """A device whose driver may be removed and probed again before it is bound.

    While the test's own removal is under way the result of the probe is still pending; that is
    how it is told from an unbind, which has none, and from an unwinding, whose result is an error.
    """

    second_pass = field(bool, False, "really_probe(): test_remove is false again")


@action(source=dd("really_probe"), label="test_remove, first pass")
def test_remove(d: ReprobedDevice) -> Action:
    """.probe has succeeded for the first time: the driver is asked to let go again."""
    # Never forced: a driver with suppress_bind_attrs is spared.
    return Action(
        guard=[d.stage == Stage.PROBED, ~d.second_pass], update=[d.stage.becomes(Stage.REMOVE)]
    )


def probe_again(d: ReprobedDevice, after: Stage) -> Action:
    """device_unbind_cleanup(), goto re_probe: dev->driver is set anew under the same lock."""
    return Action(
        guard=[d.stage == after, d.ret == Ret.OK],
        update=[d.stage.becomes(Stage.CONFIGURE), d.second_pass.becomes(True)],
    )


@action(source=driver_core.driver_bound.source)
def driver_bound(d: ReprobedDevice) -> Action:
    """The driver stays; its next probe starts with a first pass."""
    plain = driver_core.driver_bound(d)
    return Action(plain.guard, [*plain.update, d.second_pass.becomes(False)])


@action(source=driver_core.really_probe_return.source, label="really_probe() returns")
def really_probe_return(d: ReprobedDevice) -> Action:
    """A probe that failed in either pass reports; the next one starts with a first pass."""
    plain = driver_core.really_probe_return(d)
    return Action(plain.guard, [*plain.update, d.second_pass.becomes(False)])
