"""One session of measuring: every contender in turn, and no figure before the counts agree."""

from __future__ import annotations

import math
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.answers import Answer, Unlike
from benchmarks.contenders import OURS, Contender
from benchmarks.process import run
from benchmarks.subject import Exported, Failed, Subject, values

Tell = Callable[[str], None]
"""Says to whoever waits what is measured now."""
_ALL: frozenset[str] = frozenset()  # nothing left out of what is counted
_USAGE = 2  # what our own program exits with where a wish cannot be met


@dataclass(frozen=True)
class Measurement:
    """One run of one contender on a subject with so many ``devices``.

    ``build_seconds`` is for the commands before the search and ``run_seconds`` for the search's
    own process; ``search_seconds`` is the search alone as the checker itself says, or its process
    where it says only whole seconds. ``peak_bytes`` is of the search's process, and nothing below
    ``floor_bytes`` could be seen. ``stopped`` tells why there is no answer; then only the times of
    processes are known. ``vacuous`` names the properties that the checker calls so.
    """

    contender: str
    devices: int
    round: int
    build_seconds: float
    run_seconds: float
    stopped: str = ""
    search_seconds: float = 0.0
    peak_bytes: int = 0
    floor_bytes: int = 0
    states: int = 0
    transitions: int | None = None
    stored: int = 0
    vacuous: str = ""

    @property
    def whole_seconds(self) -> float:
        """From the export, or for ours from nothing, to the answer."""
        return self.build_seconds + self.run_seconds


def absent(contenders: Sequence[Contender], subject: Subject) -> Iterator[tuple[str, str]]:
    """The contenders that are not to be had here, each with the reason."""
    for contender in contenders:
        missing = contender.missing()
        if missing:
            yield contender.name, f"not there: {', '.join(missing)}"
        elif contender.checker == OURS:
            (command,) = contender.spelled(**values(subject))
            with tempfile.TemporaryDirectory() as folder:
                ran = run(command, Path(folder), timeout=600)
            if ran.code == _USAGE:
                yield contender.name, ran.said.strip().splitlines()[-1].removeprefix("error: ")


def compare(
    contenders: Sequence[Contender], asked: Exported, rounds: int, timeout: float, tell: Tell
) -> Iterator[Measurement]:
    """Every contender on one subject, one after the other, ``rounds`` times.

    Each round begins with another of them. Who is out of time once is not asked again. Raises
    Unlike if one of them finds other counts, and Failed if one does not run.
    """
    running = list(contenders)
    expected = {_ALL: asked.expected}
    for number in range(rounds):
        first = number % max(1, len(running))
        for contender in [*running[first:], *running[:first]]:
            tell(f"{asked.subject}, round {number + 1} of {rounds}: {contender.name}")
            one = measure(contender, asked, number, timeout)
            if one.stopped:
                running.remove(contender)
            else:
                agree(one, contender, expected)
            yield one


def grow(
    contenders: Sequence[Contender], subjects: Sequence[Subject], timeout: float, tell: Tell
) -> Iterator[Measurement]:
    """Our own contenders once on each of ``subjects``, smallest first, until out of time.

    Raises Unlike if two of them find other counts, and Failed.
    """
    running = [contender for contender in contenders if contender.checker == OURS]
    for subject in subjects:
        expected: dict[frozenset[str], Answer] = {}
        for contender in tuple(running):
            tell(f"{subject}: {contender.name}")
            unknown = Exported(subject, None, "", 1, Answer(0, None, 0, None))
            one = measure(contender, unknown, 0, timeout)
            if one.stopped:
                running.remove(contender)
            else:
                agree(one, contender, expected)
            yield one


def measure(contender: Contender, asked: Exported, number: int, timeout: float) -> Measurement:
    """Run ``contender`` once, in a folder of its own. Raises Unlike and Failed."""
    commands = contender.spelled(**values(asked.subject, asked.model, asked.expected.states))
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if asked.folder is not None:
            shutil.copytree(asked.folder, folder, dirs_exist_ok=True)
        for command in commands:
            ran = run(command, folder, timeout - math.fsum(seconds))
            seconds.append(ran.seconds)
            if ran.code != 0:  # the last command's code may be another
                break
    build = math.fsum(seconds[:-1])
    begun = Measurement(contender.name, asked.subject.devices, number, build, ran.seconds)
    if ran.code is None:
        return replace(begun, stopped=f"more than {timeout:g} s")
    if ran.code < 0:  # by a signal; where memory runs out, by the system's
        return replace(begun, stopped=f"killed by {signal.Signals(-ran.code).name}")
    if ran.code and (command is not commands[-1] or ran.code not in contender.codes):
        raise Failed.of(command, ran)
    found = contender.read(ran.said, asked.starts)
    return replace(
        begun,
        search_seconds=ran.seconds if found.seconds is None else found.seconds,
        peak_bytes=ran.peak_bytes,
        floor_bytes=ran.floor_bytes,
        states=found.states,
        transitions=found.transitions,
        stored=found.stored,
        vacuous=found.vacuous,
    )


def agree(one: Measurement, contender: Contender, expected: dict[frozenset[str], Answer]) -> None:
    """Raise Unlike unless a run has found as many states and transitions as others have.

    ``expected`` has, by what makes a contender count ``fewer``, what the first of them has found;
    whoever comes first is entered. Whoever leaves out more may not find more, and the verdicts of
    all of ours are the same.
    """
    first = Answer(one.states, one.transitions, one.stored, None, one.vacuous)
    same = expected.setdefault(contender.fewer, first)
    counts = one.states, one.transitions
    if counts not in ((same.states, same.transitions), (same.states, None)):
        raise Unlike(
            f"{one.contender} counts {one.states} states and {one.transitions} transitions with "
            f"{one.devices} devices, not {same.states} and {same.transitions}"
        )
    for fewer, other in expected.items():
        if fewer < contender.fewer and one.states > other.states:
            without = f"without {' and '.join(sorted(contender.fewer - fewer))}"
            raise Unlike(f"{one.contender} counts more states than {without}: {one.states}")
        if contender.checker == OURS and one.vacuous != other.vacuous:
            told = f"{one.vacuous or 'nothing'} vacuous, others {other.vacuous or 'nothing'}"
            raise Unlike(f"{one.contender} calls {told}")
