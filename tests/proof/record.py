"""What is proved of which design: ``python -m tests.proof.record`` writes docs/proof.md's tables.

It takes some minutes; the names of tables take those only. Seconds are of user CPU time, on the
machine it runs on.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from tabulate import tabulate

from model.catalogue import Entry, entries
from model.checker import Result, check_entry
from model.engines.result import Limits, Verdict
from model.judging import Effort, Engine, run
from model.linux.design import Size
from model.proof.prove import COVERED
from model.proving import with_fewest
from properties import PROPERTIES

PAGE = Path(__file__).resolve().parents[2] / "docs/proof.md"
FAMILIES = ("thread", "releases", "series")
START = "<!-- {}: python -m tests.proof.record rewrites it -->\n"
END = "<!-- end of {} -->\n"
HEADS = ["design", "proved", "holds only", "along runs", "violated", "seconds"]
FEWEST = "fewest"
FEWEST_HEADS = ["design", "one device is enough", "it takes two"]
SECONDS = 600.0
"""Where a proof is given up."""


def results(entry: Entry) -> list[Result]:
    """What ``--engine proof`` says of a design."""
    return list(check_entry(entry, [], Size(), Engine.PROOF, Limits(timeout=SECONDS)))


def row(found: list[Result], seconds: float = 0.0) -> list[str]:
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
        f"{seconds:.1f}",
    ]


def written(family: str) -> dict[str, list[str]]:
    """The lines that docs/proof.md has for ``family``, by design."""
    _, rest = PAGE.read_text(encoding="utf-8").split(START.format(family))
    lines = rest.split(END.format(family))[0].strip().splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {line[0]: line for line in cells}


def fewest(entry: Entry) -> list[str]:
    """What breaks in a design by how many devices of a group it takes."""
    size = Size()
    system = entry.design.system(size)
    asked = [item for item in PROPERTIES if item.concerns(system)]
    claims = [item.ground(system) for item in asked]
    report = run(Engine.BFS, system, claims, Limits(), Effort())
    findings = with_fewest(entry.design, asked, report, size)
    one, two = ([name for name, f in findings.items() if f.fewest == n] for n in (1, 2))
    return [entry.design.name, str(len(one)), "<br>".join(two) or "-"]


def rewrite(name: str) -> None:
    """Put today's table into the document."""
    heads, rows = HEADS, []
    if name == FEWEST:
        heads = FEWEST_HEADS
        rows = [line for line in map(fewest, entries()) if line[1:] != ["0", "-"]]
    else:
        for entry in entries([name]):
            before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
            found = results(entry)
            rows.append(row(found, resource.getrusage(resource.RUSAGE_SELF).ru_utime - before))
    table = tabulate(rows, heads, tablefmt="github", disable_numparse=True)
    start, rest = PAGE.read_text(encoding="utf-8").split(START.format(name))
    _, after = rest.split(END.format(name))
    text = f"{start}{START.format(name)}\n{table}\n\n{END.format(name)}{after}"
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for each in sys.argv[1:] or [*FAMILIES, FEWEST]:
        rewrite(each)
