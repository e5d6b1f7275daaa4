"""The lines on a terminal that tell how far each search is."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

import click

from model.engines.result import Progress

_RATE = 5  # seconds over which states are counted for their rate


@contextlib.contextmanager
def progress() -> Iterator[Callable[[int, str, Progress], None] | None]:
    """Lines on a terminal that say how far each worker's engine is; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    running: dict[int, _Watched] = {}
    with contextlib.ExitStack() as stack:
        shows: list[Callable[[str], None]] = []

        def tell(worker: int, name: str, p: Progress) -> None:
            if not shows:  # not before there is something: it is a thread, and processes are copied
                shows.append(stack.enter_context(_line("")))
            if worker not in running or running[worker].name != name:
                running[worker] = _Watched(name, p)
            running[worker].see(p)
            shows[0]("\n".join(map(str, running.values())))

        yield tell


@contextlib.contextmanager
def answers(jobs: int) -> Iterator[Callable[[int, int], None] | None]:
    """A line on a terminal that says how many of the ``jobs`` are done, and by how many workers."""
    if not sys.stderr.isatty():
        yield None
        return
    with _line(f"0 of {jobs} done") as show:
        yield lambda done, workers: show(
            f"{done} of {jobs} done, {workers} worker{'s' * (workers != 1)}"
        )


@contextlib.contextmanager
def _line(first: str) -> Iterator[Callable[[str], None]]:
    """What a terminal shows until something else is to be shown, and not afterwards."""
    from rich.console import Console  # slow to import, so only where somebody watches

    plain = click.get_current_context().color is False
    with Console(stderr=True, no_color=plain or None).status(first) as status:
        yield status.update


class _Watched:
    """A running search, as a line that tells how far it is."""

    def __init__(self, name: str, first: Progress) -> None:
        self.name = name
        self._last = first
        self._since = [first]

    def see(self, now: Progress) -> None:
        """Tell of ``now``; the rate is that of the last seconds."""
        self._last = now
        if now.seconds - self._since[-1].seconds >= 1:
            self._since = [*self._since[-_RATE:], now]

    def __str__(self) -> str:
        last, first = self._last, self._since[0]
        told = [f"{self.name}: {last.states:,} states"]
        if last.seconds > first.seconds:
            rate = (last.states - first.states) / (last.seconds - first.seconds)
            told.append(f"{rate:,.0f}/s")
        if last.frontier is not None:
            told.append(f"frontier {last.frontier:,}")
        told.append(f"depth {last.depth}")
        if last.allocated is not None:
            told.append(f"{last.allocated / 2**20:,.0f} MiB")
        return ", ".join([*told, f"{last.seconds:.1f} s"])
