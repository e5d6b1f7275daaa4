"""The tables of docs/reductions.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from model.engines.result import Verdict
from tests.reductions.noted import Row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reductions.md"
START = "<!-- reductions: python -m tests.reductions.campaign rewrites it -->\n"
END = "<!-- end of reductions -->\n"


def figures(rows: Sequence[Row], left: int) -> str:
    """What it all comes to; so many systems are ``left`` to be asked."""
    every = [row for row in rows if not row.too_large]
    asked = sum(len(row.stored) * sum(row.verdicts.values()) for row in every)
    return (
        f"{len(every)} systems, {asked:,} verdicts compared with those without reductions. "
        f"Differences: {sum(len(row.wrong) for row in rows)}. Not asked yet: {left} systems. "
        f"Time: {sum(row.seconds for row in rows) / 60:.0f} minutes.\n"
    )


def systems(rows: Sequence[Row]) -> str:
    """What was asked, by kind of system: how many there are, and their verdicts."""
    lines = []
    for kind in dict.fromkeys(row.kind for row in rows):
        of = [row for row in rows if row.kind == kind]
        every = [row for row in of if not row.too_large]
        verdicts = [
            sum(row.verdicts.get(verdict, 0) for row in every)
            for verdict in Verdict
            if verdict is not Verdict.PROVED
        ]
        lines.append([kind, len(every), len(of) - len(every), *verdicts])
    heads = ["systems", "compared", "too large"]
    heads += [str(verdict) for verdict in Verdict if verdict is not Verdict.PROVED]
    return tabulate(lines, heads, tablefmt="github", intfmt=",")


def effects(rows: Sequence[Row]) -> str:
    """What each reduction did, by kind of system.

    Each cell says in how many systems it stored fewer states and how many times fewer they were
    there in all, and how many it was refused in.
    """
    every = [row for row in rows if not row.too_large]
    names = list(dict.fromkeys(name for row in every for name in [*row.stored, *row.refused]))
    lines = []
    for kind in dict.fromkeys(row.kind for row in every):
        of = [row for row in every if row.kind == kind]
        lines.append([kind, *(_cell(of, name) for name in names)])
    return tabulate(lines, ["systems", *names], tablefmt="github", disable_numparse=True)


def _cell(rows: Sequence[Row], name: str) -> str:
    fewer = [row for row in rows if row.stored.get(name, row.states) < row.states]
    refused = sum(name in row.refused for row in rows)
    told = "0"
    if fewer:
        ratio = sum(row.states for row in fewer) / sum(row.stored[name] for row in fewer)
        told = f"{len(fewer)}: {ratio:.2f}"
    return f"{told}, refused {refused}" if refused else told


def write(rows: Sequence[Row], left: int) -> None:
    """Put the tables of ``rows`` into the page, and how many systems are ``left`` to be asked."""
    before, rest = PAGE.read_text(encoding="utf-8").split(START)
    _, after = rest.split(END)
    tables = f"{figures(rows, left)}\n{systems(rows)}\n\n{effects(rows)}\n"
    PAGE.write_text(f"{before}{START}\n{tables}\n{END}{after}", encoding="utf-8")
