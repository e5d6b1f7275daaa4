"""A trace as a list of numbered steps, with everything each one did and what it models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from model.lang import GroundAction, Var, show
from model.lang.reference import OutOfDomain, apply
from model.traces.trace import Trace

NOBODY = "environment"
"""Who takes a step that no entity takes and that names no actor."""


@dataclass(frozen=True)
class Change:
    """A variable whose value a step changes, with both values as they are printed."""

    variable: Var[Any]
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.variable.name}: {self.old} -> {self.new}"


@dataclass(frozen=True)
class Move:
    """A step as it is printed: ``number`` counts from 1."""

    number: int
    action: GroundAction
    changes: tuple[Change, ...]

    @property
    def actor(self) -> str:
        """Who takes the step."""
        return self.action.actor or NOBODY


def moves(trace: Trace) -> Iterator[Move]:
    """The steps of ``trace``; the one that it is stuck on comes last."""
    for step in trace.steps():
        changes = (Change(v, show(old), show(new)) for v, old, new in trace.changes(step))
        yield Move(step.number, step.action, tuple(changes))
    if trace.stuck_on is not None:
        yield Move(len(trace), trace.stuck_on, tuple(_escape(trace, trace.stuck_on)))


def render_steps(trace: Trace, *, show_all: bool = False) -> str:
    """``trace`` as text, ending in a newline.

    The initial state comes first: every variable if ``show_all`` or if no step changes any, else
    those that ever change.
    """
    steps = list(moves(trace))
    moving = {change.variable for move in steps for change in move.changes}
    lines = ["initially:"]
    lines += [
        f"    {variable.name} = {show(value)}"
        for variable, value in zip(trace.system.variables, trace.states[0], strict=True)
        if show_all or variable in moving or not moving
    ]
    for move in steps:
        lines += ["", f"{move.number:2}. {move.action.title}", f"    by {move.actor}"]
        if move.action.source is not None:
            lines.append(f"    at {move.action.source}")
        lines += [f"    {change}" for change in move.changes] or ["    (nothing changes)"]
    if trace.loop is not None:
        lines += ["", endless(trace)]
    return "\n".join(lines) + "\n"


def endless(trace: Trace) -> str:
    """How a run without end goes on after its last step; empty if it has one."""
    if trace.loop is None:
        return ""
    if trace.loop == len(trace):
        return "... and nothing has to happen any more."
    return f"... and from here again from step {trace.loop + 1}, for ever."


def _escape(trace: Trace, action: GroundAction) -> Iterator[Change]:
    """The change for which ``action`` has no state after it."""
    last = trace.states[-1]
    try:
        apply(action, trace.system, last)
    except OutOfDomain as error:
        old = show(last[trace.system.index[error.variable]])
        new = f"{show(error.value)} (outside {error.variable.domain})"
        yield Change(error.variable, old, new)
