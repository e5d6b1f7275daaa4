"""Traces as ITF JSON, the format of Apalache, Quint and the ITF viewer.

``dumps`` writes a trace; ``read`` checks the shape of a file, which needs no system, and gives a
Document that a system can be bound to. The state that "loop" names is written twice: where the
loop begins and as the last state, which has the step that leads back.
"""

from __future__ import annotations

import enum
import json
import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.lang import Value, show
from model.traces.document import Document, FileState, Plain, TraceFileError
from model.traces.trace import Trace

__all__ = ["FORMAT_URL", "Document", "FileState", "TraceFileError", "dumps", "read"]

FORMAT_URL = "https://apalache-mc.org/docs/adr/015adr-trace.html"
"""Where the format is described."""

_OWN_KEYS = ("format", "format-description", "stuck_on")
_REQUIRED = ("format", "format-description", "description")
# Longer numbers are no value of a finite domain, and Python refuses to convert very long ones.
_INTEGER = re.compile(r"-?[0-9]{1,40}", re.ASCII)


def dumps(trace: Trace, meta: Mapping[str, object]) -> str:
    """``trace`` as the text of an ITF file, one line per state, the same for the same input.

    ``meta`` must hold ``description``, one sentence, and may hold whatever else JSON can say; its
    order is kept. Raises ValueError if it lacks the description or sets a key of the format.
    """
    if not isinstance(meta.get("description"), str):
        raise ValueError('the metadata of a trace needs a "description"')
    for key in _OWN_KEYS:
        if key in meta:
            raise ValueError(f'the metadata key "{key}" belongs to the format')
    top = {"format": "ITF", "format-description": FORMAT_URL, **meta}
    if trace.stuck_on is not None:
        top["stuck_on"] = trace.stuck_on.title
    names = [variable.name for variable in trace.system.variables]
    states = []
    for i, state in enumerate(trace.states):
        about = {"index": i, "action": trace.actions[i - 1].title} if i else {"index": i}
        fields = [f'"#meta": {_json(about)}']
        fields += [f"{_json(n)}: {_text(v)}" for n, v in zip(names, state, strict=True)]
        states.append("{" + ", ".join(fields) + "}")
    return (
        '{\n  "#meta": {\n    '
        + ",\n    ".join(f"{_json(k)}: {_json(v)}" for k, v in top.items())
        + f'\n  }},\n  "vars": {_json(names)},\n  "states": [\n    '
        + ",\n    ".join(states)
        + "\n  ]"
        + (f',\n  "loop": {trace.loop}' if trace.loop is not None else "")
        + "\n}\n"
    )


def read(text: str | bytes, path: str | Path) -> Document:
    """The document in ``text``, the content of the file ``path``, checked for its shape.

    Bytes are taken as UTF-8. Raises TraceFileError for anything that is no trace file.
    """
    return _Reader(str(path)).document(text)


@dataclass(frozen=True)
class _Reader:
    """Reads one file, so that every complaint can name it."""

    path: str

    def error(self, why: str) -> TraceFileError:
        return TraceFileError(self.path, why)

    def document(self, text: str | bytes) -> Document:
        top = self.parse(text)
        if not isinstance(top, dict) or not {"vars", "states"} <= top.keys():
            raise self.error('it is JSON, but no ITF trace: it has no "vars" and "states"')
        meta = self.meta(top)
        names = top["vars"]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise self.error('"vars" is not a list of variable names')
        if len(set(names)) < len(names):
            raise self.error('"vars" names a variable twice')
        states = top["states"]
        if not isinstance(states, list) or not states:
            raise self.error('"states" is not a list of at least one state')
        read = tuple(self.state(i, state, names) for i, state in enumerate(states))
        loop = top.get("loop")
        if "loop" in top and (type(loop) is not int or not 0 <= loop < len(read)):
            raise self.error(f'"loop" is {reprlib.repr(loop)} and not the number of a state')
        return Document(self.path, meta, tuple(names), read, meta.get("stuck_on"), loop)

    def parse(self, text: str | bytes) -> Any:
        try:
            decoded = text if isinstance(text, str) else text.decode()
            if not decoded.strip():
                raise self.error("it is empty")
            return json.loads(decoded, object_pairs_hook=self.distinct)
        except json.JSONDecodeError as error:
            if _ends_early(error):
                last = error.doc.count("\n") + 1
                raise self.error(f"it is truncated: it ends in line {last}") from None
            place = f"line {error.lineno}, column {error.colno}"
            raise self.error(f"it is not JSON at {place} ({error.msg})") from None
        except UnicodeDecodeError as error:
            raise self.error(f"it is not text in UTF-8 (byte {error.start})") from None
        except (RecursionError, ValueError):
            # What is left: thousands of nested brackets, or a number of thousands of digits.
            why = "it is no ITF trace: it nests too deeply or has too long a number"
            raise self.error(why) from None

    def distinct(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in made if keys.count(key) > 1)
            raise self.error(f"the key {twice!r} stands twice in one object")
        return made

    def meta(self, top: dict[str, Any]) -> dict[str, Any]:
        meta = top.get("#meta")
        if not isinstance(meta, dict):
            raise self.error('it has no "#meta" object that says what the trace is about')
        for key in _REQUIRED:
            if not isinstance(meta.get(key), str):
                raise self.error(f'"#meta" has no text for "{key}"')
        if meta["format"] != "ITF":
            raise self.error(f'"#meta" gives its format as {meta["format"]!r} and not as "ITF"')
        if not isinstance(meta.get("stuck_on", ""), str):
            raise self.error('"stuck_on" in "#meta" is not the title of an action')
        return meta

    def state(self, i: int, state: Any, names: list[str]) -> FileState:
        if not isinstance(state, dict) or not isinstance(state.get("#meta"), dict):
            raise self.error(f'state {i} is not an object with a "#meta" of its own')
        about = state["#meta"]
        if type(about.get("index")) is not int or about["index"] != i:
            found = reprlib.repr(about.get("index"))
            raise self.error(f"state {i} has the index {found}: states are missing or out of order")
        action = about.get("action")
        if not isinstance(action, str | None):
            raise self.error(f"the action of state {i} is not text")
        if action is not None and i == 0:
            raise self.error(f"state 0 names the action {action!r}, but no step leads to it")
        for name in names:
            if name not in state:
                raise self.error(f'state {i} lacks the variable {name!r} that "vars" lists')
        for name in state:
            if name != "#meta" and name not in names:
                raise self.error(f'state {i} has a variable {name!r} that "vars" does not list')
        return FileState(action, {name: self.value(i, name, state[name]) for name in names})

    def value(self, i: int, name: str, value: Any) -> Plain:
        if isinstance(value, str | bool | int):
            return value
        if isinstance(value, dict) and value.keys() == {"#bigint"}:
            digits = value["#bigint"]
            if isinstance(digits, str) and _INTEGER.fullmatch(digits):
                return int(digits)
        found = reprlib.repr(value)
        raise self.error(f'state {i} has {found} for {name!r}: no text, truth value or "#bigint"')


def _ends_early(error: json.JSONDecodeError) -> bool:
    rest = error.doc[error.pos :].strip()
    if error.msg.startswith("Unterminated string"):
        return True
    return any(word.startswith(rest) for word in ("", "true", "false", "null"))


def _text(value: Value) -> str:
    """``value`` as JSON text."""
    if isinstance(value, enum.Enum):
        return _json(show(value))
    return _json(value) if isinstance(value, bool) else _json({"#bigint": str(value)})


def _json(value: object) -> str:
    return json.dumps(value, allow_nan=False)
