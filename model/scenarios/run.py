"""The interpreter: a design plays a script by the reference semantics of its actions.

After each move the kernel takes its own steps, as far as they go. It succeeds where it may, unless
the script says otherwise: a step without an errno comes before one that has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from model.lang import Expr, GroundAction, ModelError, State, Var, show
from model.lang.reference import OutOfDomain, apply, evaluate, is_enabled
from model.linux.design import Design, Size
from model.linux.state import Container, Device, File, Group, Ret, Stage, user
from model.linux.viability import BridgeDevice
from model.scenarios.answers import WAITS, answer
from model.scenarios.moves import AT_REST, FAMILIES, FOUND_LATE, USER, Move, belongs, is_move
from model.scenarios.played import OK, Observed, Played
from model.scenarios.script import AtBoot, Script

PAUSED = "paused"
_LONGEST = 200  # steps of the kernel's own after one move; far more than any unbind takes


def play(script: Script, design: Design) -> Played:
    """Play ``script`` with ``design``. Raises ModelError for a move that is not possible."""
    world = _World(script, design)
    lack = world.lack()
    if lack:
        return Played((), (), f"(no {lack})")
    setup = []
    for move in script.setup:
        setup.append(world.observe(move))
        if setup[-1].answer not in (OK, PAUSED):
            return Played(tuple(setup), (), f"({move.verb}: {setup[-1].answer})")
    return Played(tuple(setup), tuple([world.observe(move) for move in script.moves]))


@dataclass
class _Thread:
    """Somebody who is inside the kernel on behalf of a move."""

    move: Move
    held_at: Stage | None
    ret: Ret = Ret.NONE
    probed: bool = False


@dataclass
class _World:
    script: Script
    design: Design
    threads: dict[str, _Thread] = field(default_factory=dict)
    waiting: list[Move] = field(default_factory=list)
    call: Move | None = None
    """The system call that is under way, if it takes several steps."""
    told: dict[int, str] = field(default_factory=dict)
    """What the movers were told since the last look, by the identity of their move."""

    def __post_init__(self) -> None:
        self.system = self.design.system(Size(0, len(self.script.devices)))
        devices = [e for e in self.system.entities if isinstance(e, Device)]
        self.devices = dict(zip(self.script.devices, devices, strict=True))
        (self.group,) = (e for e in self.system.entities if isinstance(e, Group))
        boot: dict[Var[Any], Any] = {}
        for role, d in self.devices.items():
            at = self.script.devices[role]
            boot[d.stage] = Stage.ABSENT if at is AtBoot.ABSENT else Stage.IDLE
            if at is AtBoot.BRIDGE and isinstance(d, BridgeDevice):
                boot[d.bridge] = True
        self.state: State = tuple(boot.get(v, v.initial[0]) for v in self.system.variables)
        seen = {self.state}
        while self._boot_step() and self.state not in seen:  # what comes and goes has settled
            seen.add(self.state)

    def _boot_step(self) -> bool:
        """One step of the kernel's own before the first move, as when an IOMMU is found late."""
        at_boot = self.script.devices
        for role in ("", *(role for role, at in at_boot.items() if at is not AtBoot.ABSENT)):
            late = AtBoot.LATE in ([at_boot[role]] if role else at_boot.values())
            for action in self._enabled(role):
                found = action.name in FOUND_LATE and not late
                if found or not is_move(action.name):
                    self._take(action)
                    return True
        return False

    def lack(self) -> str:
        """What the script speaks of and the design does not have: a driver or a system call."""
        names = {action.name for action in self.system.actions}
        if AtBoot.LATE in self.script.devices.values() and names.isdisjoint(FOUND_LATE):
            return "late group"
        for move in (*self.script.setup, *self.script.moves):
            if move.driver and move.driver not in self.design.drivers:
                return show(move.driver)
            if move.verb in FAMILIES and not any(belongs(name, move.verb) for name in names):
                return move.verb
        return ""

    def get(self, variable: Var[Any]) -> Any:
        return self.state[self.system.index[variable]]

    def holds(self, condition: Expr[bool]) -> bool:
        return bool(evaluate(self.system.resolve(condition), self.system, self.state))

    def observe(self, move: Move) -> Observed:
        """Make ``move``, let the kernel go on, and look."""
        self.told.clear()
        mine = self._continued(move) if move.verb == "continue" else move
        if mine is move:
            self._begin(move)
        for _ in range(_LONGEST):
            if not self._go_on():
                break
        else:
            raise ModelError(
                f"the kernel's own steps after `{move}` never end",
                "mend the design",
                where=move.where,
                subject=f"design {self.design.name}",
            )
        thread = self.threads.get(move.role)
        held = thread and thread.move is mine and thread.held_at is not None
        own = self.told.pop(id(mine), PAUSED if held else WAITS)
        pending = {id(m): m for m in [*self.script.setup, *self.script.moves]}
        late = ", ".join(f"{pending[i]}: {text}" for i, text in self.told.items())
        return Observed(move, f"{own} ({late})" if late else own, self._looks())

    def _continued(self, move: Move) -> Move:
        thread = self.threads.get(move.role)
        if thread is None or thread.held_at is None:
            raise ModelError(
                f"`{move}` is not possible here: nothing is paused on {move.role}",
                "hold a move first, with `until: STAGE` beside it",
                where=move.where,
                subject=f"design {self.design.name}",
            )
        thread.held_at = None
        return thread.move

    def _begin(self, move: Move) -> bool:
        """Enter the kernel, be refused, or wait; whether the kernel was entered."""
        found = [
            a
            for a in self._enabled(move.role)
            if belongs(a.name, move.verb) and (not move.values or a.values == move.values)
        ]
        if not found:
            self._turn_away(move)
            return False
        meant = next((a for a in found if a.name == move.take), found[0])
        if move.verb in ("bind", "unbind", "hot-add", "remove"):
            self._take(meant)
            self.threads[move.role] = _Thread(move, move.until)
        else:
            self.call = move
            self._call_goes_on(meant)
        return True

    def _call_goes_on(self, action: GroundAction) -> None:
        """Take a step of the system call that is under way, and tell its caller if it ends so."""
        self._take(action)
        errno = action.source.errno if action.source else ""
        if self.call and (errno or self._is_done(self.call)):
            self.told[id(self.call)] = errno or OK
            self.call = None

    def _is_done(self, move: Move) -> bool:
        """Whether the system call has what it wanted: some designs take several steps to it."""
        container = self.get(self.group.container)
        match move.verb:
            case "set_container":
                return container is not Container.NONE
            case "set_iommu":
                return container is Container.IOMMU
            case "get_device_fd":
                return bool(self.get(self.devices[move.role].fd))
        return True

    def _turn_away(self, move: Move) -> None:
        if self.call and move.verb in USER:
            self.waiting.append(move)
            return
        device = self.devices.get(move.role)
        told = answer(move, self.group, device, self.get, self.holds, self.system)
        if told != WAITS:
            self.told[id(move)] = told
        elif move not in self.waiting:
            self.waiting.append(move)

    def _go_on(self) -> bool:
        """One step of the kernel's own, or one move that waited; whether there was any."""
        for role in self.devices:
            if self._thread_step(role):
                return True
        if self.call:
            for action in (a for role in ("", *self.devices) for a in self._enabled(role)):
                mine = belongs(action.name, self.call.verb) or not is_move(action.name)
                if mine and action.actor == user(self.group):
                    self._call_goes_on(action)
                    return True
        closing = self.get(self.group.file) is File.CLOSING
        if closing or self.get(self.group.container) is Container.UNSETTING:
            for action in self._enabled(""):
                if not is_move(action.name):
                    self._take(action)
                    return True
        for move in self.waiting:
            if self._begin(move) or id(move) in self.told:
                self.waiting.remove(move)
                return True
        return False

    def _thread_step(self, role: str) -> bool:
        d, thread = self.devices[role], self.threads.get(role)
        if thread is None or thread.held_at is self.get(d.stage):
            return False
        possible = [a for a in self._enabled(role) if self._is_next(a, d, thread.move)]
        if not possible:
            return False
        fated = [a for a in possible if a.name in thread.move.fates]
        smooth = [a for a in possible if not (a.source and a.source.errno)]
        self._take((fated or smooth or possible)[0])
        stage = self.get(d.stage)
        thread.probed |= stage in (Stage.PROBE, Stage.PROBE_ENTRY)
        if self.get(d.ret) is not Ret.NONE:
            thread.ret = self.get(d.ret)
        if thread.held_at is not stage:
            self._finish(role, d, thread)
        return True

    def _is_next(self, action: GroundAction, d: Device, move: Move) -> bool:
        """Whether ``action`` is what the thread of ``move`` does next, by itself."""
        stage = self.get(d.stage)
        if stage is Stage.ABSENT:
            return False
        if stage is Stage.BOUND:
            return move.verb == "remove" and belongs(action.name, "unbind")
        if stage is Stage.IDLE and move.verb == "hot-add" and belongs(action.name, "hot-add"):
            return True  # a bus that shows a device before it joins its group
        if stage is Stage.ADDED:
            return action.values == ((move.driver,) if move.driver else ())
        return action.actor != user(self.group) and not is_move(action.name)

    def _finish(self, role: str, d: Device, thread: _Thread) -> None:
        """Tell the mover, if the thread has come to its end."""
        stage, verb = self.get(d.stage), thread.move.verb
        if stage is Stage.OOPS:
            told = "BUG_ON after .probe" if thread.probed else "BUG_ON"
        elif (
            stage not in AT_REST
            or (verb == "remove" and stage is not Stage.ABSENT)
            or any(self._is_next(action, d, thread.move) for action in self._enabled(role))
        ):
            return
        elif stage is Stage.IDLE and thread.move.driver and verb in ("bind", "hot-add"):
            told = "success but not bound" if thread.ret is Ret.OK else show(thread.ret)
        else:
            told = OK
        self.told[id(thread.move)] = told
        del self.threads[role]

    def _enabled(self, role: str) -> Iterator[GroundAction]:
        """What can be taken now: by the device of ``role`` or, without one, by the group."""
        entity = self.devices[role] if role else self.group
        for action in self.system.actions:
            if action.arguments[:1] == (entity,) and is_enabled(action, self.system, self.state):
                yield action

    def _take(self, action: GroundAction) -> None:
        try:
            self.state = apply(action, self.system, self.state)
        except OutOfDomain as error:
            raise ModelError(
                str(error),
                "mend the design",
                where=action.where,
                subject=f"design {self.design.name}",
            ) from None

    def _looks(self) -> dict[str, str]:
        looks = {role: self._driver(d) for role, d in self.devices.items()}
        looks |= {v.name.split(".")[1]: show(self.get(v)) for v in self.group.variables()}
        for role, d in self.devices.items():
            looks |= {f"{role}.{v.name.split('.')[1]}": show(self.get(v)) for v in d.variables()}
        return looks

    def _driver(self, d: Device) -> str:
        """Who is bound to ``d``, in words."""
        stage, driver = self.get(d.stage), show(self.get(d.driver))
        if stage is Stage.ABSENT:
            return show(stage)
        at_rest = stage in (Stage.IDLE, Stage.ADDED, Stage.BOUND)
        return driver if at_rest else f"{driver}, {stage.value}"
