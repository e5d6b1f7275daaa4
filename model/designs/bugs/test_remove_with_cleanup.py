"""The debug option's removal gives the claim back before the second probe."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.bugs import test_remove_without_cleanup
from model.lang import Action, action
from model.linux import driver_core, test_remove
from model.linux.driver_core import dd
from model.linux.state import Group, Ret, Stage
from model.linux.test_remove import ReprobedDevice


@action(source=dd("really_probe"), label="device_unbind_cleanup(), re_probe")
def re_probe(d: ReprobedDevice) -> Action:
    """dma_cleanup has given the claim back: the second dma_configure asks anew."""
    return test_remove.probe_again(d, Stage.DEVRES)


@action(source=dd("device_unbind_cleanup"))
def device_unbind_cleanup_unwind(d: ReprobedDevice) -> Action:
    """The end of a failed probe's unwinding, which the test's removal is not."""
    plain = driver_core.device_unbind_cleanup_unwind(d)
    return Action([*plain.guard, d.ret != Ret.OK], plain.update)


design = test_remove_without_cleanup.design.variant(
    "test_remove_with_cleanup",
    but="the test's removal calls dma_cleanup before it probes again",
    source="B15: commit f429378a9bf8",
    fate="merged in 6.6 and in 6.1.y",
    device=ReprobedDevice,
    group=Group,
    actions=[
        test_remove.driver_bound,
        test_remove.test_remove,
        driver_managed_dma.dma_cleanup,
        re_probe,
        device_unbind_cleanup_unwind,
    ],
    without=["test_remove_once", "re_probe"],
)
