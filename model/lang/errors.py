"""What a design author is told when something in a model is wrong."""

from __future__ import annotations

import difflib
import enum
import os
import sys
import traceback
from collections.abc import Iterable
from contextvars import ContextVar, Token
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

_SHORT = 50  # characters of a repr that still read well in a one-line message
# No author's lines: the language, what Python makes up, and the Enum that lacks a misspelt member.
_OURS = (str(Path(__file__).resolve().parent) + os.sep, "<", enum.__file__)


@dataclass(frozen=True)
class Location:
    """A line of somebody's source file.

    ``file`` is the path as Python knows it, ``line`` counts from 1.
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class ModelError(Exception):
    """A mistake in a model, told with its place and its mend.

    ``where`` is the file and line of the mistake (``None`` if no single line is at fault),
    ``subject`` names the action, property or entity being built, ``wrong`` says what was found
    and ``instead`` what to write.
    """

    def __init__(
        self, wrong: str, instead: str, *, where: Location | None = None, subject: str | None = None
    ) -> None:
        self.wrong = wrong
        self.instead = instead
        self.where = where if where is not None else caller()
        self.subject = _being_built.get().subject if subject is None else subject
        place = f"{self.where}: " if self.where else ""
        subject_text = f"{self.subject}: " if self.subject else ""
        super().__init__(f"{place}{subject_text}{wrong}; {instead}")


@dataclass(frozen=True)
class _Building:
    """What is being built; ``frame`` is the language's own function that builds it."""

    subject: str = ""
    where: Location | None = None
    frame: FrameType | None = None


_being_built: ContextVar[_Building] = ContextVar("_being_built", default=_Building())  # noqa: B039 - it is frozen


def caller() -> Location | None:
    """The innermost line outside the language itself: where the author wrote what is at fault.

    If that line lies outside what is being built it is no help, and the place of the latter is
    given instead: a list that an action returned is judged after the action's own lines have run.
    """
    built = _being_built.get()
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if built.where and frame is built.frame:
            return built.where
        if not frame.f_code.co_filename.startswith(_OURS):
            return Location(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


def raised_at(error: Exception) -> Location | None:
    """The innermost line outside the language that ``error`` passed through."""
    for line in reversed(traceback.extract_tb(error.__traceback__)):
        if line.lineno and not line.filename.startswith(_OURS):
            return Location(line.filename, line.lineno)
    return None


class building:  # noqa: N801 - read as a word: `with building("action f"):`
    """Name what is being built, so that a mistake inside it is reported under that name.

    ``where`` is where the author wrote it.
    """

    def __init__(self, subject: str, where: Location | None = None) -> None:
        self._subject = subject
        self._where = where
        self._token: Token[_Building] | None = None

    def __enter__(self) -> None:
        self._token = _being_built.set(_Building(self._subject, self._where, sys._getframe(1)))

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            _being_built.reset(self._token)


def described(item: object) -> str:
    """``item`` as a message shows it: as written if that is short, else by its type."""
    if isinstance(item, type):
        return f"the class {item.__name__}"
    if isinstance(item, enum.Enum):
        return f"{type(item).__name__}.{item.name}"
    text = repr(item)
    if len(text) <= _SHORT and " at 0x" not in text:
        return text
    return a(type(item).__name__)


def a(noun: str) -> str:
    """``noun`` with its article."""
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The mend for an unknown name: the nearest known ones, else ``otherwise`` or all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3)
    if near:
        return "did you mean " + " or ".join(near) + "?"
    return otherwise or "known are: " + (", ".join(names) or "none")
