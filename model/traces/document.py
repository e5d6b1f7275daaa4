"""A trace as a file holds it, in names and plain values, and how it becomes a system's.

A file is turned into a trace in two movements. Its shape can be checked without a system, so that
the caller learns from its metadata which system to build; only then are the system's variables,
values and actions found in it. Neither replays: the caller does.
"""

from __future__ import annotations

import enum
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from model.lang import GroundAction, State, System, Value, Var, did_you_mean, show
from model.traces.trace import Trace

Plain: TypeAlias = str | bool | int
"""A value as a file holds it: enum members by their text."""

T = TypeVar("T")


class TraceFileError(Exception):
    """A trace file that cannot be used: ``path`` is the file, ``why`` one sentence about it."""

    def __init__(self, path: str, why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(f"{path}: {why}")


@dataclass(frozen=True)
class FileState:
    """One state of a file: ``action`` is the title of the step that led to it, if it has one."""

    action: str | None
    values: Mapping[str, Plain]


@dataclass(frozen=True)
class Document:
    """A well-formed trace file whose names have not met a system yet.

    ``meta`` is the file's own metadata, ``variables`` the names every one of ``states`` has a
    value for, ``stuck_on`` the title of the step that leaves a domain, if there is one, and
    ``loop`` the number of the state that the last one goes back to, if it does.
    """

    path: str
    meta: Mapping[str, object]
    variables: tuple[str, ...]
    states: tuple[FileState, ...]
    stuck_on: str | None
    loop: int | None = None

    def about(self, key: str, kind: type[T]) -> T:
        """The metadata ``key``. Raises TraceFileError if it is missing or not of ``kind``."""
        value = self.meta.get(key)
        # True is an int to Python, but a flag is no number to whoever wrote the file.
        if type(value) is not kind:
            found = reprlib.repr(value) if key in self.meta else "missing"
            raise TraceFileError(self.path, f'"{key}" in "#meta" is {found}, not {kind.__name__}')
        return value

    def bind(self, system: System) -> Trace:
        """The trace of ``system`` that the file tells of, not yet replayed.

        Raises TraceFileError for a variable, value or action that the system does not have, and
        for one that the file lacks.
        """
        known = {variable.name for variable in system.variables}
        for name in self.variables:
            if name not in known:
                why = f'"vars" and state 0 have a variable {name!r} that {system} lacks; '
                raise TraceFileError(self.path, why + did_you_mean(name, known))
        for variable in system.variables:
            if variable.name not in self.variables:
                why = f'"vars" and state 0 lack the variable {variable.name} of {system}'
                raise TraceFileError(self.path, why)
        states = tuple(self._state(i, system) for i in range(len(self.states)))
        actions = tuple(self._action(i, system) for i in range(1, len(self.states)))
        stuck_on = None
        if self.stuck_on is not None:
            stuck_on = self._named(self.stuck_on, '"stuck_on" in "#meta"', system)
        return Trace(system, states, actions, stuck_on, self.loop)

    def _state(self, i: int, system: System) -> State:
        values = self.states[i].values
        return tuple(
            self._value(i, variable, values[variable.name]) for variable in system.variables
        )

    def _value(self, i: int, variable: Var[Any], given: Plain) -> Value:
        for value in variable.domain.values:
            plain = show(value) if isinstance(value, enum.Enum) else value
            # true is no 1: a file that mixes them up was not written for this variable.
            if plain == given and type(plain) is type(given):
                return value
        why = f"state {i} has {given!r} for {variable.name}, which is outside {variable.domain}; "
        known = [show(value) for value in variable.domain.values]
        raise TraceFileError(self.path, why + did_you_mean(str(given), known))

    def _action(self, i: int, system: System) -> GroundAction:
        title = self.states[i].action
        if title is None:
            raise TraceFileError(self.path, f"state {i} names no action that led to it")
        return self._named(title, f"state {i}", system)

    def _named(self, title: str, where: str, system: System) -> GroundAction:
        if title not in system.by_title:
            why = f"{where} names an action {title!r} that {system} lacks; "
            raise TraceFileError(self.path, why + did_you_mean(title, system.by_title))
        return system.by_title[title]
