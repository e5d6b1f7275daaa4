"""iommu_device_register(): the groups are there before their default domains are.

Until its default domain is set up a group has no domain at all, and neither have its members.
"""

from __future__ import annotations

from model.lang import Action, Expr, Source, action, all_of, field, ite
from model.linux import hotplug, iommu
from model.linux.state import Device, Domain, Group, Owner

IOMMU = "drivers/iommu/iommu.c"
VERSION = "6.12.117"


class LateGroup(Group):
    """A group whose IOMMU is being registered."""

    domain = field(Domain, Domain.NONE, "iommu_group.domain")
    default_domain = field(bool, False, "iommu_group.default_domain is not NULL")


class LateDevice(Device):
    """A member of such a group."""

    domain = field(Domain, Domain.NONE, "the domain the device is attached to")

    group: LateGroup


def has_default_domain(g: Group) -> Expr[bool]:
    """The group has its default domain, as any has whose IOMMU is not being registered."""
    return g.default_domain if isinstance(g, LateGroup) else all_of([])


def use_refused(g: LateGroup) -> Expr[bool]:
    """iommu_device_use_default_domain() = -EBUSY: NULL is the default domain while it is NULL."""
    default = ite(g.default_domain, Domain.DEFAULT, Domain.NONE)
    return (g.owner_cnt > 0) & ((g.owner != Owner.NULL) | (g.domain != default))


@action(source=Source("iommu_setup_default_domain", IOMMU, VERSION, "group->mutex"))
def iommu_setup_default_domain(g: LateGroup) -> Action:
    """bus_iommu_probe() comes to the group: every member goes to the new default domain."""
    return Action(
        actor="iommu" if g.name == "group" else f"iommu-{g.name}",
        guard=[~g.default_domain],
        update=[g.default_domain.becomes(True), *iommu.switch(g, Domain.DEFAULT)],
    )


@action(source=Source("iommu_group_alloc", IOMMU, VERSION))
def iommu_group_alloc(d: LateDevice) -> Action:
    """A hot-added device's new group gets its default domain at once."""
    plain = hotplug.iommu_group_alloc(d)
    g = d.group
    return Action(
        plain.guard,
        [*plain.update, g.default_domain.becomes(True), g.domain.becomes(Domain.DEFAULT)],
    )


@action(
    source=Source("iommu_probe_device", IOMMU, VERSION, "group->mutex"),
    label="iommu_probe_device() ends",
)
def iommu_probe_device_end(d: LateDevice) -> Action:
    """A hot-added device is where its group is, be that nowhere yet."""
    plain = hotplug.iommu_probe_device_end(d)
    return Action(plain.guard, [plain.update[0], d.domain.becomes(d.group.domain)])


def leave(d: LateDevice, plain: Action) -> Action:
    """``plain``, with which the device leaves its group as if it had never been there."""
    # An absent device's domain says nothing; it is kept at its initial value.
    others = [update for update in plain.update if update.variable is not d.domain]
    return Action(plain.guard, [*others, d.domain.becomes(Domain.NONE)])


@action(source=hotplug.iommu_release_device.source)
def iommu_release_device(d: LateDevice) -> Action:
    """BUS_NOTIFY_REMOVED_DEVICE: the device leaves its group."""
    return leave(d, hotplug.iommu_release_device(d))
