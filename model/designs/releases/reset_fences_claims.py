"""7.3: all of the releases before; a reset holds up whoever claims, and autoprobe can be off."""

from __future__ import annotations

from model.designs.bugs import autoprobe_off_ignored, autoprobe_off_respected
from model.designs.releases import (
    claim_per_device,
    defer_until_default_domain,
    reset_lets_release_pass,
    unwind_failed_attach,
    unwind_failed_switch,
)
from model.designs.releases.defer_until_default_domain import ReadyDevice, ReadyGroup
from model.designs.releases.reset_lets_release_pass import reset
from model.lang import Action, Expr, action
from model.linux import attach
from model.linux.attach import FailingGroup
from model.linux.autoprobe import SwitchedDevice, SwitchedGroup
from model.linux.iommufd import Context
from model.linux.reset import ResetDevice, in_reset
from model.linux.state import Container, Device, Group


class FencedGroup(ReadyGroup, SwitchedGroup):
    """A group on a bus whose autoprobe may be off."""


class FencedDevice(ReadyDevice, ResetDevice, SwitchedDevice):
    """A member of such a group that may be reset."""

    group: FencedGroup


def _unless(fence: Expr[bool], plain: Action | None) -> Action | None:
    return plain and Action([*plain.guard, ~fence], plain.update, plain.actor)


def _busy(fence: Expr[bool], plain: Action | None) -> Action | None:
    return plain and Action([*plain.guard, fence], [], plain.actor)


def _claims(g: Group) -> Expr[bool]:
    """A context's claim would be the first, and some member is being reset."""
    return (g.owner_cnt == 0) & in_reset(g)


def _attaches(g: Group) -> Expr[bool]:
    """Attaching would take the group to another domain, and some member is being reset."""
    return (g.container != Container.IOMMU) & in_reset(g)


@action(source=reset("iommu_group_claim_dma_owner"), label="ioctl(SET_CONTAINER)")
def set_container(g: FailingGroup) -> Action | None:
    """SET_CONTAINER claims the group while nobody is reset."""
    return _unless(in_reset(g), attach.set_container(g))


@action(
    source=unwind_failed_switch.set_container_fails.source, label="ioctl(SET_CONTAINER) = -EINVAL"
)
def set_container_fails(d: Device) -> Action | None:
    """The claim fails at its last member, with nobody being reset; the others return."""
    return _unless(in_reset(d.group), unwind_failed_switch.set_container_fails(d))


@action(source=reset("iommu_attach_group"), label="ioctl(SET_IOMMU)")
def set_iommu(g: FailingGroup) -> Action | None:
    """SET_IOMMU attaches the group while nobody is reset."""
    return _unless(in_reset(g), attach.set_iommu(g))


@action(source=unwind_failed_attach.set_iommu_fails.source, label="ioctl(SET_IOMMU) = -EINVAL")
def set_iommu_fails(d: Device) -> Action | None:
    """SET_IOMMU fails at its last member, with nobody being reset; the others return."""
    return _unless(in_reset(d.group), unwind_failed_attach.set_iommu_fails(d))


@action(source=claim_per_device.bind_iommufd.source, label="ioctl(BIND_IOMMUFD)")
def bind_iommufd(d: FencedDevice, ctx: Context) -> Action | None:
    """A first claim needs a group in which nobody is reset; a further one switches no domain."""
    return _unless(_claims(d.group), defer_until_default_domain.bind_iommufd(d, ctx))


@action(
    source=reset("iommu_device_claim_dma_owner", "-EBUSY"), label="ioctl(BIND_IOMMUFD) = -EBUSY"
)
def bind_iommufd_ebusy(d: FencedDevice, ctx: Context) -> Action | None:
    """A member is being reset."""
    return _busy(_claims(d.group), defer_until_default_domain.bind_iommufd(d, ctx))


@action(source=claim_per_device.attach_iommufd_pt.source, label="ioctl(ATTACH_IOMMUFD_PT)")
def attach_iommufd_pt(d: FencedDevice, ctx: Context) -> Action | None:
    """The first device that is attached switches the group, with nobody being reset."""
    return _unless(_attaches(d.group), claim_per_device.attach_iommufd_pt(d, ctx))


@action(
    source=reset("iommu_attach_group_handle", "-EBUSY"), label="ioctl(ATTACH_IOMMUFD_PT) = -EBUSY"
)
def attach_iommufd_pt_ebusy(d: FencedDevice, ctx: Context) -> Action | None:
    """A member is being reset."""
    return _busy(_attaches(d.group), claim_per_device.attach_iommufd_pt(d, ctx))


@action(source=defer_until_default_domain.iommu_group_store_type.source)
def iommu_group_store_type(g: FencedGroup) -> Action | None:
    """The default domain is replaced while nobody claims and nobody is reset."""
    return _unless(in_reset(g), defer_until_default_domain.iommu_group_store_type(g))


@action(source=reset("iommu_group_store_type", "-EBUSY"))
def iommu_group_store_type_ebusy(g: FencedGroup) -> Action | None:
    """A member is being reset."""
    return _busy(in_reset(g), defer_until_default_domain.iommu_group_store_type(g))


design = defer_until_default_domain.design.variant(
    "reset_fences_claims",
    but="a member may be reset, which holds up claims and not releases, and autoprobe may be off",
    summary="A reset holds up claims and lets releases pass; the newest release that was read",
    source="5474e6e17a26, b296ca1fb43a and ea34511aaf75; facts B24 and B25",
    fate="in 7.3.4",
    actions=[
        autoprobe_off_ignored.drivers_autoprobe_store,
        reset_lets_release_pass.bind_store,
        autoprobe_off_respected.device_initial_probe,
        autoprobe_off_respected.device_initial_probe_off,
        reset_lets_release_pass.device_release_driver,
        reset_lets_release_pass.device_del,
        reset_lets_release_pass.pci_dev_reset_iommu_prepare,
        reset_lets_release_pass.pci_dev_reset_iommu_done,
        set_container,
        reset_lets_release_pass.set_container_ebusy,
        set_container_fails,
        set_iommu,
        reset_lets_release_pass.set_iommu_ebusy,
        set_iommu_fails,
        bind_iommufd,
        bind_iommufd_ebusy,
        attach_iommufd_pt,
        attach_iommufd_pt_ebusy,
        iommu_group_store_type,
        iommu_group_store_type_ebusy,
    ],
    device=FencedDevice,
    group=FencedGroup,
)
