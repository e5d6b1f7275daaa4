"""Groups that firmware configuration creates: a device may meet its driver before its group.

On ACPI and device-tree systems the IOMMU driver may pass over a device when it is added. It then
finds it inside of_dma_configure() or acpi_dma_configure(), which dma_configure calls, and only
there the device joins its group. A design with late groups has ``LateDevice`` for its device.
"""

from __future__ import annotations

import functools
from dataclasses import replace

from model.lang import (
    Action,
    ActionTemplate,
    Expr,
    Source,
    Update,
    action,
    all_of,
    any_of,
    field,
    ite,
)
from model.linux import hotplug, vfio
from model.linux.state import Device, Domain, File, Group, Owner, Stage, is_member

_IOMMU = "drivers/iommu/iommu.c"
_REPLAY = "drivers/of/device.c"


class LateDevice(Device):
    """A device that its IOMMU driver may come to know only in dma_configure."""

    # Nobody has defined how a device without a group translates.
    domain = field(Domain, Domain.NONE, "the domain the device is attached to")
    in_group = field(bool, False, "dev->iommu_group is set")


def joined(d: Device) -> Expr[bool]:
    """The device is there and has joined its group."""
    return is_member(d) & d.in_group if isinstance(d, LateDevice) else is_member(d)


def join(d: LateDevice) -> list[Update]:
    """The device joins its group, and the domain that the group is on, unless it has done so."""
    g = d.group
    theirs = ite(g.owner == Owner.NULL, Domain.DEFAULT, g.domain)
    return [d.in_group.becomes(True), d.domain.becomes(ite(d.in_group, d.domain, theirs))]


def members_only(template: ActionTemplate[Action]) -> ActionTemplate[Action]:
    """The same call on a group, whose change of domain reaches only devices that have joined."""

    @functools.wraps(template.function)
    def reaching_members(g: Group) -> Action:
        plain = template(g)
        late = {id(d.domain): d for d in g.devices if isinstance(d, LateDevice)}
        return Action(
            plain.guard,
            [
                u.variable.becomes(ite(d.in_group, u.value, d.domain))
                if (d := late.get(id(u.variable)))
                else u
                for u in plain.update
            ],
            plain.actor,
        )

    return replace(template, function=reaching_members)


@action(source=hotplug.iommu_probe_device.source)
def iommu_probe_device(d: LateDevice) -> Action | None:
    """BUS_NOTIFY_ADD_DEVICE: the IOMMU driver knows the device, which joins its siblings' group."""
    plain = hotplug.iommu_probe_device(d)
    siblings = [joined(e) for e in d.group.devices if e is not d]
    return plain and Action(
        [d.stage == Stage.ABSENT, any_of(siblings)], [*plain.update, d.in_group.becomes(True)]
    )


@action(
    source=Source("iommu_probe_device", _IOMMU, "6.1.192", "", "-ENODEV"),
)
def iommu_probe_device_enodev(d: LateDevice) -> Action:
    """BUS_NOTIFY_ADD_DEVICE: the IOMMU driver passes over the device, which is in no group."""
    return Action(guard=[d.stage == Stage.ABSENT], update=[d.stage.becomes(Stage.ADDED)])


@action(source=hotplug.iommu_group_alloc.source)
def iommu_group_alloc(d: LateDevice) -> Action:
    """BUS_NOTIFY_ADD_DEVICE: the IOMMU driver knows the device; no other is in its group."""
    others = [~joined(e) for e in d.group.devices if e is not d]
    return Action(
        [d.stage == Stage.ABSENT, all_of(others), d.group.file == File.CLOSED],
        [*hotplug.iommu_group_alloc(d).update, d.in_group.becomes(True)],
    )


@action(source=Source("bus_iommu_probe", _IOMMU, "6.1.192", "group->mutex"))
def bus_iommu_probe(d: LateDevice) -> Action:
    """The IOMMU driver is registered and finds a device that has no driver yet."""
    return Action([d.stage == Stage.IDLE, ~d.dead, ~d.in_group], join(d))


@action(source=Source("of_dma_configure", _REPLAY, "6.1.192", "device_lock, group->mutex"))
def of_dma_configure(d: LateDevice) -> Action:
    """Firmware's part of dma_configure: the device joins its group; the claim comes after it."""
    return Action([d.stage == Stage.CONFIGURE, ~d.in_group], join(d))


@action(source=hotplug.iommu_release_device.source)
def iommu_release_device(d: LateDevice) -> Action:
    """BUS_NOTIFY_REMOVED_DEVICE: the device leaves its group, if it had joined one."""
    # An absent device's domain says nothing; it is kept at its initial value.
    return Action(
        [d.stage == Stage.IDLE, d.dead],
        [
            d.stage.becomes(Stage.ABSENT),
            d.dead.becomes(False),
            d.in_group.becomes(False),
            d.domain.becomes(Domain.NONE),
        ],
    )


set_iommu = members_only(vfio.set_iommu)
release_dma_owner = members_only(vfio.release_dma_owner)

ADD = (iommu_probe_device, iommu_probe_device_enodev, iommu_group_alloc, bus_iommu_probe)
REMOVE = (iommu_release_device,)
USER = (set_iommu, release_dma_owner)
