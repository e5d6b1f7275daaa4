"""A driver that gives its own domain up takes the whole group off it, however many members."""

from __future__ import annotations

from model.designs.bugs import join_private_domain
from model.lang import Action, action
from model.linux import private_domain, vfio
from model.linux.private_domain import Private, PrivateDevice
from model.linux.state import Stage


@action(source=private_domain.iommu_detach_device.source)
def iommu_detach_device(d: PrivateDevice) -> Action:
    """.remove gives the domain up, and the group with all its members is the kernel's again."""
    members = [e for e in d.group.devices if isinstance(e, PrivateDevice)]
    return Action(
        guard=[d.attached, d.stage == Stage.REMOVE],
        update=[
            d.group.private.becomes(Private.NO),
            d.attached.becomes(False),
            *(e.private.becomes(False) for e in members),
        ],
    )


design = join_private_domain.design.variant(
    "detach_whole_group",
    but="detaching takes every member off the driver's own domain, instead of WARN_ON()",
    source="a question to iommu_detach_device(), which insists on a group of one device",
    fate="not known to be merged",
    actions=[iommu_detach_device, vfio.set_container],
    # No group is left behind on a freed domain, so no claim is refused for that.
    without=["iommu_detach_device_warn", "set_container_ebusy"],
)
