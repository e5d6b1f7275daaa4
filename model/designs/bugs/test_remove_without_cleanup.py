"""The debug option's second probe claims again without giving the first claim back."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.driver_managed_dma import DRIVER_MANAGED_DMA, pci
from model.lang import Action, action, field
from model.linux import ownership, test_remove
from model.linux.driver_core import dd
from model.linux.state import Driver, Group, Ret, Stage
from model.linux.test_remove import ReprobedDevice


class TestedGroup(Group):
    """A group in which one probe may be tested: a second leak would show nothing new."""

    tested = field(bool, False, "some member's driver has been test-removed")


class TestedDevice(ReprobedDevice):
    """A member of such a group."""

    group: TestedGroup


@action(source=dd("really_probe"), label="test_remove, first pass")
def test_remove_once(d: TestedDevice) -> Action:
    """.probe has succeeded for the first time: the driver is asked to let go again."""
    plain = test_remove.test_remove(d)
    tested = d.group.tested
    return Action([*plain.guard, ~tested], [*plain.update, tested.becomes(True)])


@action(source=dd("really_probe"), label="device_unbind_cleanup(), re_probe")
def re_probe(d: ReprobedDevice) -> Action:
    """.remove has returned: devres is freed and dma_configure comes next, without dma_cleanup."""
    return test_remove.probe_again(d, Stage.CLEANUP)


@action(source=pci("pci_dma_cleanup"))
def dma_cleanup(d: ReprobedDevice, drv: Driver) -> Action | None:
    """The claim is given back by unbind and by unwinding, not by the test's removal."""
    plain = ownership.cleanup(d, drv, skipped=DRIVER_MANAGED_DMA)
    return plain and Action([*plain.guard, d.ret != Ret.OK], plain.update)


design = driver_managed_dma.design.variant(
    "test_remove_without_cleanup",
    but="the debug option removes and probes once more, with two dma_configure and one dma_cleanup",
    summary="CONFIG_DEBUG_TEST_DRIVER_REMOVE probes a device twice and cleans up once",
    source="B15: the state before commit f429378a9bf8",
    fate="merged in 5.19 with dma_cleanup itself; fixed in 6.6 and in 6.1.y",
    device=TestedDevice,
    group=TestedGroup,
    actions=[
        test_remove.driver_bound,
        test_remove_once,
        re_probe,
        dma_cleanup,
        test_remove.really_probe_return,
    ],
)
