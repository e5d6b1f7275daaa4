"""The measured part of docs/benchmarks.md, made of a record."""

from __future__ import annotations

from collections.abc import Iterator

from tabulate import tabulate

from benchmarks.contenders import OURS
from benchmarks.figures import Figure, best, of, ratio, short, spread
from benchmarks.record import Record
from benchmarks.session import Measurement

START = "<!-- measured: make bench rewrites what follows -->\n"
_MIB = 2**20
_NONE = "-"


def page(before: str, record: Record) -> str:
    """The page that was ``before``, with what ``record`` tells for its measured part."""
    return f"{before.partition(START)[0]}{START}\n" + "\n\n".join(_parts(record)) + "\n"


def _parts(record: Record) -> Iterator[str]:
    yield _circumstances(record)
    yield f"## Ratios at {_many(record.largest, 'device')}"
    yield _LEGEND
    yield _table(["", *(head for head, _, _ in _AGAINST)], list(_ratios(record)))
    yield "## What was aimed at"
    yield _AIMED
    yield _table(["", "aim", "measured"], list(_aims(record)))
    yield "![Speed, time and memory against the number of devices](benchmarks.svg)"
    for devices in record.sizes:
        yield from _size(record, devices)
    yield "## Growth"
    yield _GROWTH
    yield "![States stored, time and memory against the number of devices](growth.svg)"
    yield from _growth(record)
    yield "## Commands"
    yield _COMMANDS
    for contender in record.contenders():
        lines = "\n".join(f"    {line}" for line in contender.commands)
        yield f"{contender.name}:\n\n{lines.replace('{python}', 'python')}"


_LEGEND = """\
How many times as long, or as much memory, the others take as each of ours: the median over the
rounds, with the least and the greatest. *Search* is against the fastest setting of each; *whole*
is from the export, or for ours from nothing, to the verdict; *memory* is the peak of the whole
process, against the setting that needs least."""
_AIMED = """\
The aims are for about a million states. Each is against that setting of the other whose search is
the fastest, also where memory is compared."""
_GROWTH = """\
Ours alone, each size once and every contender until it is out of time. *States* counts all that
there are, *stored* what was kept for them, and *x* how many times as many these are as one device
before. *By counting* is what the law above says of the second *x*, given the first."""
_COMMANDS = """\
In braces stand the size and the properties as options, the name of the exported file, how many
states there are, and the bits of a number that counts twice as many."""


def _circumstances(record: Record) -> str:
    asked = f"`{record.design}`, {len(record.properties)} properties"
    limits = f"{_many(record.rounds, 'round')}, {record.timeout:g} s at most for each run"
    cores = f"{record.cores} cores, of which each contender uses one"
    told = [
        f"{record.taken}; {asked}; {limits}; {cores}.",
        f"Versions: {'; '.join(record.versions)}.",
        f"Properties: {', '.join(record.properties)}.",
    ]
    told += [f"Left out: {name}, {why}." for name, why in record.absent.items()]
    return "\n\n".join(told)


def _search(one: Measurement) -> float:
    return one.search_seconds


def _whole(one: Measurement) -> float:
    return one.whole_seconds


def _peak(one: Measurement) -> float:
    return one.peak_bytes


_AGAINST: tuple[tuple[str, str, Figure], ...] = (
    ("SPIN, search", "SPIN", _search),
    ("Rumur, search", "Rumur", _search),
    ("SPIN, whole", "SPIN", _whole),
    ("Rumur, whole", "Rumur", _whole),
    ("TLC, whole", "TLC", _whole),
    ("SPIN, memory", "SPIN", _peak),
    ("Rumur, memory", "Rumur", _peak),
)


_AIMS: tuple[tuple[str, str, str, Figure, float], ...] = (
    ("numpy, search, SPIN", "numpy", "SPIN", _search, 4),
    ("kernel, search, SPIN", "kernel", "SPIN", _search, 10),
    ("numpy, search, Rumur", "numpy", "Rumur", _search, 30),
    ("kernel, search, Rumur", "kernel", "Rumur", _search, 30),
    ("numpy, whole, TLC", "numpy", "TLC", _whole, 100),
    ("kernel, whole, TLC", "kernel", "TLC", _whole, 100),
    ("numpy, memory, SPIN", "numpy", "SPIN", _peak, 1),
    ("kernel, memory, SPIN", "kernel", "SPIN", _peak, 1),
)


