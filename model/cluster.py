"""Designs checked by the workers of a Dask cluster."""

from __future__ import annotations

import functools
import logging
import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from model.catalogue import Entry, UsageError, find, find_property
from model.checker import Outcome, Result, check_entry
from model.edition import edition
from model.engines.memory import Budget
from model.engines.result import Limits, Progress
from model.judging import Effort, Engine
from model.linux.design import Size
from model.sending import Answer, answer_of, results_of
from model.sweep import Job, titles_of

if TYPE_CHECKING:
    import distributed

_PATIENCE = 20  # seconds for a scheduler to answer and for a first worker to join


@dataclass(frozen=True)
class Task:
    """What a worker is asked: all of it plain, so that it can be sent.

    ``variant`` is the text of the file ``design``, unless that is the name of one of ours.
    ``memory`` is the bound in bytes, and as it was written.
    """

    edition: str
    design: str
    variant: bytes | None
    properties: tuple[str, ...]
    size: Size
    max_states: int | None
    timeout: float | None
    memory: tuple[int, str] | None
    effort: Effort


class Outdated(Exception):
    """A worker that has another edition of this project."""


# -- on a worker -------------------------------------------------------------------------------


def work(task: Task) -> Answer:
    """Check one design. Raises Outdated, and what ``check_entry`` does."""
    from distributed import get_worker

    here = get_worker()
    if edition() != task.edition:
        raise Outdated(f"the worker {here.address} has version {edition()}, not {task.edition}")
    own = here.get_current_task()

    def look(_: Progress) -> None:
        """Stop if nobody waits for the answer any more."""
        if own not in here.state.tasks or here.state.tasks[own].state == "cancelled":
            raise KeyboardInterrupt

    memory = _shared(*task.memory) if task.memory else None
    limits = Limits(task.max_states, task.timeout, memory, look)
    with tempfile.TemporaryDirectory() as folder:
        entry = _entry(task, Path(folder))
        chosen = [find_property(name) for name in task.properties]
        results = list(check_entry(entry, chosen, task.size, Engine.BFS, limits, task.effort))
    return answer_of(results)


@functools.cache
def _shared(most: int, words: str) -> Budget:
    """One bound for all searches of this worker."""
    return Budget(most, words)


def _entry(task: Task, folder: Path) -> Entry:
    if task.variant is None:
        return find(task.design)
    path = folder / task.design
    path.write_bytes(task.variant)
    return find(str(path))


def _by_value() -> Callable[[bytes], bytes]:
    """``work`` for pickled tasks, as a function that a worker gets whole.

    Being no part of a module, it is sent with its code. What a worker, or the scheduler, must
    import to read a message at all, it would die of if this project were not there.
    """

    def there(task: bytes) -> bytes:
        import pickle

        from distributed import get_worker

        try:
            from model.cluster import work
        except ImportError as error:
            raise ImportError(f"the worker {get_worker().address} says: {error}") from None
        return pickle.dumps(work(pickle.loads(task)))  # noqa: S301  # Dask itself is no safer

    return there


# -- here --------------------------------------------------------------------------------------


def check_on_cluster(
    address: str,
    jobs: Sequence[Job],
    properties: tuple[str, ...],
    limits: Limits,
    effort: Effort,
    tell: Callable[[int, int], None] | None = None,
) -> tuple[Outcome, list[str]]:
    """Have the cluster whose scheduler is at ``address`` do ``jobs``.

    The results are in their order; what else there is to know comes as notes. A job whose worker
    dies is done by another one. ``tell`` is called with how many jobs are done, and how many
    workers there are. Raises UsageError for a cluster that is of no use,
    KeyboardInterrupt if nothing is known yet, and what ``check_entry`` raises.
    """
    memory = (limits.memory.most, str(limits.memory)) if limits.memory else None

    def task(job: Job) -> Task:
        name, variant = _sent(job.entry)
        cut = limits.max_states, limits.timeout, memory
        return Task(edition(), name, variant, properties, job.size, *cut, effort)

    with _client(address) as client:
        run = uuid4().hex  # keys of other runs are other questions
        asked = {f"{job.entry.design.name}-{k}-{run}": job for k, job in enumerate(jobs)}
        titles = dict(zip(asked, titles_of(jobs), strict=True))
        ask = _by_value()
        futures = [
            client.submit(ask, pickle.dumps(task(job)), key=key) for key, job in asked.items()
        ]
        found: dict[str, list[Result]] = {}
        notes: list[str] = []
        try:
            for done, (key, answer) in enumerate(_answers(client, futures), 1):
                if isinstance(answer, str):
                    notes.append(f"{titles[key]}: not checked: {answer}")
                else:
                    found[key] = list(results_of(*asked[key], answer))
                if tell:
                    tell(done, len(client.nthreads()))
        except KeyboardInterrupt:
            if not found:
                raise
            left = [titles[key] for key in asked if key not in found]
            notes.append(f"interrupted; not checked: {', '.join(left)}")
        finally:
            client.cancel(futures, force=True)
    skipped = tuple(titles[key] for key in asked if key not in found)
    return Outcome(tuple(r for key in asked for r in found.get(key, [])), skipped), notes


def _client(address: str) -> distributed.Client:
    try:
        import distributed
    except ImportError:
        raise UsageError(
            "--cluster needs Dask: pip install 'dma-ownership-checker[cluster]'"
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # workers may come and go
    try:
        client = distributed.Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"no scheduler answers at {address} ({error}); start one with `dask scheduler`"
        ) from None
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError:
        client.close()
        raise UsageError(
            f"the scheduler at {address} has no worker; start one with `dask worker {address}`"
        ) from None
    return client


def _sent(entry: Entry) -> tuple[str, bytes | None]:
    """How a worker is told of ``entry``: by its name, or as a file."""
    if entry.file is None:
        return entry.design.name, None
    return entry.file.name, entry.file.read_bytes()


def _answers(
    client: distributed.Client, futures: Sequence[Any]
) -> Iterator[tuple[str, Answer | str]]:
    """By key, each answer as it comes, or why there is none."""
    import distributed

    for future in distributed.as_completed(futures, loop=client.loop):
        try:
            yield future.key, pickle.loads(future.result())  # noqa: S301  # as above
        except distributed.KilledWorker as error:
            yield future.key, f"each of {error.allowed_failures + 1} workers has died of it"
        except (Outdated, ImportError, AttributeError) as error:
            raise UsageError(f"{error}; install the same version of this project there") from None
