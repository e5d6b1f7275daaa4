"""What there is to check: designs by name or file, properties by name, and what is expected."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from model.designs import DESIGNS
from model.engines.result import Verdict
from model.lang import Location, ModelError, Property, did_you_mean
from model.linux.design import Design, Size
from model.traces.itf import Document, read
from properties import PROPERTIES

_COUNTEREXAMPLES = "counterexamples"
_ENDING = ".itf.json"


class UsageError(Exception):
    """A request that cannot be met as it was put; the message says what to ask instead."""


@dataclass(frozen=True, eq=False)
class Entry:
    """A design that can be checked.

    ``home`` is the folder of its expected counterexamples; without one everything should hold.
    """

    design: Design
    home: Path | None

    def expectation(self, name: str) -> Document | None:
        """The committed counterexample for property ``name``, if it is expected to be violated.

        Raises TraceFileError for a file that is none.
        """
        if self.home is None or name not in self._expected:
            return None
        path = self.home / f"{name}{_ENDING}"
        return read(path.read_bytes(), path)

    def expected(self, name: str, size: Size) -> Verdict:
        """The verdict expected of property ``name`` at ``size``.

        A committed counterexample is the expectation that the property is violated, at its own
        size and all larger ones. Raises TraceFileError.
        """
        document = self.expectation(name)
        if document is None:
            return Verdict.HOLDS
        devices = document.about("devices", int) + document.about("hotplug", int)
        enough = size.devices + size.hotplug >= devices
        return (
            Verdict.VIOLATED
            if enough and size.groups >= document.about("groups", int)
            else Verdict.HOLDS
        )

    @cached_property
    def _expected(self) -> frozenset[str]:
        if self.home is None:
            return frozenset()
        return frozenset(path.name.removesuffix(_ENDING) for path in self.home.glob(f"*{_ENDING}"))


def counterexamples() -> Path:
    """The folder of the committed counterexamples, beside the code or installed with it."""
    return Path(str(files(_COUNTEREXAMPLES)))


def entries() -> tuple[Entry, ...]:
    """Every design of the project, in the order in which they came up."""
    return tuple(Entry(design, counterexamples() / design.name) for design in DESIGNS)


def find(name: str) -> Entry:
    """The design called ``name``, or the variant in the file of that path.

    Raises UsageError for an unknown one and ModelError for a variant that is none.
    """
    if name.endswith(".py") or os.sep in name:
        return _load(Path(name))
    for entry in entries():
        if entry.design.name == name:
            return entry
    raise UsageError(
        f"there is no design {name!r}; {did_you_mean(name, [d.name for d in DESIGNS])} "
        "A variant of your own is given by the path of its .py file"
    )


def find_property(name: str) -> Property:
    """The property called ``name``. Raises UsageError for an unknown one."""
    for known in PROPERTIES:
        if known.name == name:
            return known
    raise UsageError(
        f"there is no property {name!r}; {did_you_mean(name, [p.name for p in PROPERTIES])}"
    )


def _load(path: Path) -> Entry:
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    spec = importlib.util.spec_from_file_location(f"_variant_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # annotations are looked up there
    try:
        spec.loader.exec_module(module)
    except ModelError:
        raise
    except SyntaxError as error:
        raise ModelError(
            f"syntax error: {error.msg}",
            "mend the line",
            where=Location(str(path), error.lineno or 1),
            subject="",
        ) from None
    except Exception as error:  # the author's own code: any mistake of theirs may come out
        raise ModelError(
            f"{type(error).__name__}: {error}",
            "the variant must import without errors",
            where=_line_in(path, error),
            subject="",
        ) from None
    design = getattr(module, "design", None)
    if not isinstance(design, Design):
        raise ModelError(
            "the file defines no design",
            "end it with `design = <neighbour>.design.variant(...)`",
            where=Location(str(path), 1),
            subject="",
        )
    return Entry(design, path.resolve().parent / _COUNTEREXAMPLES / design.name)


def _line_in(path: Path, error: Exception) -> Location:
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return Location(str(path), (lines[-1] if lines else 1) or 1)
