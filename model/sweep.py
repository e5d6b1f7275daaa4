"""Many designs, several of them at once where that pays."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

from model.catalogue import Entry, UsageError
from model.checker import Outcome, Result
from model.engines.kernel.native import library
from model.engines.result import Limits, Progress, Verdict
from model.engines.search import INTERRUPTED
from model.judging import Engine
from model.linux.design import Size
from model.resuming import path_of

Check = Callable[[Entry, Limits], list[Result]]
Tell = Callable[[str, Progress], None]
"""Called every so often with a design's name and how far the engine is with it."""


def jobs_for(engine: Engine, wished: int | None, designs: int) -> int | None:
    """How many threads check designs: as wished, or as many as there are cores; None for Z3.

    The kernel leaves Python to others while it searches; nothing else does, and Z3 takes no
    second caller. Raises UsageError for a wish that cannot be met.
    """
    if engine is not Engine.BFS:
        if wished is not None and wished > 1:
            raise UsageError(f"--engine {engine} checks one design at a time: leave --jobs out")
        return None
    if wished is None and library() is None:
        return 1
    return max(1, min(wished or _cores(), designs))


def _cores() -> int:
    """How many cores this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def sweep(
    entries: Sequence[Entry],
    check: Check,
    limits: Limits,
    jobs: int | None,
    tell: Tell | None = None,
) -> Outcome:
    """Check ``entries``, in so many threads; the results are in their order.

    Ctrl-C ends the searches that run, which answer with what they have; designs that were not
    begun are skipped. In a thread it comes between two steps of a search, never within one. Raises
    KeyboardInterrupt if nothing is known yet.
    """
    stop = threading.Event()

    def one(entry: Entry) -> list[Result]:
        if stop.is_set():
            return []

        def look(progress: Progress) -> None:
            if stop.is_set():
                raise KeyboardInterrupt
            if tell:
                tell(entry.design.name, progress)

        try:
            return check(entry, replace(limits, progress=look))
        except KeyboardInterrupt:  # not in the engine, which answers with what it has
            stop.set()
            return []

    if jobs is None:
        found = [_one_by_one(one, entry, stop) for entry in entries]
    else:
        found = _at_once(one, entries, jobs, stop)
    results = [result for some in found for result in some]
    if stop.is_set() and not results:
        raise KeyboardInterrupt
    skipped = [entry.design.name for entry, some in zip(entries, found, strict=True) if not some]
    return Outcome(tuple(results), tuple(skipped))


def clear(folder: Path, entries: Iterable[Entry], size: Size, outcome: Outcome) -> list[str]:
    """Remove the files of a run that has decided everything; says what there is to know."""
    reports = {result.design.name: result.report for result in outcome.results}
    notes = [
        f"{name}: nothing was added to its checkpoint: {report.unsaved}"
        for name, report in reports.items()
        if report.unsaved
    ]
    paths = [path_of(folder, entry, size) for entry in entries]
    if outcome.skipped or any(r.verdict is Verdict.UNDETERMINED for r in outcome.results):
        if any(path.exists() for path in paths):
            notes.append(f"the same command goes on from what is in {folder}")
        return notes
    for path in paths:
        path.unlink(missing_ok=True)
    return notes


def _one_by_one(
    one: Callable[[Entry], list[Result]], entry: Entry, stop: threading.Event
) -> list[Result]:
    results = one(entry)
    if results and results[-1].report.stopped == INTERRUPTED:
        stop.set()
    return results


def _at_once(
    one: Callable[[Entry], list[Result]],
    entries: Sequence[Entry],
    jobs: int,
    stop: threading.Event,
) -> list[list[Result]]:
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(one, entry) for entry in entries]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            if any(future.exception() for future in done):  # it is raised below
                stop.set()
        except KeyboardInterrupt:
            stop.set()
    return [future.result() for future in futures]
