"""The measured tables in the documents: ``python -m tests.readme`` rewrites them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tabulate import tabulate

from model.catalogue import entries
from model.checker import Result, check_entry
from model.designs import FAMILIES
from model.engines.result import Verdict
from model.linux.design import Size
from properties import PROPERTIES

ROOT = Path(__file__).resolve().parent.parent
START = "<!-- {}: python -m tests.readme rewrites it, and a test holds it -->\n"
END = "<!-- end of {} -->\n"
TABLES = {"matrix": ROOT / "README.md", **dict.fromkeys(FAMILIES, ROOT / "docs/gallery/README.md")}
"""Which document holds which table: the thread's matrix, and a list of designs for each family."""


def results(family: str) -> Iterator[list[Result]]:
    """What the default run says of each design of ``family``."""
    for entry in entries([family]):
        yield list(check_entry(entry, [], Size()))


def table(name: str) -> str:
    """The table called ``name`` as it should stand today."""
    return matrix() if name == "matrix" else verdicts(name)


def matrix() -> str:
    """The verdicts of the thread's designs on every property, with exact counts, as Markdown."""
    found = {answers[0].design.name: answers for answers in results("thread")}
    cells = {(r.asked.name, name): _cell(r) for name, answers in found.items() for r in answers}
    concerning = [p.name for p in PROPERTIES if any((p.name, name) in cells for name in found)]
    rows = [[p, *(cells.get((p, name), "-") for name in found)] for p in concerning]
    for label in ("states", "transitions", "depth"):
        numbers = [getattr(answers[0].report, label) for answers in found.values()]
        rows.append([label, *(f"{number:,}" for number in numbers)])
    return tabulate(rows, ["property", *found], tablefmt="github", disable_numparse=True) + "\n"


def verdicts(family: str) -> str:
    """Each design of ``family``, what it was derived from and what it breaks, as Markdown."""
    rows = []
    for answers in results(family):
        design, report = answers[0].design, answers[0].report
        broken = [
            f"{r.asked.name} ({len(r.finding.trace)})"
            for r in answers
            if r.finding.trace is not None
        ]
        odd = {str(r.verdict) for r in answers} - {Verdict.HOLDS, Verdict.VIOLATED}
        told = "<br>".join([*broken, *sorted(odd)]) or f"nothing; {len(answers)} properties hold"
        rows.append([design.name, str(design.like or ""), told, f"{report.states:,}"])
    heads = ["design", "like", "breaks (steps of the shortest trace)", "states"]
    return tabulate(rows, heads, tablefmt="github", disable_numparse=True) + "\n"


def _cell(result: Result) -> str:
    trace = result.finding.trace
    return str(result.verdict) if trace is None else f"**{result.verdict}** {len(trace)}"


def written(name: str) -> str:
    """The table called ``name`` as its document shows it."""
    _, rest = TABLES[name].read_text().split(START.format(name))
    return rest.split(END.format(name))[0].strip("\n") + "\n"


def rewrite(name: str) -> None:
    """Put today's table into its document."""
    page = TABLES[name]
    before, rest = page.read_text().split(START.format(name))
    _, after = rest.split(END.format(name))
    page.write_text(f"{before}{START.format(name)}\n{table(name)}\n{END.format(name)}{after}")


if __name__ == "__main__":
    for each in TABLES:
        rewrite(each)
