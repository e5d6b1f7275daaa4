"""The page on three devices; ``python -m tests.gallery.three`` writes it."""

from __future__ import annotations

import time
from pathlib import Path

from tabulate import tabulate

from model.catalogue import entries
from model.checker import Result, check_entry
from model.designs import FAMILIES
from model.engines.result import Limits
from model.judging import Engine
from model.linux.design import Size
from model.sweep import Job, sweep, workers_for

PAGE = Path(__file__).resolve().parents[2] / "docs" / "gallery" / "three-devices.md"
SIZE = Size(2, 1)
START = "<!-- table: python -m tests.gallery.three rewrites it, and a test holds some of it -->\n"
END = "<!-- end of table -->\n"


def answers(job: Job, limits: Limits) -> list[Result]:
    """What the search says of one design."""
    return list(check_entry(job.entry, [], job.size, limits=limits))


def row(results: list[Result]) -> list[str]:
    """One design's row."""
    report = results[0].report
    broken = [
        f"{r.asked.name} ({len(r.finding.trace)})" for r in results if r.finding.trace is not None
    ]
    holds = sum(r.finding.trace is None for r in results)
    told = "<br>".join([*broken, f"{holds} hold"])
    assert report.states is not None
    assert report.stored is not None
    return [results[0].design.name, told, f"{report.states:,}", f"{report.stored:,}"]


def main() -> None:
    """Search, and write the table and the figures of the whole run."""
    every = [Job(entry, SIZE) for entry in entries(FAMILIES)]
    begun = time.perf_counter()
    outcome = sweep(every, answers, Limits(), workers_for(Engine.BFS, None, len(every)))
    seconds = time.perf_counter() - begun
    if not outcome.passed:
        raise SystemExit(str(outcome))
    by_design: dict[str, list[Result]] = {}
    for result in outcome.results:
        by_design.setdefault(result.design.name, []).append(result)
    rows = [row(results) for results in by_design.values()]
    heads = ["design", "breaks (steps)", "states", "stored"]
    reports = [results[0].report for results in by_design.values()]
    table = tabulate(rows, heads, tablefmt="github", disable_numparse=True)
    figures = (
        f"{len(reports)} designs, {len(outcome.results)} verdicts, all as expected: "
        f"{sum(r.stored or 0 for r in reports):,} states stored for "
        f"{sum(r.states or 0 for r in reports):,}, {seconds:.0f} s of wall time, "
        f"{max(r.peak_bytes for r in reports) / 2**20:.0f} MiB at most.\n"
    )
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{START}\n{figures}\n{table}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
