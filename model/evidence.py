"""Counterexamples as files: written for people and for tools, read back and replayed."""

from __future__ import annotations

from pathlib import Path

from model.catalogue import Entry
from model.checker import Result
from model.lang import Kind, Property
from model.lang.reference import evaluate, is_enabled
from model.linux.design import Size
from model.report.race import render
from model.traces.document import Document, TraceFileError
from model.traces.itf import dumps
from model.traces.trace import NotARun, Trace, replay

HIDDEN = ("stage",)
"""Fields that a race table leaves out, because the function names say the same."""


def files(result: Result, folder: Path) -> dict[Path, str]:
    """The two files of a violated result's counterexample, by their path below ``folder``."""
    trace = result.finding.trace
    if trace is None:
        return {}
    stem = folder / result.asked.name
    return {
        stem.with_name(f"{stem.name}.txt"): text(trace, result.design.name, result.asked),
        stem.with_name(f"{stem.name}.itf.json"): dumps(
            trace, meta(result.design.name, result.asked, result.size)
        ),
    }


def meta(design: str, asked: Property, size: Size) -> dict[str, object]:
    """What an ITF file says of itself."""
    return {
        "description": f"{design} violates {asked.name}: {asked.broken}",
        "design": design,
        "property": asked.name,
        "devices": size.devices,
        "hotplug": size.hotplug,
        "groups": size.groups,
    }


def text(trace: Trace, design: str, asked: Property) -> str:
    """A counterexample for people: a race table, ready to be pasted into a mail."""
    return render(
        trace, title=f"{design} violates {asked.name}", sentence=asked.broken, hide=HIDDEN
    )


def size_of(document: Document) -> Size:
    """The size that a trace was found at. Raises TraceFileError and ModelError."""
    return Size(*(document.about(key, int) for key in ("devices", "hotplug", "groups")))


def bind(document: Document, entry: Entry, asked: Property) -> Trace:
    """The trace of ``document`` as a run of its design that breaks ``asked``.

    Every step is taken again. Raises TraceFileError if it is no run, naming the step, or if it
    does not end where the property breaks.
    """
    trace = document.bind(entry.design.system(size_of(document)))
    try:
        replay(trace)
    except NotARun as error:
        raise TraceFileError(
            document.path, f"it is no run of {entry.design.name}: {error}"
        ) from None
    if not _breaks(trace, asked):
        raise TraceFileError(
            document.path,
            f"it is a run of {entry.design.name}, but its end does not break {asked.name}",
        )
    return trace


def _breaks(trace: Trace, asked: Property) -> bool:
    system, last = trace.system, trace.states[-1]
    if asked.kind is Kind.INVARIANT:
        return not evaluate(asked.ground(system).that, system, last)
    if asked.kind is Kind.DEADLOCK:
        return not any(is_enabled(action, system, last) for action in system.actions)
    if asked.kind is Kind.TYPES:
        return trace.stuck_on is not None
    # Whether a state can be left for a goal is a matter of all runs from it: only a search tells.
    return True
