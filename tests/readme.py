"""The matrix in the README: ``python -m tests.readme`` rewrites it, and a test holds it."""

from __future__ import annotations

from pathlib import Path

from tabulate import tabulate

from model.catalogue import entries
from model.checker import Result, check_entry
from model.linux.design import Size
from properties import PROPERTIES

README = Path(__file__).resolve().parent.parent / "README.md"
START = "<!-- matrix: python -m tests.readme rewrites it, and a test holds it -->\n"
END = "<!-- end of matrix -->\n"


def matrix() -> str:
    """The verdicts of every design on every property, with exact counts, as Markdown."""
    found = {e.design.name: list(check_entry(e, [], Size())) for e in entries(["thread"])}
    cells = {(r.asked.name, name): _cell(r) for name, results in found.items() for r in results}
    rows = [[p.name, *(cells.get((p.name, name), "-") for name in found)] for p in PROPERTIES]
    for label in ("states", "transitions", "depth"):
        numbers = [getattr(results[0].report, label) for results in found.values()]
        rows.append([label, *(f"{number:,}" for number in numbers)])
    return tabulate(rows, ["property", *found], tablefmt="github", disable_numparse=True) + "\n"


def _cell(result: Result) -> str:
    trace = result.finding.trace
    return str(result.verdict) if trace is None else f"**{result.verdict}** {len(trace)}"


def written() -> str:
    """The matrix that the README shows."""
    return README.read_text().split(START)[1].split(END)[0].strip("\n") + "\n"


def rewrite() -> None:
    """Put today's matrix into the README."""
    before, rest = README.read_text().split(START)
    README.write_text(f"{before}{START}\n{matrix()}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    rewrite()
