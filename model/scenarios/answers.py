"""What the kernel answers where the model has no step, because nothing changes.

"System calls that fail and undo everything they did are no step", says docs/model.md; a script
asks for them all the same. The errnos are those of 6.1.192.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from model.lang import Expr, ModelError, Var
from model.linux.state import Container, Device, File, Group, Stage, is_vfio_registered
from model.scenarios.moves import AT_REST, Move

WAITS = "waits"

Get = Callable[[Var[Any]], Any]
Holds = Callable[[Expr[bool]], bool]


def answer(move: Move, g: Group, d: Device | None, get: Get, holds: Holds, design: str) -> str:
    """The answer to a ``move`` that no action of ``design`` takes: an errno, or that it waits.

    Raises ModelError for a move that cannot even be made.
    """
    if move.verb == "write_type":
        told = WAITS if any(get(e.stage) not in AT_REST for e in g.devices) else ""
    else:
        told = _admin(move, d, get) if d and move.verb in _ADMIN else _user(move, g, d, get, holds)
    if told:
        return told
    raise ModelError(
        f"`{move}` is not possible here: {_obstacle(move, g, d, get)}",
        "mend the script's order of moves",
        where=move.where,
        subject=f"design {design}",
    )


_ADMIN = ("bind", "unbind", "hot-add", "remove")


def _admin(move: Move, d: Device, get: Get) -> str:
    stage = get(d.stage)
    if move.verb == "hot-add" or stage is Stage.ABSENT or (move.verb == "remove" and get(d.dead)):
        return ""
    if stage not in AT_REST:
        return WAITS  # somebody holds device_lock
    if get(d.dead):
        return "-ENODEV"
    return {"bind": "-EBUSY", "unbind": "-ENODEV"}.get(move.verb, "")


def _user(move: Move, g: Group, d: Device | None, get: Get, holds: Holds) -> str:
    file, container = get(g.file), get(g.container)
    if move.verb == "open":
        registered = any(holds(is_vfio_registered(e)) for e in g.devices)
        return "-EBUSY" if file is not File.CLOSED else "" if registered else "-ENODEV"
    if file is not File.OPEN:
        return ""
    match move.verb:
        case "set_container":
            return "-EINVAL" if container is not Container.NONE else ""
        case "set_iommu":
            return "-EINVAL"  # no group in the container, or set already
        case "get_device_fd" if d and container is not Container.IOMMU:
            return "-EINVAL"
        case "get_device_fd" if d and not holds(is_vfio_registered(d)):
            return "-ENODEV"
        case "unset_container":
            return "-EINVAL" if container is Container.NONE else "-EBUSY"
    return ""


def _obstacle(move: Move, g: Group, d: Device | None, get: Get) -> str:
    """Why a move cannot be made."""
    if move.verb == "write_type":
        return "the group has no member"
    if move.verb == "hot-add":
        present = d is not None and get(d.stage) is not Stage.ABSENT
        return f"{move.role} is there" if present else "the old group's file is still open"
    if d is not None and move.verb in _ADMIN:
        absent = get(d.stage) is Stage.ABSENT
        return f"{move.role} is absent" if absent else f"{move.role} is being removed"
    if d is not None and get(d.fd):
        return f"the fd of {move.role} is open, and the model has one"
    if move.verb == "close_device_fd":
        return f"the fd of {move.role} is not open"
    return "the group's file is not open" if get(g.file) is not File.OPEN else "no action takes it"
