"""The state: devices and groups, and the words that claims and designs use of them."""

from __future__ import annotations

import enum

from model.lang import Entity, Expr, any_of, counter, field


class Stage(enum.Enum):
    """Where the thread stands that adds, probes, unbinds or removes a device.

    ``device_lock(dev)`` is free in ABSENT, ADDING, ADDED, IDLE and BOUND and held in all others.
    """

    ABSENT = "absent"
    """Not on the bus and in no group."""
    ADDING = "adding"
    """On the group's list; the second half of iommu_probe_device() comes next."""
    ADDED = "added"
    """In the group; the first match of a driver comes next. sysfs cannot bind it yet."""
    IDLE = "idle"
    """No driver."""
    CONFIGURE = "configure"
    """really_probe() has set dev->driver; the bus's dma_configure comes next."""
    CONFIGURED = "configured"
    """dma_configure has returned 0; BIND_DRIVER and the sysfs links come next."""
    PROBE_ENTRY = "probe-entry"
    """Inside .probe, before the ownership call that a design puts at its start."""
    PROBE = "probe"
    """Inside .probe."""
    PROBED = "probed"
    """.probe has returned 0; dev_groups and driver_bound() come next."""
    BOUND = "bound"
    """Bound."""
    REMOVE = "remove"
    """Inside .remove."""
    CLEANUP = "cleanup"
    """The bus's dma_cleanup comes next."""
    DEVRES = "devres"
    """device_unbind_cleanup() comes next; dev->driver is still set."""
    RETURN = "return"
    """A failed really_probe() has unwound and is about to return."""
    OOPS = "oops"
    """BUG_ON() has killed the thread, with device_lock held."""


class Driver(enum.Enum):
    """The driver that dev->driver points to, by how it treats DMA."""

    NONE = "none"
    KERNEL = "e1000e"
    """A kernel-DMA driver: any ordinary one."""
    CONVERTED = "e1000e-converted"
    """A kernel-DMA driver whose own .probe makes the ownership call."""
    VFIO = "vfio-pci"
    """A driver that hands the device to userspace."""
    STUB = "pci-stub"
    """A driver that does no DMA and touches no MMIO; pcieport counts as one."""


KERNEL_DMA = (Driver.KERNEL, Driver.CONVERTED)


class Ret(enum.Enum):
    """What a really_probe() that is under way would return now."""

    NONE = "none"
    """No probe is under way; an unbind is none."""
    OK = "0"
    EBUSY = "-EBUSY"
    EPROBE_DEFER = "-EPROBE_DEFER"
    EIO = "-EIO"
    """Any other error of .probe or of the steps around it."""


ERRORS = (Ret.EBUSY, Ret.EPROBE_DEFER, Ret.EIO)


class Domain(enum.Enum):
    """The iommu_domain that a device or a group is attached to."""

    NONE = "none"
    """None: NULL, or translation state that nobody defined."""
    DEFAULT = "default"
    """The kernel's: group->default_domain."""
    BLOCKING = "blocking"
    """Discards all DMA."""
    USER = "user"
    """The container's."""


class Owner(enum.Enum):
    """group->owner: NULL, or the pointer that vfio passed."""

    NULL = "NULL"
    VFIO = "vfio"


class File(enum.Enum):
    """The group's file, /dev/vfio/N."""

    CLOSED = "closed"
    OPEN = "open"
    """Userspace holds the group fd."""
    CLOSING = "closing"
    """Userspace has closed the group fd; the file lives until no device fd holds it."""


class Container(enum.Enum):
    """The container of a vfio group, seen from the group."""

    NONE = "none"
    SET = "set"
    """SET_CONTAINER is done: userspace owns the group."""
    IOMMU = "iommu"
    """SET_IOMMU is done as well: the group is attached to the container's domain."""
    UNSETTING = "unsetting"
    """Detached from the container's domain; the release of ownership comes next."""


class Group(Entity):
    """One IOMMU group and the vfio group that stands for it."""

    owner = field(Owner, Owner.NULL, "iommu_group.owner")
    owner_cnt = counter(0, lambda g: len(g.devices) + 1, 0, "iommu_group.owner_cnt")
    domain = field(Domain, Domain.DEFAULT, "iommu_group.domain")
    file = field(File, File.CLOSED, "vfio_group.opened_file")
    container = field(Container, Container.NONE, "vfio_group.container")
    underflow = field(bool, False, "unuse ran with owner_cnt 0: WARN_ON in the kernel")
    theft = field(bool, False, "unuse took back a claim that this device did not hold; unseen")

    devices: list[Device]


class Device(Entity):
    """One device that may be a member of its group."""

    stage = field(Stage, Stage.IDLE, "where the thread that holds device_lock stands")
    driver = field(Driver, Driver.NONE, "device.driver")
    ret = field(Ret, Ret.NONE, "really_probe()'s pending return value")
    dead = field(bool, False, "device_private.dead: device_del() has begun")
    claim = field(bool, False, "the driver core or the driver holds one of owner_cnt's counts")
    domain = field(Domain, Domain.DEFAULT, "the domain the device is attached to")
    fd = field(bool, False, "userspace holds the vfio device fd")

    group: Group


def owned_by_user(g: Group) -> Expr[bool]:
    """SET_CONTAINER has succeeded and is not undone: userspace was told the group is its own."""
    return g.container != Container.NONE


def runs_kernel_dma(d: Device) -> Expr[bool]:
    """A kernel-DMA driver is in .probe, bound, or in .remove."""
    active = (Stage.PROBE_ENTRY, Stage.PROBE, Stage.PROBED, Stage.BOUND, Stage.REMOVE)
    return d.driver.is_in(*KERNEL_DMA) & d.stage.is_in(*active)


def is_member(d: Device) -> Expr[bool]:
    """The device is on its group's list."""
    return d.stage != Stage.ABSENT


def device_lock_is_free(d: Device) -> Expr[bool]:
    """Nobody holds device_lock(dev)."""
    return d.stage.is_in(Stage.ABSENT, Stage.ADDING, Stage.ADDED, Stage.IDLE, Stage.BOUND)


def is_vfio_registered(d: Device) -> Expr[bool]:
    """The device is on its vfio group's device_list."""
    return (d.driver == Driver.VFIO) & d.stage.is_in(Stage.PROBED, Stage.BOUND, Stage.REMOVE)


def no_device_fd(g: Group) -> Expr[bool]:
    """No device fd holds the group's file."""
    return ~any_of(d.fd for d in g.devices)


def user(g: Group) -> str:
    """The actor that system calls of the vfio user are drawn under."""
    return "user" if g.name == "group" else f"user-{g.name}"
