"""vfio's group and container interface, as one user process uses it."""

from __future__ import annotations

from model.lang import Action, Source, Update, action, any_of, ite
from model.linux import iommu
from model.linux.state import (
    Container,
    Device,
    Domain,
    Driver,
    File,
    Group,
    Stage,
    is_vfio_registered,
    no_device_fd,
    user,
)


def vfio(function: str, errno: str = "", version: str = "6.1.192") -> Source:
    """A citation of vfio: one file up to 6.0, group and container code in two from 6.1."""
    file = "drivers/vfio/container.c" if "container" in function else "drivers/vfio/vfio_main.c"
    return Source(function, file, version, "vfio_group.group_lock", errno)


@action(source=vfio("vfio_group_fops_open"), label="open(/dev/vfio/N)")
def vfio_group_fops_open(g: Group) -> Action:
    """Userspace opens the group; that alone claims nothing."""
    return Action(
        actor=user(g),
        guard=[g.file == File.CLOSED, any_of(is_vfio_registered(d) for d in g.devices)],
        update=[g.file.becomes(File.OPEN)],
    )


@action(source=vfio("vfio_container_attach_group"), label="ioctl(SET_CONTAINER)")
def set_container(g: Group) -> Action:
    """SET_CONTAINER claims the group and links it to the container."""
    return Action(
        actor=user(g),
        guard=[g.file == File.OPEN, g.container == Container.NONE, ~iommu.claim_refused(g)],
        update=[*iommu.claim(g), g.container.becomes(Container.SET)],
    )


@action(source=vfio("vfio_container_attach_group", "-EPERM"), label="ioctl(SET_CONTAINER) = -EPERM")
def set_container_eperm(g: Group) -> Action:
    """SET_CONTAINER is refused: a kernel driver's count is held."""
    return Action(
        actor=user(g),
        guard=[g.file == File.OPEN, g.container == Container.NONE, iommu.claim_refused(g)],
        update=[],
    )


@action(source=vfio("vfio_ioctl_set_iommu"), label="ioctl(SET_IOMMU)")
def set_iommu(g: Group) -> Action:
    """SET_IOMMU attaches the group to the container's domain."""
    return Action(
        actor=user(g),
        guard=[g.file == File.OPEN, g.container == Container.SET],
        update=[g.container.becomes(Container.IOMMU), *iommu.switch(g, Domain.USER)],
    )


@action(source=vfio("vfio_group_get_device_fd"), label="ioctl(GET_DEVICE_FD)")
def get_device_fd(d: Device) -> Action:
    """GET_DEVICE_FD: from here on userspace can reach the device."""
    g = d.group
    return Action(
        actor=user(g),
        guard=[
            g.file == File.OPEN,
            g.container == Container.IOMMU,
            d.driver == Driver.VFIO,
            d.stage.is_in(Stage.PROBED, Stage.BOUND),
            ~d.fd,
        ],
        update=[d.fd.becomes(True)],
    )


@action(source=vfio("vfio_device_fops_release"), label="close(device fd)")
def close_device_fd(d: Device) -> Action:
    """Userspace closes a device fd; an unregister that waits may go on."""
    return Action(actor=user(d.group), guard=[d.fd], update=[d.fd.becomes(False)])


@action(source=vfio("vfio_group_fops_release"), label="close(group fd)")
def close_group_fd(g: Group) -> Action:
    """Userspace closes the group fd; device fds still hold the group's file."""
    return Action(actor=user(g), guard=[g.file == File.OPEN], update=[g.file.becomes(File.CLOSING)])


@action(source=Source("do_exit", "kernel/exit.c", "6.1.192"))
def do_exit(g: Group) -> Action:
    """The user process dies: every fd it holds is closed."""
    return Action(
        actor=user(g),
        guard=[g.file == File.OPEN, g.container != Container.UNSETTING],
        update=[g.file.becomes(File.CLOSING), *(d.fd.becomes(False) for d in g.devices)],
    )


def leave_domain(g: Group, core: Domain) -> list[Update]:
    """detach_group: from the container's domain, if it was attached, to the core's choice."""
    attached = g.container == Container.IOMMU
    return [
        g.container.becomes(Container.UNSETTING),
        g.domain.becomes(ite(attached, core, g.domain)),
        *(
            d.domain.becomes(ite(attached & (d.stage != Stage.ABSENT), core, d.domain))
            for d in g.devices
        ),
    ]


def _dissolve(g: Group, file: File) -> Action:
    """The container is unset, with no device fd open: back to the blocking domain first."""
    return Action(
        actor=user(g),
        guard=[
            g.file == file,
            g.container.is_in(Container.SET, Container.IOMMU),
            no_device_fd(g),
        ],
        update=leave_domain(g, Domain.BLOCKING),
    )


@action(source=vfio("vfio_group_ioctl_unset_container"), label="ioctl(UNSET_CONTAINER)")
def unset_container(g: Group) -> Action:
    """UNSET_CONTAINER: the group leaves the container's domain."""
    return _dissolve(g, File.OPEN)


@action(source=vfio("vfio_group_fops_release"), label="vfio_group_fops_release()")
def group_release(g: Group) -> Action:
    """The last fd is gone with a container set: the group leaves the container's domain."""
    return _dissolve(g, File.CLOSING)


@action(
    source=Source(
        "iommu_group_release_dma_owner", "drivers/iommu/iommu.c", "6.1.192", "group->mutex"
    )
)
def release_dma_owner(g: Group) -> Action:
    """The claim is given back and the group returns to the kernel's domain."""
    return Action(
        actor=user(g),
        guard=[g.container == Container.UNSETTING],
        update=[*iommu.release(g), g.container.becomes(Container.NONE)],
    )


@action(source=vfio("vfio_group_fops_release"), label="vfio_group_fops_release() ends")
def group_release_end(g: Group) -> Action:
    """The group's file is gone, and the group can be opened again."""
    return Action(
        actor=user(g),
        guard=[g.file == File.CLOSING, g.container == Container.NONE, no_device_fd(g)],
        update=[g.file.becomes(File.CLOSED)],
    )


@action(
    source=Source("vfio_unregister_group_dev", "drivers/vfio/vfio_main.c", "5.19", "device_lock")
)
def vfio_unregister_group_dev(d: Device) -> Action:
    """vfio's .remove waits until userspace has closed the device fd."""
    return Action(
        guard=[d.stage == Stage.REMOVE, d.driver == Driver.VFIO, ~d.fd],
        update=[d.stage.becomes(Stage.CLEANUP)],
    )


USER = (
    vfio_group_fops_open,
    set_container,
    set_container_eperm,
    set_iommu,
    get_device_fd,
    close_device_fd,
    close_group_fd,
    do_exit,
    unset_container,
    group_release,
    release_dma_owner,
    group_release_end,
)
UNREGISTER = (vfio_unregister_group_dev,)
