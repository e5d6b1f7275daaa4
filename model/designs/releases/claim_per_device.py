"""Userspace claims device by device; devices of one iommufd context share the group."""

from __future__ import annotations

from model.designs.releases import disassociate_at_unregister, join_in_one_section
from model.lang import Action, Source, action
from model.linux import iommufd, vfio
from model.linux.driver_core import LOCK
from model.linux.iommufd import Context, ContextDevice, ContextGroup, claim_refused, group


def _unclaimed(d: ContextDevice, plain: Action) -> Action:
    """``plain``, once the device's own file is closed."""
    return Action([*plain.guard, d.ctx == Context.NONE], plain.update, plain.actor)


@action(source=Source("vfio_unregister_group_dev", "drivers/vfio/vfio_main.c", "6.12.117", LOCK))
def vfio_unregister_group_dev(d: ContextDevice) -> Action:
    """.remove waits for the device's own file as well."""
    return _unclaimed(d, disassociate_at_unregister.vfio_unregister_group_dev(d))


@action(
    source=disassociate_at_unregister.last("vfio_device_remove_group"),
    label="vfio_device_remove_group()",
)
def vfio_device_remove_group(d: ContextDevice) -> Action:
    """The last driver leaves once its device's own file is closed: no claim is left to end."""
    return _unclaimed(d, disassociate_at_unregister.vfio_device_remove_group(d))


@action(
    source=disassociate_at_unregister.last("vfio_group_detach_container"),
    label="vfio_group_detach_container()",
)
def vfio_group_detach_container(d: ContextDevice) -> Action:
    """Only a container is detached; a context has let go before."""
    return _unclaimed(d, disassociate_at_unregister.vfio_group_detach_container(d))


@action(
    source=Source(
        "vfio_group_fops_open", "drivers/vfio/group.c", "6.12.117", "vfio_group.group_lock"
    ),
    label="open(/dev/vfio/N)",
)
def vfio_group_fops_open(g: ContextGroup) -> Action:
    """The group cannot be opened while a device is bound through its own file."""
    plain = vfio.vfio_group_fops_open(g)
    return Action([*plain.guard, iommufd.is_unclaimed(g)], plain.update, plain.actor)


@action(source=vfio.close_device_fd.source, label="close(device fd)")
def close_device_fd(d: ContextDevice) -> Action:
    """A device fd that came from the group."""
    return _unclaimed(d, vfio.close_device_fd(d))


@action(source=iommufd.vfio("vfio_df_ioctl_bind_iommufd"), label="ioctl(BIND_IOMMUFD)")
def bind_iommufd(d: ContextDevice, ctx: Context) -> Action | None:
    """The device is claimed for a context, beside other devices of that context."""
    return iommufd.bind(d, ctx, claim_refused(group(d), ctx))


@action(
    source=iommufd.vfio("vfio_df_ioctl_bind_iommufd", "-EPERM"),
    label="ioctl(BIND_IOMMUFD) = -EPERM",
)
def bind_iommufd_eperm(d: ContextDevice, ctx: Context) -> Action | None:
    """A kernel driver's count is held, or another context's."""
    return iommufd.bind_eperm(d, ctx, claim_refused(group(d), ctx))


@action(source=iommufd.vfio("vfio_df_ioctl_attach_pt"), label="ioctl(ATTACH_IOMMUFD_PT)")
def attach_iommufd_pt(d: ContextDevice, ctx: Context) -> Action | None:
    """From here on the device's DMA goes to the context's memory."""
    return iommufd.attach(d, ctx)


@action(source=iommufd.vfio("vfio_df_ioctl_detach_pt"), label="ioctl(DETACH_IOMMUFD_PT)")
def detach_iommufd_pt(d: ContextDevice, ctx: Context) -> Action | None:
    """The device leaves the context's domain; closing its file does this first."""
    return iommufd.detach(d, ctx)


@action(source=iommufd.vfio("vfio_df_iommufd_unbind"), label="close(/dev/vfio/devices/vfioX)")
def vfio_df_iommufd_unbind(d: ContextDevice, ctx: Context) -> Action | None:
    """The last close of the device's own file gives its one claim back."""
    return iommufd.release(d, ctx)


design = join_in_one_section.design.variant(
    "claim_per_device",
    but="a device can be claimed by itself, for an iommufd context that may claim further ones",
    source="89395ccedbc1 iommu: Add device-centric DMA ownership interfaces; facts 5.7, 6.3",
    fate="in 6.2; devices have files of their own since 6.6",
    actions=[
        vfio_unregister_group_dev,
        vfio_device_remove_group,
        vfio_group_detach_container,
        vfio_group_fops_open,
        close_device_fd,
        bind_iommufd,
        bind_iommufd_eperm,
        attach_iommufd_pt,
        detach_iommufd_pt,
        vfio_df_iommufd_unbind,
    ],
    device=ContextDevice,
    group=ContextGroup,
)
