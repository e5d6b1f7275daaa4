"""How IOMMU drivers attach the members of a group, one by one, and what they may fail to do."""

from __future__ import annotations

from typing import cast

from model.lang import Action, Expr, Source, Update, Value, action, any_of, field, ite
from model.linux import vfio
from model.linux.lifetime import DisassociatedGroup
from model.linux.state import Device, Domain, Group, is_member, user


class DetachGroup(Group):
    """A group behind an IOMMU driver that may or may not have the optional detach_dev."""

    detach_dev = field(bool, True, "iommu_ops.detach_dev is there")

    def __init__(
        self, name: str, start: dict[str, Value | tuple[Value, ...]] | None = None
    ) -> None:
        super().__init__(name, {"detach_dev": (True, False), **(start or {})})


class FailingGroup(DisassociatedGroup):
    """A group in which attaching a member to another domain may fail."""

    failed = field(bool, False, "the last switch for userspace failed; its errno was returned")


def core(function: str, version: str, errno: str) -> Source:
    """A citation of the IOMMU core where it attaches the members of a group."""
    lock = "vfio_group.group_lock, group->mutex"
    return Source(function, "drivers/iommu/iommu.c", version, lock, errno)


def failing_group(d: Device) -> FailingGroup:
    """The group of a device. A design lists one in which attaching may fail."""
    return cast("FailingGroup", d.group)


def detach(g: DetachGroup) -> list[Update]:
    """__iommu_detach_group(): the group has no domain; members lose theirs through detach_dev."""
    gone = [
        d.domain.becomes(ite(is_member(d) & g.detach_dev, Domain.NONE, d.domain)) for d in g.devices
    ]
    return [g.domain.becomes(Domain.NONE), *gone]


def fails_last(d: Device, plain: Action, reached: Domain | None) -> Action | None:
    """``plain``, where attaching ``d`` fails after all other members were attached.

    They stay on ``reached``; None means that they are put back to where they came from. With the
    first attach failing nothing has happened, so there is no step for it.
    """
    g = failing_group(d)
    others = [e for e in g.devices if e is not d]
    if not others:
        return None
    stay = [e.domain.becomes(ite(is_member(e), reached, e.domain)) for e in others if reached]
    return Action(
        actor=user(g),
        guard=[*plain.guard, is_member(d), any_of(is_member(e) for e in others)],
        update=[g.failed.becomes(True), *stay],
    )


def release_fails_last(d: Device, plain: Action, domain: Expr[Domain] | Domain) -> Action:
    """``plain``, a release of ownership, where only attaching ``d`` to its own domain fails.

    The ownership is gone nevertheless, and the group says that it is on ``domain``.
    """
    g = d.group
    rest = [u for u in plain.update if u.variable is not d.domain and u.variable is not g.domain]
    return Action([*plain.guard, is_member(d)], [*rest, g.domain.becomes(domain)], plain.actor)


@action(source=vfio.vfio("vfio_container_attach_group"), label="ioctl(SET_CONTAINER)")
def set_container(g: FailingGroup) -> Action:
    """SET_CONTAINER claims the group; every member goes to the blocking domain."""
    plain = vfio.set_container(g)
    return Action(plain.guard, [*plain.update, g.failed.becomes(False)], plain.actor)


@action(source=vfio.vfio("vfio_ioctl_set_iommu"), label="ioctl(SET_IOMMU)")
def set_iommu(g: FailingGroup) -> Action:
    """SET_IOMMU attaches every member to the container's domain."""
    plain = vfio.set_iommu(g)
    return Action(plain.guard, [*plain.update, g.failed.becomes(False)], plain.actor)
