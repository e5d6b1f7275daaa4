"""A run of a system: the states it passes and the actions between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model.lang import GroundAction, State, System, Value, Var, show
from model.lang.reference import OutOfDomain, apply, is_enabled


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a trace: ``number`` counts from 1."""

    number: int
    action: GroundAction
    before: State
    after: State


@dataclass(frozen=True, eq=False)
class Trace:
    """A run of ``system``: ``states`` has one more item than ``actions``.

    ``stuck_on`` is an action that can be taken in the last state but leads out of a variable's
    domain, so that no state follows it; only a violated type invariant has one.

    ``loop`` makes it a run without end: the number of the state, the same as the last one, from
    which the steps behind it are taken again and again. If that is the last state itself, nothing
    happens any more.
    """

    system: System
    states: tuple[State, ...]
    actions: tuple[GroundAction, ...]
    stuck_on: GroundAction | None = None
    loop: int | None = None

    def __len__(self) -> int:
        """How many steps are taken, the one that leaves a domain included."""
        return len(self.actions) + (self.stuck_on is not None)

    def steps(self) -> Iterator[Step]:
        """The steps that lead from one state to the next."""
        for i, action in enumerate(self.actions):
            yield Step(i + 1, action, self.states[i], self.states[i + 1])

    def changes(self, step: Step) -> list[tuple[Var[Value], Value, Value]]:
        """The variables that ``step`` changes, each with its old and new value."""
        return [
            (variable, old, new)
            for variable, old, new in zip(
                self.system.variables, step.before, step.after, strict=True
            )
            if old != new
        ]


class NotARun(Exception):
    """A trace that its system could not have taken; ``step`` is the first wrong one (0: start)."""

    def __init__(self, step: int, why: str) -> None:
        self.step = step
        self.why = why
        super().__init__(f"step {step}: {why}" if step else f"the initial state: {why}")


def replay(trace: Trace) -> None:
    """Take every step of ``trace`` again by the reference semantics. Raises NotARun.

    No trace, from whichever engine or file, is shown before it has passed this.
    """
    system = trace.system
    if len(trace.states) != len(trace.actions) + 1:
        raise NotARun(len(trace.states), "a run has one more state than it has steps")
    for variable, value in zip(system.variables, trace.states[0], strict=True):
        if value not in variable.initial:
            raise NotARun(0, f"{variable.name} does not start as {value}")
    for step in trace.steps():
        if not is_enabled(step.action, system, step.before):
            raise NotARun(step.number, f"{step.action.title} cannot be taken here")
        try:
            after = apply(step.action, system, step.before)
        except OutOfDomain as error:
            raise NotARun(step.number, str(error)) from None
        for variable, claimed, real in zip(system.variables, step.after, after, strict=True):
            if claimed != real:
                raise NotARun(
                    step.number,
                    f"{step.action.title} leaves {variable.name} as {real}, not {claimed}",
                )
    if trace.stuck_on is not None:
        _replay_stuck(trace, trace.stuck_on)
    if trace.loop is not None:
        _close(trace, trace.loop)


def _close(trace: Trace, loop: int) -> None:
    """Raise NotARun unless the steps behind state ``loop`` can be taken again and again."""
    if trace.stuck_on is not None:
        raise NotARun(len(trace), "a run that is stuck does not go on for ever")
    if not 0 <= loop < len(trace.states):
        raise NotARun(len(trace), f"it goes back to state {loop}, which it does not have")
    back = zip(trace.system.variables, trace.states[loop], trace.states[-1], strict=True)
    for variable, there, here in back:
        if there != here:
            raise NotARun(
                len(trace),
                f"it does not come back to state {loop}: "
                f"{variable.name} was {show(there)} there and is {show(here)} now",
            )


def _replay_stuck(trace: Trace, action: GroundAction) -> None:
    last = trace.states[-1]
    if not is_enabled(action, trace.system, last):
        raise NotARun(len(trace), f"{action.title} cannot be taken here")
    try:
        apply(action, trace.system, last)
    except OutOfDomain:
        return
    raise NotARun(len(trace), f"{action.title} keeps every variable in its domain")
