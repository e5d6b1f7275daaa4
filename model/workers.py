"""Designs checked by several processes of this machine at once.

Each is a copy of this one, made before its first design. Threads would wait for each other
whenever they are not in the kernel.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self, TypeAlias

from model.engines.memory import shares
from model.engines.result import Limits, Progress
from model.sending import Answer, answer_of

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess

    from model.checker import Result

_EVERY = 0.1
"""Seconds between two words of how far a search is."""

Check: TypeAlias = Callable[[int, Limits], "list[Result]"]
"""Checks the design of that number."""
Tell: TypeAlias = Callable[[int, int, Progress], None]
"""Called every so often with a worker, the design it checks and how far it is, by their numbers."""


class NoAnswer(NamedTuple):
    """Why a design has not been checked; nothing if the run was stopped before."""

    why: str = ""


class Raised(Exception):
    """The check of design ``number`` has raised something, which is not sent."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class _Flag(Protocol):
    """A byte that several processes see."""

    value: int


def possible() -> bool:
    """Whether this system makes copies of processes."""
    return "fork" in multiprocessing.get_all_start_methods()


# -- in a worker ---------------------------------------------------------------------------------


class _Work:
    """What a worker does, until there is nothing more to do."""

    def __init__(
        self,
        check: Check,
        limits: Limits,
        stop: _Flag,
        pipe: Connection,
        others: Sequence[Connection],
    ) -> None:
        self._check = check
        self._limits = replace(limits, progress=self._look)
        self._stop = stop
        self._pipe = pipe
        self._others = others
        self._parent = os.getpid()
        self._next = 0.0

    def __call__(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who made this one tells it to stop
        for other in self._others:  # copies of what only that one should have
            other.close()
        with contextlib.suppress(EOFError, BrokenPipeError):  # nobody is there any more
            while True:
                self._pipe.send(self._answer(self._pipe.recv()))

    def _answer(self, number: int) -> Answer | NoAnswer | None:
        try:
            return answer_of(self._check(number, self._limits))
        except KeyboardInterrupt:  # not in the engine, which answers with what it has
            return NoAnswer()
        except Exception:  # noqa: BLE001  # whatever it is, it is raised again where it is seen
            return None

    def _look(self, progress: Progress) -> None:
        if self._stop.value or os.getppid() != self._parent:
            raise KeyboardInterrupt
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY
            self._pipe.send(progress)


# -- here ----------------------------------------------------------------------------------------


class _Worker:
    """A process, and the number of the design that it checks, if it does."""

    def __init__(self, number: int, process: ForkProcess, pipe: Connection) -> None:
        self.number = number
        self.process = process
        self.pipe = pipe
        self.doing: int | None = None

    def end(self) -> None:
        self.process.terminate()
        self.process.join()
        self.pipe.close()


class Workers:
    """So many processes that do ``check``; they end with the ``with`` statement.

    Ctrl-C ends the searches that run, which answer with what they have. If it comes again, it is
    raised.
    """

    def __init__(self, check: Check, limits: Limits, count: int, tell: Tell | None = None) -> None:
        self._fork = multiprocessing.get_context("fork")
        self._check = check
        self._limits = [limits] * count
        if limits.memory:
            all_ = shares(limits.memory, count, self._fork)
            self._limits = [replace(limits, memory=share) for share in all_]
        self._tell = tell
        self._stop: _Flag = self._fork.RawValue("b", 0)
        self._before = signal.getsignal(signal.SIGINT)
        self._all: list[_Worker] = []

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # nobody else hears of Ctrl-C
            signal.signal(signal.SIGINT, self._interrupt)
        for number in range(len(self._limits)):
            self._all.append(self._begin(number))
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._all:
            worker.end()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, *_: object) -> None:
        if self._stop.value:
            raise KeyboardInterrupt
        self._stop.value = 1

    def _begin(self, number: int) -> _Worker:
        here, there = self._fork.Pipe()
        others = [here, *(w.pipe for w in self._all if not w.pipe.closed)]
        work = _Work(self._check, self._limits[number], self._stop, there, others)
        process = self._fork.Process(target=work, daemon=True)
        process.start()
        there.close()
        return _Worker(number, process, here)

    def answers(self, jobs: int) -> Iterator[tuple[int, Answer | NoAnswer]]:
        """By number below ``jobs``, each answer as it comes. Raises Raised."""
        left = deque(range(jobs))
        for worker in self._all:
            self._hand_out(worker, left)
        while busy := [(worker, job) for worker in self._all if (job := worker.doing) is not None]:
            ready = wait([worker.pipe for worker, _ in busy])
            for worker, job in [some for some in busy if some[0].pipe in ready]:
                said = self._said(worker, job)
                if said is not None:
                    self._hand_out(self._all[worker.number], left)
                    yield job, said
        for number in left:
            yield number, NoAnswer()

    def _hand_out(self, worker: _Worker, left: deque[int]) -> None:
        worker.doing = None
        if left and not self._stop.value:
            worker.doing = left.popleft()
            with contextlib.suppress(BrokenPipeError):  # if it has died, it is found out below
                worker.pipe.send(worker.doing)

    def _said(self, worker: _Worker, job: int) -> Answer | NoAnswer | None:
        """What a worker answers; None if it only tells how far it is. Who has died is replaced."""
        try:
            said: Answer | NoAnswer | Progress | None = worker.pipe.recv()
        except (EOFError, ConnectionResetError):
            worker.process.join()
            worker.end()
            self._all[worker.number] = self._begin(worker.number)
            return NoAnswer(f"its process {_ending(worker.process.exitcode)}")
        if isinstance(said, Progress):
            if self._tell:
                self._tell(worker.number, job, said)
            return None
        if said is None:
            raise Raised(job)
        return said


def _ending(code: int | None) -> str:
    """How a process has ended, as the system tells it."""
    with contextlib.suppress(ValueError):
        return f"was killed by {signal.Signals(-(code or 0)).name}"
    return f"ended with code {code}"
