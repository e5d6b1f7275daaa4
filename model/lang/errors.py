"""What a design author is told when something in a model is wrong."""

from __future__ import annotations

import contextlib
import difflib
import os
import sys
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

_LANGUAGE = str(Path(__file__).resolve().parent) + os.sep
_being_built: ContextVar[str] = ContextVar("_being_built", default="")


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
        self.subject = _being_built.get() if subject is None else subject
        place = f"{self.where}: " if self.where else ""
        subject_text = f"{self.subject}: " if self.subject else ""
        super().__init__(f"{place}{subject_text}{wrong}; {instead}")


def caller() -> Location | None:
    """The innermost line outside the language itself: where the author wrote what is at fault."""
    frame = sys._getframe(1)
    while frame is not None:  # the outermost frame's f_back is None
        file = frame.f_code.co_filename
        if not file.startswith((_LANGUAGE, "<")):
            return Location(file, frame.f_lineno)
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return None


@contextlib.contextmanager
def building(subject: str) -> Iterator[None]:
    """Name what is being built, so that a mistake inside it is reported under that name."""
    token = _being_built.set(subject)
    try:
        yield
    finally:
        _being_built.reset(token)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The mend for an unknown name: the nearest known ones, else all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3)
    if near:
        return "did you mean " + " or ".join(near) + "?"
    return "known are: " + (", ".join(names) or "none")
