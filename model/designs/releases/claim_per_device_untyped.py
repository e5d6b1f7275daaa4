"""A second context is counted in like a second device of the first one."""

from __future__ import annotations

from model.designs.releases import claim_per_device
from model.lang import Action, Expr, action
from model.linux import iommufd
from model.linux.iommufd import Context, ContextDevice, group
from model.linux.state import Device


def _refused(d: Device) -> Expr[bool]:
    """A kernel driver's count is held: the group has counts and no context."""
    g = group(d)
    return (g.owner_cnt > 0) & (g.owner_ctx == Context.NONE)


@action(source=claim_per_device.bind_iommufd.source, label="ioctl(BIND_IOMMUFD)")
def bind_iommufd(d: ContextDevice, ctx: Context) -> Action | None:
    """Any context will do in a group that userspace owns."""
    return iommufd.bind(d, ctx, _refused(d))


@action(source=claim_per_device.bind_iommufd_eperm.source, label="ioctl(BIND_IOMMUFD) = -EPERM")
def bind_iommufd_eperm(d: ContextDevice, ctx: Context) -> Action | None:
    """Only a kernel driver's count refuses."""
    return iommufd.bind_eperm(d, ctx, _refused(d))


design = claim_per_device.design.variant(
    "claim_per_device_untyped",
    but="the claim does not compare the context: owner says that userspace owns, not which",
    source="claim_per_device with the comparison of owner left out; facts row 16",
    fate="never proposed: the comparison has been there from the start",
    actions=[bind_iommufd, bind_iommufd_eperm],
)
