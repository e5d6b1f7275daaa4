"""Many designs at several sizes, several of them at once where that pays."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from model.catalogue import Entry, UsageError
from model.checker import Outcome, Result
from model.engines.kernel.native import library
from model.engines.result import Limits, Progress, Verdict
from model.engines.search import INTERRUPTED
from model.judging import Engine
from model.linux.design import Size
from model.resuming import path_of


class Job(NamedTuple):
    """One design at one size."""

    entry: Entry
    size: Size


Check = Callable[[Job, Limits], list[Result]]
Tell = Callable[[str, Progress], None]
"""Called every so often with a job's title and how far the engine is with it."""


def titles_of(jobs: Sequence[Job]) -> list[str]:
    """What to call each job: its design, with the size if there are several of them."""
    several = len({job.size for job in jobs}) > 1
    return [f"{job.entry} ({job.size})" if several else str(job.entry) for job in jobs]


def threads_for(engine: Engine, wished: int | None, jobs: int) -> int | None:
    """How many threads do the jobs: as wished, or as many as there are cores; None for Z3.

    The kernel leaves Python to others while it searches; nothing else does, and Z3 takes no
    second caller. Raises UsageError for a wish that cannot be met.
    """
    if engine is not Engine.BFS:
        if wished is not None and wished > 1:
            raise UsageError(f"--engine {engine} checks one design at a time: leave --jobs out")
        return None
    if wished is None and library() is None:
        return 1
    return max(1, min(wished or _cores(), jobs))


def _cores() -> int:
    """How many cores this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def sweep(
    jobs: Sequence[Job],
    check: Check,
    limits: Limits,
    threads: int | None,
    tell: Tell | None = None,
) -> Outcome:
    """Do ``jobs``, in so many threads; the results are in their order.

    Ctrl-C ends the searches that run, which answer with what they have; jobs that were not
    begun are skipped. In a thread it comes between two steps of a search, never within one. Raises
    KeyboardInterrupt if nothing is known yet.
    """
    stop = threading.Event()

    titles = titles_of(jobs)

    def one(number: int) -> list[Result]:
        if stop.is_set():
            return []

        def look(progress: Progress) -> None:
            if stop.is_set():
                raise KeyboardInterrupt
            if tell:
                tell(titles[number], progress)

        try:
            return check(jobs[number], replace(limits, progress=look))
        except KeyboardInterrupt:  # not in the engine, which answers with what it has
            stop.set()
            return []

    if threads is None:
        found = [_one_by_one(one, number, stop) for number in range(len(jobs))]
    else:
        found = _at_once(one, len(jobs), threads, stop)
    results = [result for some in found for result in some]
    if stop.is_set() and not results:
        raise KeyboardInterrupt
    skipped = [title for title, some in zip(titles, found, strict=True) if not some]
    return Outcome(tuple(results), tuple(skipped))


def clear(folder: Path, jobs: Iterable[Job], outcome: Outcome) -> list[str]:
    """Remove the files of a run that has decided everything; says what there is to know."""
    reports = {(r.design.name, r.asked_size): r.report for r in outcome.results}
    notes = [
        f"{name}: nothing was added to its checkpoint: {report.unsaved}"
        for (name, _), report in reports.items()
        if report.unsaved
    ]
    paths = [path_of(folder, *job) for job in jobs]
    if outcome.skipped or any(r.verdict is Verdict.UNDETERMINED for r in outcome.results):
        if any(path.exists() for path in paths):
            notes.append(f"the same command goes on from what is in {folder}")
        return notes
    for path in paths:
        path.unlink(missing_ok=True)
    return notes


def _one_by_one(
    one: Callable[[int], list[Result]], number: int, stop: threading.Event
) -> list[Result]:
    results = one(number)
    if results and results[-1].report.stopped == INTERRUPTED:
        stop.set()
    return results


def _at_once(
    one: Callable[[int], list[Result]], jobs: int, threads: int, stop: threading.Event
) -> list[list[Result]]:
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(one, number) for number in range(jobs)]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            if any(future.exception() for future in done):  # it is raised below
                stop.set()
        except KeyboardInterrupt:
            stop.set()
    return [future.result() for future in futures]
