"""The moves of a script: how they are written, and which actions of a design they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from model.lang import Location, ModelError, did_you_mean
from model.linux.iommufd import Context
from model.linux.state import Driver, Stage

T = TypeVar("T")

DRIVERS = {driver.value: driver for driver in Driver if driver is not Driver.NONE}
CONTEXTS = {context.value: context for context in Context if context is not Context.NONE}
AT_REST = (Stage.ABSENT, Stage.IDLE, Stage.BOUND)
STAGES = {stage.value: stage for stage in Stage if stage not in (*AT_REST, Stage.OOPS)}

ADMIN = {
    "bind": ("bind DRIVER to DEVICE", r"(?P<driver>\S+) to (?P<role>\S+)"),
    "unbind": ("unbind DEVICE", r"(?P<role>\S+)"),
    "hot-add": (
        "hot-add DEVICE, or hot-add DEVICE matching DRIVER",
        r"(?P<role>\S+)(?: matching (?P<driver>\S+))?",
    ),
    "remove": ("remove DEVICE", r"(?P<role>\S+)"),
    "continue": ("continue DEVICE", r"(?P<role>\S+)"),
    "write_type": ("write_type", ""),
    "begin_reset": ("begin_reset DEVICE", r"(?P<role>\S+)"),
    "end_reset": ("end_reset DEVICE", r"(?P<role>\S+)"),
}
USER = {
    "open": ("open", ""),
    "set_container": ("set_container", ""),
    "set_iommu": ("set_iommu", ""),
    "get_device_fd": ("get_device_fd DEVICE", r"(?P<role>\S+)"),
    "close_device_fd": ("close_device_fd DEVICE", r"(?P<role>\S+)"),
    "close_group_fd": ("close_group_fd", ""),
    "unset_container": ("unset_container", ""),
    "exit": ("exit", ""),
    "get_status": ("get_status", ""),
    "bind_iommufd": (
        "bind_iommufd DEVICE for context CONTEXT",
        r"(?P<role>\S+) for context (?P<context>\S+)",
    ),
    "attach_iommufd": ("attach_iommufd DEVICE", r"(?P<role>\S+)"),
    "detach_iommufd": ("detach_iommufd DEVICE", r"(?P<role>\S+)"),
    "close_iommufd": ("close_iommufd DEVICE", r"(?P<role>\S+)"),
}
VERBS = ADMIN | USER

FAMILIES: dict[str, tuple[str, ...]] = {
    "bind": ("bind_store",),
    "unbind": ("device_release_driver",),
    "hot-add": ("bus_add_device", "iommu_probe_device", "iommu_group_alloc"),
    "remove": ("device_del",),
    "open": ("vfio_group_fops_open",),
    "exit": ("do_exit",),
    "write_type": ("iommu_group_store_type",),
    "begin_reset": ("pci_dev_reset_iommu_prepare",),
    "end_reset": ("pci_dev_reset_iommu_done",),
    "bind_iommufd": ("bind_iommufd",),
    "attach_iommufd": ("attach_iommufd_pt",),
    "detach_iommufd": ("detach_iommufd_pt",),
    "close_iommufd": ("vfio_df_iommufd_unbind",),
    **{
        verb: (verb,)
        for verb in (
            "set_container",
            "set_iommu",
            "get_device_fd",
            "close_device_fd",
            "close_group_fd",
            "unset_container",
        )
    },
}
"""The C functions a move enters the kernel by; an outcome of theirs has the name and a suffix."""

NO_OUTCOMES = ("hot-add",)
"""Moves that always begin alike: what is named like an outcome is a step of the kernel's own."""

FATES: dict[str, dict[str, str]] = {
    "probe": {"succeeds": "", "fails": "probe_fail", "defers": "probe_defer"},
    "firmware": {"ready": "", "defers": "dma_configure_defer"},
    "links": {"succeed": "", "fail": "driver_sysfs_add_fail"},
    "attributes": {"succeed": "", "fail": "device_add_groups_fail"},
}
"""What may go wrong on the way, by the option that says so, and the action that is then taken."""