def _aims(record: Record) -> Iterator[list[str]]:
    for what, mine, checker, figure, least in _AIMS:
        fastest = best(record.compared, record.contenders(checker), record.largest, _search)
        found = _NONE if fastest is None else _compared(record, mine, fastest, figure)
        yield [what, f"at least {least:g}", found]


def _ratios(record: Record) -> Iterator[list[str]]:
    for mine in record.contenders(OURS):
        found = (_against(record, mine.name, checker, figure) for _, checker, figure in _AGAINST)
        yield [mine.name, *found]


def _against(record: Record, mine: str, checker: str, figure: Figure) -> str:
    """How many times what is ours the best of ``checker`` is, if both can be told from nothing."""
    other = best(record.compared, record.contenders(checker), record.largest, figure)
    return _NONE if other is None else _compared(record, mine, other, figure)


def _compared(record: Record, mine: str, other: str, figure: Figure) -> str:
    """How many times what is ours the ``other`` is, if both can be told from nothing."""
    measured, devices = record.compared, record.largest
    answers, theirs = of(measured, mine, devices), of(measured, other, devices)
    if not answers or not all(map(figure, [*answers, *theirs])):
        return _NONE
    unseen = "at most " * (figure is _peak and _unseen(theirs))
    return unseen + ratio(measured, other, mine, devices, figure).text


def _size(record: Record, devices: int) -> Iterator[str]:
    counts = [
        f"{one.states:,} states, {one.transitions:,} transitions"
        for contender in record.contenders()
        for one in of(record.compared, contender.name, devices)
        if one.transitions is not None and not contender.fewer
    ]
    yield ": ".join([f"## {_many(devices, 'device')}", *counts[:1]])
    heads = ["", "search s", "whole s", "building s", "states/s", "stored", "peak MiB"]
    rows = [list(_row(record, c.name, devices)) for c in record.contenders()]
    yield _table([*heads, "bytes/stored", "each further"], rows)


def _row(record: Record, name: str, devices: int) -> Iterator[str]:
    yield name
    answers = of(record.compared, name, devices)
    if not answers:
        runs = [one for one in record.compared if (one.contender, one.devices) == (name, devices)]
        stops = [one.stopped for one in runs if one.stopped]
        yield stops[0] if stops else _NONE
        yield from [_NONE] * 7
        return
    one = answers[0]
    search = spread(map(_search, answers))
    yield search.text
    yield spread(map(_whole, answers)).text
    yield short(spread(answer.build_seconds for answer in answers).median)
    yield short(one.states / search.median) if search.median else _NONE
    yield f"{one.stored:,}"
    peak = spread(map(_peak, answers)).median
    unseen = "at most " * _unseen(answers)
    yield f"{unseen}{short(peak / _MIB)}"
    yield f"{unseen}{short(peak / one.stored)}"
    smaller = max([size for size in record.sizes if size < devices], default=0)
    before = of(record.compared, name, smaller)
    further = one.stored - before[0].stored if before else 0
    known = further and not unseen and not _unseen(before)
    yield short((peak - spread(map(_peak, before)).median) / further) if known else _NONE


def _unseen(answers: list[Measurement]) -> bool:
    """Whether a peak of memory may have been lower than what could be seen."""
    return any(one.peak_bytes <= one.floor_bytes for one in answers)


def _growth(record: Record) -> Iterator[str]:
    grown = record.grown
    for mine in record.contenders(OURS):
        found = [one for one in grown if one.contender == mine.name]
        if not found:
            continue
        counts = "--symmetry on" in mine.commands[-1]
        rows = [
            list(_grown(one, before, counts=counts))
            for before, one in zip([None, *found], found, strict=False)
        ]
        yield f"### {mine.name}"
        heads = ["devices", "states", "x", "stored", "x", "by counting"]
        yield _table([*heads, "search s", "whole s", "peak MiB"], rows)


def _grown(one: Measurement, before: Measurement | None, *, counts: bool) -> Iterator[str]:
    yield str(one.devices)
    if one.stopped:
        yield one.stopped
        yield from [_NONE] * 7
        return
    more = one.states / before.states if before else 0
    yield f"{one.states:,}"
    yield short(more) if before else _NONE
    yield f"{one.stored:,}"
    yield short(one.stored / before.stored) if before else _NONE
    yield short((one.devices - 1 + more) / one.devices) if before and counts else _NONE
    yield short(one.search_seconds)
    yield short(one.whole_seconds)
    yield short(one.peak_bytes / _MIB)


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count > 1)}"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    return tabulate(rows, heads, tablefmt="github", disable_numparse=True)
