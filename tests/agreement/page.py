"""The table of docs/agreement.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from model.catalogue import entries
from tests.agreement.noted import Proof, Row, contradictions

PAGE = Path(__file__).resolve().parents[2] / "docs" / "agreement.md"
START = "<!-- agreement: python -m tests.agreement.campaign rewrites it -->\n"
END = "<!-- end of agreement -->\n"


def table(rows: Sequence[Row], proofs: Sequence[Proof]) -> str:
    """A line for each design: at each size the verdicts, and who confirmed how many of them."""
    sizes = sorted({row.devices for row in rows})
    proved = {proof.design: str(len(proof.proved)) for proof in proofs}
    lines = []
    for name in dict.fromkeys(row.design for row in rows):
        by_size = {row.devices: row for row in rows if row.design == name}
        cells = [_cell(by_size.get(size)) for size in sizes]
        lines.append([name, *cells, proved.get(name, "")])
    heads = ["design", *(f"{n} device{'s' * (n > 1)}" for n in sizes), "proved"]
    return tabulate(lines, heads, tablefmt="github", disable_numparse=True)


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    others = ["-" if n is None else str(n) for n in (row.counted, row.drawn)]
    told = f"{row.searched}: {row.by_induction}, {row.by_bounded}, {', '.join(others)}"
    told += f"; {row.open} open" if row.open else ""
    return f"{told} **disagree**" if row.wrong else told


def figures(rows: Sequence[Row], proofs: Sequence[Proof]) -> str:
    """What the table comes to: by size, and in all."""
    lines = []
    for size in sorted({row.devices for row in rows}):
        of = [row for row in rows if row.devices == size]
        lines.append(
            [
                size,
                len(of),
                sum(row.verdicts for row in of),
                sum(len(row.broken) for row in of),
                sum(row.open for row in of),
                sum(row.searched for row in of),
                sum(row.by_induction for row in of),
                sum(row.by_bounded for row in of),
                sum(row.counted or 0 for row in of),
                sum(row.drawn or 0 for row in of),
                sum(row.alone for row in of),
                sum(row.confirmed for row in of),
                sum(row.verdicts - row.alone - row.confirmed for row in of),
            ]
        )
    heads = ["devices", "designs", "verdicts", "violated", "open", "search"]
    heads += ["induction", "bounded", "counts", "diagrams", "of runs", "confirmed", "by one only"]
    minutes = sum([row.seconds for row in rows] + [proof.seconds for proof in proofs]) / 60
    wrong = len(contradictions(rows, proofs))
    return (
        f"{len({row.design for row in rows})} of {len(entries())} designs. "
        f"Proofs: of {len(proofs)} designs, {sum(len(proof.proved) for proof in proofs)} "
        f"properties. Disagreements: {wrong}. Time: {minutes:.0f} minutes.\n\n"
        f"{tabulate(lines, heads, tablefmt='github')}\n"
    )


def write(rows: Sequence[Row], proofs: Sequence[Proof]) -> None:
    """Put the tables of ``rows`` into the page."""
    before, rest = PAGE.read_text(encoding="utf-8").split(START)
    _, after = rest.split(END)
    text = f"{before}{START}\n{figures(rows, proofs)}\n{table(rows, proofs)}\n\n{END}{after}"
    PAGE.write_text(text, encoding="utf-8")
