"""What there is to check: designs by name or file, properties by name, and what is expected."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

import counterexamples as committed
from model.designs import DESIGNS, FAMILIES
from model.engines.result import Verdict
from model.lang import Kind, Location, ModelError, Property, did_you_mean
from model.linux.design import Design, Size
from model.traces.itf import Document, read
from properties import PROPERTIES
from properties.lemmas import LEMMAS

_COUNTEREXAMPLES = "counterexamples"
_ENDING = ".itf.json"
_LISTED = "`python -m model list` names them"


class UsageError(Exception):
    """A request that cannot be met as it was put; the message says what to ask instead."""


@dataclass(frozen=True, eq=False)
class Entry:
    """A design that can be checked.

    ``home`` is the folder of its expected counterexamples; without one everything should hold.
    ``file`` is the variant's file as it was named, if the design comes from one, and ``own`` are
    the properties that are defined there.
    """

    design: Design
    home: Path | None
    file: Path | None = None
    own: tuple[Property, ...] = ()

    def recorded(self, name: str) -> Path | None:
        """The committed counterexample for property ``name``, if there is one."""
        if self.home is None or name not in self._expected:
            return None
        return self.home / f"{name}{_ENDING}"

    def expectation(self, name: str) -> Document | None:
        """What the committed counterexample for property ``name`` says, if there is one.

        Raises TraceFileError for a file that is none.
        """
        path = self.recorded(name)
        return read(path.read_bytes(), path) if path else None

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

    def __str__(self) -> str:
        return self.design.name

    @cached_property
    def _expected(self) -> frozenset[str]:
        if self.home is None:
            return frozenset()
        return frozenset(path.name.removesuffix(_ENDING) for path in self.home.glob(f"*{_ENDING}"))


def counterexamples() -> Path:
    """The folder of the committed counterexamples, beside the code or installed with it."""
    return Path(committed.__path__[0])


def entries(families: Iterable[str] = FAMILIES) -> tuple[Entry, ...]:
    """The designs of these families (all of them, if none are named), in their order."""
    return tuple(
        Entry(design, counterexamples() / design.name)
        for family in families
        for design in FAMILIES[family]
    )


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
        f"there is no design {name!r} (a variant of your own is given as the path of its .py "
        f"file); {did_you_mean(name, [d.name for d in DESIGNS], _LISTED)}"
    )


def find_all(names: Sequence[str], families: Iterable[str] = FAMILIES) -> list[Entry]:
    """The designs of these names and files or, if there are none, of these families.

    Raises UsageError and ModelError as ``find`` does, and UsageError for two designs of one name:
    nobody could tell their results apart.
    """
    found = [find(name) for name in dict.fromkeys(names)] if names else list(entries(families))
    name, times = Counter(entry.design.name for entry in found).most_common(1)[0]
    if times > 1:
        raise UsageError(f"{times} of the designs are called {name!r}; give each its own name")
    return found


def find_property(name: str, own: Sequence[Property] = ()) -> Property:
    """The property called ``name``: one of ours, or a variant's ``own``.

    Raises UsageError for an unknown one, and for one of the variant's that is called like ours.
    """
    known = {item.name: item for item in (*LEMMAS, *PROPERTIES)}
    mine = {item.name: item for item in own}
    if name in mine:
        if known.get(name, mine[name]) is not mine[name]:
            raise UsageError(f"{name} is one of our properties as well; call yours something else")
        return mine[name]
    if name in known:
        return known[name]
    names = [item.name for item in (*own, *PROPERTIES)]
    longer = [known for known in names if name in known]
    mend = f"did you mean {' or '.join(longer)}?" if longer else did_you_mean(name, names, _LISTED)
    raise UsageError(f"there is no property {name!r}; {mend}")


def find_lemma(name: str, entry: Entry) -> Property:
    """The property called ``name`` that a proof of ``entry`` may rest on once it is proved.

    Raises UsageError for an unknown one, and for one that is no condition on each state.
    """
    found = find_property(name, entry.own)
    if found.kind is not Kind.INVARIANT:
        raise UsageError(
            f"{name} can be no lemma: that is an @invariant, a condition on each state by itself"
        )
    return found


def _load(path: Path) -> Entry:
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name the variant's .py file in it")
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    if path.suffix != ".py":
        raise UsageError(f"{path} is no Python file; its name must end in .py")
    module = ModuleType(f"_variant_{str(path.resolve()).replace('.', '_')}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # annotations are looked up there
    try:
        # Compiled here: a cached .pyc would hide a change made within the same second.
        code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        # What the variant prints is for its author, not part of the results on stdout.
        with contextlib.redirect_stdout(sys.stderr):
            exec(code, module.__dict__)  # noqa: S102  # it is what the user asked to run
    except SyntaxError as error:
        raise ModelError(
            f"syntax error: {error.msg}",
            "mend the line",
            where=Location(error.filename or str(path), error.lineno or 1),
            subject="",
        ) from None
    except ModelError as error:
        # A call such as design.variant() is ours; the line that is at fault is the author's.
        if error.where is not None and error.where.file == str(path):
            raise
        where = _line_in(path, error)
        raise ModelError(error.wrong, error.instead, where=where, subject=error.subject) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001  # the author's own code: anything
        told = " ".join(f"{type(error).__name__}: {error}".split())
        raise ModelError(
            told,
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
    own = tuple(item for item in vars(module).values() if isinstance(item, Property))
    return Entry(design, path.resolve().parent / _COUNTEREXAMPLES / design.name, path, own)


def _line_in(path: Path, error: BaseException) -> Location:
    """The last line of the file ``path`` that ``error`` passed through."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return Location(str(path), (lines[-1] if lines else 1) or 1)
