"""Verdicts side by side, of several designs or several sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from model.checker import Result
from model.engines.result import Verdict
from model.linux.design import Size
from properties import PROPERTIES

_COLOURS = {
    Verdict.HOLDS: "green",
    Verdict.PROVED: "green",
    Verdict.VIOLATED: "red",
    Verdict.UNDETERMINED: "yellow",
    Verdict.VACUOUS: "yellow",
}
_HEAD = 11  # columns of a design's name above its column, so that six fit beside each other


def job_of(result: Result) -> tuple[str, Size]:
    """The design, by its name, and the size that was asked about."""
    return result.design.name, result.asked_size


def matrices(results: Sequence[Result], style: str) -> Iterator[str]:
    """Properties down; across designs, or the sizes of one; below them what was explored.

    Of several designs at several sizes there is a matrix for each size, with that above it.
    ``style`` is a table format of tabulate's.
    """
    designs = {result.design.name for result in results}
    sizes = list(dict.fromkeys(result.asked_size for result in results))
    if len(designs) == 1 or len(sizes) == 1:
        yield _matrix(results, style)
        return
    for size in sizes:
        of_size = [result for result in results if result.asked_size == size]
        yield f"{size}:\n\n{_matrix(of_size, style)}"


def _matrix(results: Sequence[Result], style: str) -> str:
    from tabulate import SEPARATING_LINE, tabulate  # it takes long to read, and JSON does without

    across = list(dict.fromkeys(map(job_of, results)))
    designs = list(dict.fromkeys(name for name, _ in across))
    found = {result.asked.name for result in results}
    asked = [item.name for item in PROPERTIES if item.name in found]
    # Six designs side by side have no room for what was expected: that is told below the table.
    cells = {
        (r.asked.name, job_of(r)): cell_of(r, style) + " !" * (not r.as_expected) for r in results
    }
    reports = {job_of(r): r.report for r in results}
    rows: list[list[str]] = [
        [name, *(cells.get((name, job), "-") for job in across)] for name in asked
    ]
    if style == "simple":
        rows.append([SEPARATING_LINE])
    for label in ("states", "transitions", "depth"):
        values = [getattr(reports[job], label) for job in across]
        rows.append([label, *("-" if v is None else f"{v:,}" for v in values)])
    rows.append(["seconds", *(f"{reports[job].seconds:.2f}" for job in across)])
    narrow = style == "simple"
    if len(designs) == 1:
        sizes = [size for _, size in across]
        heads = [*_short(sizes)] if narrow else [str(size) for size in sizes]
    else:
        heads = [_narrow(name) if narrow else name for name in designs]
    heads.insert(0, "property")
    align = ["left" for _ in heads]
    return tabulate(rows, heads, tablefmt=style, disable_numparse=True, colalign=align)


def cell_of(result: Result, style: str) -> str:
    """A verdict, with the steps of its counterexample; in colour where ``style`` is for people."""
    steps = f" {len(result.finding.trace)}" if result.finding.trace is not None else ""
    told = f"{result.verdict}{steps}"
    return click.style(told, fg=_COLOURS[result.verdict]) if style == "simple" else told


def _short(sizes: Sequence[Size]) -> Iterator[str]:
    """Each size over a few lines: the options by which they differ, as they are written."""
    names = [
        name
        for name in ("devices", "hotplug", "groups")
        if len({getattr(size, name) for size in sizes}) > 1
    ]
    for size in sizes:
        yield "\n".join(f"--{name} {getattr(size, name)}" for name in names)


def _narrow(name: str) -> str:
    """A design's name over several lines."""
    lines = [""]
    for word in name.split("_"):
        if lines[-1] and len(lines[-1]) + len(word) > _HEAD:
            lines.append("")
        lines[-1] += ("_" if lines[-1] or len(lines) > 1 else "") + word
    return "\n".join(lines)
