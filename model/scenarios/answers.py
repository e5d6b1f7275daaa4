"""What the kernel answers where the model has no step, because nothing changes.

"System calls that fail and undo everything they did are no step", says docs/model.md, and neither
are those that only ask; a script asks for them all the same. The errnos are those of 6.1.192.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from model.lang import Expr, ModelError, System, Var, all_of
from model.lang.expr import Const
from model.linux.default_domain import LateGroup
from model.linux.iommufd import Context, ContextDevice, ContextGroup
from model.linux.reset import ResetDevice
from model.linux.state import Container, Device, File, Group, Stage, is_member, is_vfio_registered
from model.linux.viability import is_viable
from model.scenarios.moves import ADMIN, AT_REST, Move

WAITS = "waits"

Get = Callable[[Var[Any]], Any]
Holds = Callable[[Expr[bool]], bool]


def answer(move: Move, g: Group, d: Device | None, get: Get, holds: Holds, system: System) -> str:
    """The answer to a ``move`` that no action of ``system`` takes: an errno, or that it waits.

    Raises ModelError for a move that cannot even be made.
    """
    if move.verb in ADMIN:
        told = _admin(move, g, d, get)
    elif d is not None and move.verb.endswith("_iommufd"):
        told = _iommufd(move, g, d, get, holds)
    elif move.verb == "get_status" and get(g.file) is File.OPEN:
        told = _status(g, get, holds, system)
    else:
        told = _user(move, g, d, get, holds)
    if told:
        return told
    raise ModelError(
        f"`{move}` is not possible here: {_obstacle(move, g, d, get)}",
        "mend the script's order of moves",
        where=move.where,
        subject=f"design {system.name}",
    )


def _is_locked(d: Device, get: Get) -> bool:
    """Whether somebody holds device_lock."""
    return get(d.stage) not in AT_REST or (isinstance(d, ResetDevice) and get(d.blocked))


def _admin(move: Move, g: Group, d: Device | None, get: Get) -> str:
    if d is None:
        return WAITS if any(_is_locked(e, get) for e in g.devices) else ""
    gone = get(d.stage) is Stage.ABSENT
    if move.verb in ("hot-add", "end_reset") or gone or (move.verb == "remove" and get(d.dead)):
        return ""
    if _is_locked(d, get):
        return WAITS
    if get(d.dead):
        return "-ENODEV"
    return {"bind": "-EBUSY", "unbind": "-ENODEV"}.get(move.verb, "")


def _user(move: Move, g: Group, d: Device | None, get: Get, holds: Holds) -> str:
    file, container = get(g.file), get(g.container)
    if move.verb == "open":
        registered = any(holds(is_vfio_registered(e)) for e in g.devices)
        if isinstance(g, LateGroup) and registered and not get(g.default_domain):
            return WAITS  # userspace is not up
        taken = file is not File.CLOSED or isinstance(g, ContextGroup)
        return "-ENODEV" if not registered else "-EBUSY" if taken else ""
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


def _iommufd(move: Move, g: Group, d: Device, get: Get, holds: Holds) -> str:
    """The device's own file, of which only binding and attaching can fail."""
    if not holds(is_vfio_registered(d)) or move.verb in ("detach_iommufd", "close_iommufd"):
        return ""
    bound = isinstance(d, ContextDevice) and get(d.ctx) is not Context.NONE
    if move.verb == "bind_iommufd":
        return "-EINVAL" if bound else "-EBUSY" if get(g.file) is not File.CLOSED else ""
    return "-EBUSY" if bound else "-EINVAL"


def _status(g: Group, get: Get, holds: Holds, system: System) -> str:
    """GET_STATUS's flag VIABLE: with a container, or while nobody holds a claim.

    Where claims are not counted it is that of up to 5.18, which looks at the members' drivers.
    """
    counted = any(
        u.variable is g.owner_cnt and not isinstance(u.value, Const)
        for action in system.actions
        for u in action.updates
    )
    if counted:
        viable = get(g.container) is not Container.NONE or get(g.owner_cnt) == 0
    else:
        viable = holds(all_of(is_viable(e) | ~is_member(e) for e in g.devices))
    return "viable" if viable else "not viable"


def _obstacle(move: Move, g: Group, d: Device | None, get: Get) -> str:
    """Why a move cannot be made."""
    if move.verb == "write_type":
        return "the group has no member"
    if move.verb == "hot-add":
        present = d is not None and get(d.stage) is not Stage.ABSENT
        return f"{move.role} is there" if present else "the old group's file is still open"
    if d is not None and move.verb in ADMIN:
        if move.verb == "end_reset":
            return f"{move.role} is not being reset"
        absent = get(d.stage) is Stage.ABSENT
        return f"{move.role} is absent" if absent else f"{move.role} is being removed"
    if move.verb.endswith("_iommufd"):
        return f"userspace does not hold the file of {move.role}"
    if d is not None and get(d.fd):
        return f"the fd of {move.role} is open, and the model has one"
    if move.verb == "close_device_fd":
        return f"the fd of {move.role} is not open"
    return "the group's file is not open" if get(g.file) is not File.OPEN else "no action takes it"
