"""Many designs at several sizes, several of them at once where that pays."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from model.catalogue import Entry, UsageError
from model.checker import Outcome, Result
from model.engines.result import Limits, Progress, Verdict
from model.engines.search import INTERRUPTED
from model.judging import Engine
from model.linux.design import Size
from model.resuming import path_of
from model.sending import Answer, results_of
from model.workers import Raised, Workers, possible


class Job(NamedTuple):
    """One design at one size."""

    entry: Entry
    size: Size


Check = Callable[[Job, Limits], list[Result]]
Tell = Callable[[int, str, Progress], None]
"""Called every so often with who does a job, the job's title and how far the engine is with it."""


def titles_of(jobs: Sequence[Job]) -> list[str]:
    """What to call each job: its design, with the size if there are several of them."""
    several = len({job.size for job in jobs}) > 1
    return [f"{job.entry} ({job.size})" if several else str(job.entry) for job in jobs]


def workers_for(engine: Engine, wished: int | None, jobs: int) -> int:
    """How many processes do the jobs: as wished, or as many as there are cores; one for Z3.

    Raises UsageError for a wish that cannot be met.
    """
    if engine is not Engine.BFS:
        if wished is not None and wished > 1:
            raise UsageError(f"--engine {engine} checks one design at a time: leave --jobs out")
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
    workers: int = 1,
    tell: Tell | None = None,
) -> Outcome:
    """Do ``jobs``, in so many processes; the results are in their order.

    Ctrl-C ends the searches that run, which answer with what they have; jobs that were not
    begun are skipped, and so is one whose process has died. Raises KeyboardInterrupt if nothing
    is known yet, and what ``check`` raises.
    """
    titles = titles_of(jobs)
    if workers > 1 and possible():
        found, died = _at_once(jobs, check, limits, workers, titles, tell)
    else:
        found, died = _one_by_one(jobs, check, limits, titles, tell), {}
    results = [result for some in found for result in some]
    if not results and not died:
        raise KeyboardInterrupt
    skipped = [
        f"{title} ({died[number]})" if number in died else title
        for number, (title, some) in enumerate(zip(titles, found, strict=True))
        if not some
    ]
    return Outcome(tuple(results), tuple(skipped))


def _one_by_one(
    jobs: Sequence[Job],
    check: Check,
    limits: Limits,
    titles: Sequence[str],
    tell: Tell | None,
) -> list[list[Result]]:
    """The results of each job, in this process; none of those behind one that was interrupted."""
    found: list[list[Result]] = [[] for _ in jobs]
    for number, job in enumerate(jobs):
        progress = functools.partial(tell, 0, titles[number]) if tell else None
        try:
            found[number] = check(job, replace(limits, progress=progress))
        except KeyboardInterrupt:  # not in the engine, which answers with what it has
            break
        if found[number] and found[number][-1].report.stopped == INTERRUPTED:
            break
    return found


def _at_once(
    jobs: Sequence[Job],
    check: Check,
    limits: Limits,
    workers: int,
    titles: Sequence[str],
    tell: Tell | None,
) -> tuple[list[list[Result]], dict[int, str]]:
    """The results of each job, and by number why a process has died of it."""
    found: list[list[Result]] = [[] for _ in jobs]
    died: dict[int, str] = {}

    def one(number: int, limits: Limits) -> list[Result]:
        return check(jobs[number], limits)

    def told(worker: int, number: int, progress: Progress) -> None:
        if tell:
            tell(worker, titles[number], progress)

    with Workers(one, limits, workers, told) as all_:
        try:
            for number, answer in all_.answers(len(jobs)):
                if isinstance(answer, Answer):
                    found[number] = list(results_of(*jobs[number], answer))
                elif answer.why:
                    died[number] = answer.why
        except Raised as raised:
            number = raised.number
        else:
            return found, died
    check(jobs[number], limits)  # so that it is raised here
    raise AssertionError(f"{titles[number]} could be checked here, but not by a worker")


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
