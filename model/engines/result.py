"""What every engine answers with."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from model.engines.memory import Budget
from model.traces.trace import Trace


class Verdict(enum.StrEnum):
    """What is known of a claim. Only HOLDS and PROVED are a pass."""

    HOLDS = "holds"
    """Exhaustively, for the stated size and runs of any length."""
    PROVED = "proved"
    """For every size."""
    VIOLATED = "violated"
    """There is a trace."""
    UNDETERMINED = "undetermined"
    """A limit, a timeout or a solver that gave up: neither a pass nor a violation."""
    VACUOUS = "vacuous"
    """Nothing exercised the claim, so its truth says nothing."""


@dataclass(frozen=True)
class Finding:
    """What an engine says of one claim.

    ``reason`` says how it was decided, or why not. ``hint`` is a counterexample to induction: a
    step from a state that need not be reachable, never a violation. ``fewest`` is the smallest
    number of devices in a group with which there is a violation, where that was looked for.
    """

    verdict: Verdict
    reason: str = ""
    trace: Trace | None = None
    hint: Trace | None = None
    fewest: int | None = None


@dataclass(frozen=True)
class Report:
    """An engine's answer for one system.

    ``findings`` is by claim name. ``states``, ``transitions`` and ``depth`` are what was
    explored, for an engine that explores; ``stored`` is how many states, or nodes of diagrams, it
    had to keep for that, and ``machine`` says which one kept them and why. ``complete`` says
    whether that was everything and ``stopped`` why not; ``forgotten`` names what was left out of
    states once nothing but violated claims read them and ``folded`` entities of which one state
    stood for several, so that fewer states were counted; ``hurried`` says that interleavings were
    left out, so that traces need not be the shortest; ``resumed`` is how many of the stored
    states came from a checkpoint and ``unsaved`` why that could not be written to; ``never_fired``
    names actions that were never taken and ``left_domain`` one that took a variable outside its
    domain. ``seconds`` is wall time, ``peak_bytes`` the process's high-water mark of memory.
    """

    engine: str
    findings: Mapping[str, Finding]
    seconds: float
    peak_bytes: int
    states: int | None = None
    transitions: int | None = None
    depth: int | None = None
    complete: bool = True
    stopped: str = ""
    stored: int | None = None
    machine: str = ""
    forgotten: tuple[str, ...] = ()
    resumed: int = 0
    unsaved: str = ""
    folded: tuple[str, ...] = ()
    hurried: bool = False
    never_fired: tuple[str, ...] = ()
    left_domain: str = ""


@dataclass(frozen=True)
class Progress:
    """How far an engine is: shown to whoever waits.

    ``frontier`` is how many states are not yet expanded, ``allocated`` the bytes of all that is
    stored, for an engine that searches.
    """

    states: int
    depth: int
    seconds: float
    frontier: int | None = None
    allocated: int | None = None


@dataclass(frozen=True)
class Limits:
    """Where an engine gives up. ``None`` is no limit; ``timeout`` is in seconds.

    ``memory`` is for the whole process, and may be shared with other searches.

    ``progress`` is called every so often with how far the engine is.
    """

    max_states: int | None = None
    timeout: float | None = None
    memory: Budget | None = None
    progress: Callable[[Progress], None] | None = field(default=None, compare=False)

    def after(self, seconds: float) -> Limits:
        """What is left of them once an engine has taken so many seconds."""
        left = None if self.timeout is None else max(0.0, self.timeout - seconds)
        return replace(self, timeout=left)
