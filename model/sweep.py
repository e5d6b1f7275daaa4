"""Many designs, several of them at once where that pays."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

from model.catalogue import Entry, UsageError
from model.checker import Outcome, Result
from model.engines.kernel.native import library
from model.engines.result import Limits, Progress
from model.judging import Engine

Check = Callable[[Entry, Limits], list[Result]]
Tell = Callable[[str, Progress], None]
"""Called every so often with a design's name and how far the engine is with it."""

_INTERRUPTED = "interrupted"


def jobs_for(engine: Engine, wished: int | None, designs: int) -> int:
    """How many designs are checked at once: as wished, or as many as there are cores.

    The kernel leaves Python to others while it searches; nothing else does, and Z3 takes no
    second caller. Raises UsageError for a wish that cannot be met.
    """
    if engine is not Engine.BFS:
        if wished is not None and wished > 1:
            raise UsageError(f"--engine {engine} checks one design at a time: leave --jobs out")
        return 1
    if wished is None and library() is None:
        return 1
    return max(1, min(wished or _cores(), designs))


def _cores() -> int:
    """How many cores this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def sweep(
    entries: Sequence[Entry], check: Check, limits: Limits, jobs: int, tell: Tell | None = None
) -> Outcome:
    """Check ``entries``, ``jobs`` at once; the results are in their order.

    Ctrl-C ends the searches that run, which answer with what they have; designs that were not
    begun are skipped. Raises KeyboardInterrupt if nothing is known yet.
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

    if jobs == 1:
        found = [_one_by_one(one, entry, stop) for entry in entries]
    else:
        found = _at_once(one, entries, jobs, stop)
    results = [result for some in found for result in some]
    if stop.is_set() and not results:
        raise KeyboardInterrupt
    skipped = [entry.design.name for entry, some in zip(entries, found, strict=True) if not some]
    return Outcome(tuple(results), tuple(skipped))


def _one_by_one(
    one: Callable[[Entry], list[Result]], entry: Entry, stop: threading.Event
) -> list[Result]:
    results = one(entry)
    if results and results[-1].report.stopped == _INTERRUPTED:
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
            wait(futures)
        except KeyboardInterrupt:
            stop.set()
    return [future.result() for future in futures]
