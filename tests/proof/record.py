"""What is proved of which design: ``python -m tests.proof.record`` writes docs/proof.md's table.

It takes some minutes. Seconds are those of the machine it runs on.
"""

from __future__ import annotations

from pathlib import Path

from tabulate import tabulate

from model.catalogue import Entry, entries
from model.checker import Result, check_entry
from model.engines.result import Limits, Verdict
from model.judging import Engine
from model.linux.design import Size
from model.proof.prove import COVERED

PAGE = Path(__file__).resolve().parents[2] / "docs/proof.md"
FAMILIES = ("thread", "releases")
START = "<!-- {}: python -m tests.proof.record rewrites it -->\n"
END = "<!-- end of {} -->\n"
HEADS = ["design", "proved", "holds only", "along runs", "violated", "seconds"]
SECONDS = 120.0
"""Where a proof is given up."""


def results(entry: Entry) -> list[Result]:
    """What ``--engine proof`` says of a design."""
    return list(check_entry(entry, [], Size(), Engine.PROOF, Limits(timeout=SECONDS)))


def row(found: list[Result]) -> list[str]:
    """One line of the table.

    Properties along runs, and that something is reachable at all, are never proved: they are
    counted by themselves. What else holds and is not proved is named.
    """
    by = {v: [r for r in found if r.verdict is v] for v in Verdict}
    states = [r.asked.name for r in by[Verdict.HOLDS] if r.asked.kind in COVERED]
    runs = [r for r in by[Verdict.HOLDS] if r.asked.kind not in COVERED]
    odd = [f"{r.asked.name} {v}" for v in (Verdict.UNDETERMINED, Verdict.VACUOUS) for r in by[v]]
    told = "<br>".join([*states, *odd]) or "-"
    if states and not by[Verdict.PROVED]:
        told = f"all: {by[Verdict.HOLDS][0].finding.reason.split('only: ')[-1]}"
    return [
        found[0].design.name,
        str(len(by[Verdict.PROVED])),
        told,
        str(len(runs)),
        str(len(by[Verdict.VIOLATED])),
        f"{found[0].report.seconds:.0f}",
    ]


def written(family: str) -> dict[str, list[str]]:
    """The lines that docs/proof.md has for ``family``, by design."""
    _, rest = PAGE.read_text(encoding="utf-8").split(START.format(family))
    lines = rest.split(END.format(family))[0].strip().splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {line[0]: line for line in cells}


def rewrite(family: str) -> None:
    """Put today's table into the document."""
    rows = [row(results(entry)) for entry in entries([family])]
    table = tabulate(rows, HEADS, tablefmt="github", disable_numparse=True)
    before, rest = PAGE.read_text(encoding="utf-8").split(START.format(family))
    _, after = rest.split(END.format(family))
    text = f"{before}{START.format(family)}\n{table}\n\n{END.format(family)}{after}"
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for each in FAMILIES:
        rewrite(each)
