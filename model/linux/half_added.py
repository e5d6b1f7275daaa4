"""A device that its bus already shows and no IOMMU group has yet.

On buses other than PCI a driver can find a device from bus_add_device() on; it joins its group a
little later in device_add(). This way of being added takes the place of the one in which nothing
can happen to the device before it has joined. One simplification: a sibling is in the group all
the while.

To which group a device belongs is a matter of the hardware: what userspace and a kernel driver do
to each other there does not wait until the kernel has the device on its list.
"""

from __future__ import annotations

from model.lang import Action, Expr, Source, Update, action, all_of, any_of, field, ite
from model.linux import hotplug, vfio
from model.linux.state import Device, Domain, Driver, Group, Stage, is_member

IOMMU = "drivers/iommu/iommu.c"


class HalfAddedDevice(Device):
    """A device that may be on its bus before it is in its group."""

    half_added = field(bool, False, "on its bus, and in no group yet")


def siblings(d: Device) -> list[HalfAddedDevice]:
    """The other devices that are, or may come to be, in this one's group."""
    return [e for e in d.group.devices if e is not d and isinstance(e, HalfAddedDevice)]


@action(source=Source("bus_add_device", "drivers/base/bus.c", "6.1.192"))
def bus_add_device(d: HalfAddedDevice) -> Action | None:
    """device_add() shows the device to its bus: drivers can find it from here on."""
    if not siblings(d):
        return None
    stays = any_of(is_member(e) & ~e.half_added & ~e.dead for e in siblings(d))
    # Until it joins, what the device's DMA does is defined by nobody.
    return Action(
        guard=[d.stage == Stage.ABSENT, stays],
        update=[
            d.stage.becomes(Stage.IDLE),
            d.half_added.becomes(True),
            d.domain.becomes(Domain.NONE),
        ],
    )


def join(d: HalfAddedDevice) -> list[Update]:
    """The device joins its group and goes to the group's domain, bound or not."""
    return [
        d.half_added.becomes(False),
        d.domain.becomes(ite(d.half_added, d.group.domain, d.domain)),
    ]


@action(source=Source("iommu_probe_device", IOMMU, "6.12.117", "group->mutex"))
def iommu_probe_device(d: HalfAddedDevice) -> Action | None:
    """BUS_NOTIFY_ADD_DEVICE: the device joins its group, whoever may have found it meanwhile."""
    if not siblings(d):
        return None
    # A device that nobody has found yet is now offered to the drivers.
    found = ite(d.stage == Stage.IDLE, Stage.ADDED, d.stage)
    return Action(guard=[d.half_added], update=[d.stage.becomes(found), *join(d)])


@action(source=hotplug.device_del.source)
def device_del(d: HalfAddedDevice) -> Action:
    """Removal begins, of a device that was added to the end, and whose siblings were."""
    plain = hotplug.device_del(d)
    return Action([*plain.guard, ~d.half_added, nobody_joins(d)], plain.update)


def nobody_joins(d: Device) -> Expr[bool]:
    """No sibling is on its way into the group."""
    return all_of(~e.half_added for e in siblings(d))


def _listed(g: Group, plain: Action) -> Action:
    """``plain``, whose switch of domains reaches only devices on the group's list."""
    waiting = {d.domain.name: d.half_added for d in g.devices if isinstance(d, HalfAddedDevice)}
    return Action(
        plain.guard,
        [
            u.variable.becomes(ite(waiting[u.variable.name], u.variable, u.value))
            if u.variable.name in waiting
            else u
            for u in plain.update
        ],
        plain.actor,
    )


@action(source=vfio.set_container.source, label="ioctl(SET_CONTAINER)")
def set_container(g: Group) -> Action:
    """SET_CONTAINER claims the group; a half-added device is not on its list."""
    return _listed(g, vfio.set_container(g))


@action(source=vfio.set_iommu.source, label="ioctl(SET_IOMMU)")
def set_iommu(g: Group) -> Action:
    """SET_IOMMU attaches the group's members, and no half-added device."""
    return _listed(g, vfio.set_iommu(g))


@action(source=vfio.unset_container.source, label="ioctl(UNSET_CONTAINER)")
def unset_container(g: Group) -> Action:
    """UNSET_CONTAINER: the group's members leave the container's domain."""
    return _listed(g, vfio.unset_container(g))


@action(source=vfio.group_release.source, label="vfio_group_fops_release()")
def group_release(g: Group) -> Action:
    """The last fd is gone: the group's members leave the container's domain."""
    return _listed(g, vfio.group_release(g))


@action(source=vfio.release_dma_owner.source)
def release_dma_owner(g: Group) -> Action:
    """The claim is given back and the group's members return to the kernel's domain."""
    return _listed(g, vfio.release_dma_owner(g))


ADD = (bus_add_device, iommu_probe_device)
SWITCH = (set_container, set_iommu, unset_container, group_release, release_dma_owner)


# From 6.15 on the IOMMU probe of such a device calls the bus's dma_configure as well.

PROBE = Source("iommu_init_device", IOMMU, "7.3.4")
SECOND = Source("platform_dma_configure", "drivers/base/platform.c", "7.3.4", "group->mutex")


class TwiceCountedGroup(Group):
    """A group in which a driver may be counted twice once: more of it would show nothing new."""

    twice = field(bool, False, "some driver was counted twice")


class TwiceConfiguredDevice(HalfAddedDevice):
    """A device that its IOMMU probes without device_lock."""

    group: TwiceCountedGroup
    entered = field(bool, False, "iommu_init_device() is past its test of dev->driver")


@action(source=PROBE, label="iommu_init_device(): no driver yet")
def iommu_init_device(d: TwiceConfiguredDevice) -> Action | None:
    """The device has no group, and dev->driver is NULL when it is read without device_lock."""
    if not siblings(d):
        return None
    return Action(
        actor="iommu",
        guard=[d.half_added, d.driver == Driver.NONE, ~d.entered],
        update=[d.entered.becomes(True)],
    )


def returned(d: TwiceConfiguredDevice, *guard: Expr[bool]) -> Action | None:
    """The IOMMU probe goes on: the device joins, unless another thread has seen to it."""
    if not siblings(d):
        return None
    found = ite(d.half_added & (d.stage == Stage.IDLE), Stage.ADDED, d.stage)
    return Action(
        actor="iommu",
        guard=[d.entered, *guard],
        update=[d.entered.becomes(False), d.stage.becomes(found), *join(d)],
    )
