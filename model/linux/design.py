"""Designs: who claims ownership, when, and what differs from the neighbouring design."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from model.lang import Action, ActionTemplate, ModelError, System, did_you_mean
from model.linux.state import Device, Driver, Group, Stage

DRIVERS = (Driver.KERNEL, Driver.VFIO, Driver.STUB)


@dataclass(frozen=True)
class Size:
    """How many groups there are, and in each how many devices are fixed and hot-pluggable.

    A fixed device is there at boot. A hot-pluggable one may be there at boot or come later.
    Every device may be removed and come back. Raises ModelError for counts that make no sense.
    """

    devices: int = 1
    hotplug: int = 1
    groups: int = 1

    def __post_init__(self) -> None:
        for name in ("devices", "hotplug", "groups"):
            if getattr(self, name) < 0:
                raise ModelError(
                    f"--{name} is {getattr(self, name)}", "give a count of 0 or more", subject=""
                )
        if not self.groups or not self.devices + self.hotplug:
            raise ModelError(
                f"the size {self} has no device",
                "give at least one group and one device",
                subject="",
            )

    @property
    def short(self) -> str:
        """The counts for a file's name: devices, hot-pluggable ones, groups."""
        return f"{self.devices}-{self.hotplug}-{self.groups}"

    def __str__(self) -> str:
        parts = [f"{self.groups} groups of"] if self.groups > 1 else []
        parts.append(f"{self.devices} device{'s' * (self.devices != 1)}")
        if self.hotplug:
            parts.append(f"+ {self.hotplug} hot-plugged")
        return " ".join(parts)


@dataclass(frozen=True, eq=False)
class Design:
    """One answer to who owns a group's DMA.

    ``summary`` is one sentence, ``source`` the mail or commit it comes from, ``fate`` what became
    of it, ``like`` its neighbour and ``but`` how it differs. ``actions`` are in the order in which
    the kernel comes to them. ``device`` and ``group`` are what it keeps state in: a design that
    needs more of it brings a class with further fields, and the others do not pay for them.
    """

    name: str
    summary: str
    source: str
    fate: str
    actions: tuple[ActionTemplate[Action | None], ...]
    drivers: tuple[Driver, ...] = DRIVERS
    like: Design | None = None
    but: str = ""
    device: type[Device] = Device
    group: type[Group] = Group

    def variant(  # noqa: PLR0913  # what a design is told by, each by its name
        self,
        name: str,
        *,
        but: str,
        summary: str = "",
        source: str = "",
        fate: str = "",
        actions: Sequence[ActionTemplate[Action | None]] = (),
        without: Iterable[str] = (),
        drivers: tuple[Driver, ...] | None = None,
        device: type[Device] | None = None,
        group: type[Group] | None = None,
    ) -> Design:
        """A design like this one, ``but`` with a difference.

        An action of ``actions`` replaces the one of the same name; one with a new name goes right
        behind the one listed before it. ``without`` names actions that are left out. Raises
        ModelError for a name that this design lacks.
        """
        kept = list(self.actions)
        for gone in without:
            kept.remove(_named(gone, kept, self.name))
        place = 0
        for new in actions:
            if not isinstance(new, ActionTemplate):
                raise ModelError(
                    f"{new!r} is listed among the actions of {name}",
                    "list functions decorated with @action",
                    subject=f"design {name}",
                )
            names = [old.name for old in kept]
            if new.name in names:
                place = names.index(new.name)
                kept[place] = new
            else:
                kept.insert(place, new)
            place += 1
        return Design(
            name,
            summary or f"Like {self.name}, but {but}",
            source,
            fate,
            tuple(kept),
            drivers or self.drivers,
            self,
            but,
            device or self.device,
            group or self.group,
        )

    def system(self, size: Size) -> System:
        """The transition system for ``size``. Raises ModelError for a malformed action."""
        entities: list[Group | Device] = []
        number = 0
        for k in range(size.groups):
            group = self.group("group" if size.groups == 1 else f"group{k}")
            group.devices = []
            for j in range(size.devices + size.hotplug):
                hot = j >= size.devices
                start = {"stage": (Stage.IDLE, Stage.ABSENT)} if hot else {}
                device = self.device(f"dev{number}", dict(start))
                device.group = group
                group.devices.append(device)
                number += 1
            entities += [group, *group.devices]
        return System(self.name, entities, self.actions, {Driver: self.drivers})

    def differences(self) -> tuple[list[str], list[str], list[str]]:
        """The names of the actions this design has changed, added and left out of ``like``."""
        if self.like is None:
            return [], [], []
        old = {template.name: template for template in self.like.actions}
        new = {template.name: template for template in self.actions}
        changed = [name for name in new if name in old and new[name] is not old[name]]
        return changed, [n for n in new if n not in old], [n for n in old if n not in new]

    def __str__(self) -> str:
        return self.name


def _named(
    name: str, actions: list[ActionTemplate[Action | None]], design: str
) -> ActionTemplate[Action | None]:
    for template in actions:
        if template.name == name:
            return template
    raise ModelError(
        f"{design} has no action {name!r} to leave out",
        did_you_mean(name, [template.name for template in actions]),
    )