OPTIONS = ("move", "until", "take", *FATES)


@dataclass(frozen=True)
class Move:
    """One move. ``until`` is the stage where its thread is held, ``fates`` are actions to take.

    ``take`` names the outcome that is meant where the hardware has several to choose from.
    """

    verb: str
    where: Location
    role: str = ""
    driver: Driver | None = None
    context: Context | None = None
    until: Stage | None = None
    take: str = ""
    fates: frozenset[str] = field(default_factory=frozenset)

    def __str__(self) -> str:
        if self.verb == "bind" and self.driver:
            return f"bind {self.driver.value} to {self.role}"
        if self.context:
            return f"{self.verb} {self.role} for context {self.context.value}"
        matching = f" matching {self.driver.value}" if self.driver else ""
        return f"{self.verb} {self.role}".rstrip() + matching

    @property
    def values(self) -> tuple[Driver | Context, ...]:
        """What the action that enters the kernel is grounded with beside its device, if told."""
        if self.verb == "bind" and self.driver:
            return (self.driver,)
        return (self.context,) if self.context else ()


def belongs(action: str, verb: str) -> bool:
    """Whether an action of this name is what ``verb`` does, in one of its outcomes."""
    return any(
        action == name or (verb not in NO_OUTCOMES and action.startswith(f"{name}_"))
        for name in FAMILIES.get(verb, ())
    )


UNSPOKEN = ("drivers_autoprobe_store",)
"""Wishes of an admin's, in some designs, for which scripts have no verb."""

FOUND_LATE = ("bus_iommu_probe", "iommu_setup_default_domain")
"""How an IOMMU is found for devices that are there, before a script begins or after it ends."""


def is_move(action: str) -> bool:
    """Whether an action of this name is somebody's wish, which the kernel never takes by itself."""
    return action in UNSPOKEN + FOUND_LATE or any(belongs(action, verb) for verb in FAMILIES)


def read_move(options: Mapping[str, tuple[str, Location]], where: Location) -> Move:
    """The move that ``options`` write down. Raises ModelError for what it cannot understand."""
    for option, (_, place) in options.items():
        if option not in OPTIONS:
            raise _mistake(f"a move has no {option!r}", did_you_mean(option, OPTIONS), place)
    if "move" not in options:
        raise _mistake("a move says nothing of what is done", "write `move: ...` in it", where)
    text, _ = options["move"]
    verb, _, rest = text.partition(" ")
    if verb not in VERBS:
        raise _mistake(f"there is no move {verb!r}", did_you_mean(verb, VERBS), where)
    form, pattern = VERBS[verb]
    match = re.fullmatch(pattern, " ".join(rest.split()))
    if match is None:
        raise _mistake(f"{text!r} cannot be read", f"write it as: {form}", where)
    named = match.groupdict()
    return Move(
        verb,
        where,
        role=named.get("role") or "",
        driver=_one_of(DRIVERS, "driver", (named["driver"], where))
        if named.get("driver")
        else None,
        context=_one_of(CONTEXTS, "context", (named["context"], where))
        if named.get("context")
        else None,
        until=_one_of(STAGES, "stage", options["until"]) if "until" in options else None,
        take=options.get("take", ("", where))[0],
        fates=frozenset(
            _one_of(fates, f"fate of {option}", options[option])
            for option, fates in FATES.items()
            if option in options
        )
        - {""},
    )


def _one_of(known: Mapping[str, T], what: str, said: tuple[str, Location]) -> T:
    text, where = said
    if text not in known:
        raise _mistake(f"there is no {what} {text!r}", did_you_mean(text, known), where)
    return known[text]


def _mistake(wrong: str, instead: str, where: Location) -> ModelError:
    return ModelError(wrong, instead, where=where, subject="")
