"""Whether all engines agree on designs at sizes: ``make agree`` asks, and writes the page's table.

At each size, with every device there at boot or not: the search, Z3 (induction, and bounded model
checking as far as the longest counterexample of the search), the proof for every number of
devices, and a search of the proof's counter system at that number.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tabulate import tabulate

from model.agreement import Disagreement, agreed
from model.catalogue import Entry, entries, find
from model.dump import dump
from model.engines.result import Limits, Report, Verdict
from model.judging import BY_Z3, Effort, Engine, run
from model.lang import Kind, Property, System
from model.linux.design import Size
from model.proof.family import Family
from model.proof.quantified import NotUniform
from model.proving import family, proved
from properties import PROPERTIES
from tests.agreement.counted import Answer, Counted

PAGE = Path(__file__).resolve().parents[2] / "docs" / "agreement.md"
START = "<!-- agreement: python -m tests.agreement.campaign rewrites it -->\n"
END = "<!-- end of agreement -->\n"
ALWAYS = 3
"""Up to so many devices every design is asked."""
FURTHER = 6
"""And up to so many if the search before took less than QUICK."""
QUICK = 1.5
MOST_STORED = 12_000_000
COUNTED = 60_000
"""The counter system is searched where the design has no more states than this."""
LEAST_DEPTH = 8
"""Bounded model checking looks at least so far, so that it finds what must be reachable."""
SOLVED = 15.0
"""Seconds that Z3 has for a design at one size."""
PROVED = 40.0
"""Seconds that a proof may take."""
STATES = (Kind.INVARIANT, Kind.TYPES, Kind.DEADLOCK)


@dataclass(frozen=True)
class Row:
    """One design at one size: how many verdicts there are, and how many of them were confirmed.

    ``counted`` is None where the counter system was not searched. ``wrong`` says who disagrees.
    """

    design: str
    devices: int
    verdicts: int
    violated: int
    by_z3: int
    by_proof: int
    counted: int | None
    wrong: str
    seconds: float


class Unlike(Disagreement):
    """The counter system, searched at one size, has other states or verdicts than the design."""


def asked(entry: Entry, most: int) -> Iterator[Row]:
    """Ask every engine about one design with 1 device, 2, and so on."""
    everything = [item for item in PROPERTIES if item.concerns(entry.design.system(Size(0, 2)))]
    begun = time.perf_counter()
    proof = proved(entry.design, everything, Limits(timeout=PROVED))
    try:
        counting = Counted(Family(family(entry.design)))
    except NotUniform:
        counting = None
    quick = True
    for devices in range(1, most + 1):
        if devices > ALWAYS and not quick:
            return
        size = Size(0, devices)
        system = entry.design.system(size)
        properties = [item for item in PROPERTIES if item.concerns(system)]
        claims = [item.ground(system) for item in properties]
        searched = run(Engine.BFS, system, claims, Limits(MOST_STORED), Effort())
        if not searched.complete and devices > ALWAYS:
            return
        quick = searched.seconds < QUICK
        z3, counts, wrong = _none(searched), None, ""
        try:
            z3 = _solved(system, properties, searched)
            agreed(system, searched, z3)
            agreed(system, searched, _about(proof, properties))
            if counting is not None and _few(searched):
                counts = _same(system, properties, searched, counting, devices)
        except Disagreement as error:
            error.size = size
            wrong = f"{error} ({dump(error, Path.cwd())})"
        yield Row(
            entry.design.name,
            devices,
            sum(f.verdict is not Verdict.UNDETERMINED for f in searched.findings.values()),
            sum(f.verdict is Verdict.VIOLATED for f in searched.findings.values()),
            _answers(z3),
            _answers(_about(proof, properties)),
            counts,
            wrong,
            round(time.perf_counter() - begun, 1),
        )
        begun = time.perf_counter()


def _solved(system: System, properties: Sequence[Property], searched: Report) -> Report:
    """What Z3 says of what it can decide. It looks as far as the search's longest trace."""
    claims = [item.ground(system) for item in properties if item.kind in BY_Z3]
    traces = [searched.findings[claim.name].trace for claim in claims]
    depth = max([LEAST_DEPTH, *(len(trace) for trace in traces if trace is not None)])
    return run(Engine.Z3, system, claims, Limits(timeout=SOLVED), Effort(depth=depth))


def _same(
    system: System,
    properties: Sequence[Property],
    searched: Report,
    counting: Counted,
    devices: int,
) -> int:
    """How many verdicts the search of the counter system confirms. Raises Unlike."""
    answer = counting.search(devices, properties, COUNTED)
    names = [item.name for item in properties if item.kind in STATES]
    traces = {name: searched.findings[name].trace for name in names}
    wanted = Answer(
        searched.states or 0,
        searched.transitions or 0,
        searched.depth or 0,
        violated={name: len(trace) for name, trace in traces.items() if trace is not None},
    )
    if answer != wanted:
        raise Unlike(f"{system}: the counter system: {answer}, {wanted}", system, [searched])
    return len(names)


def _few(searched: Report) -> bool:
    exact = searched.complete and not searched.forgotten and not searched.folded
    exact = exact and not searched.hurried
    return exact and (searched.states or 0) <= COUNTED


def _about(report: Report, properties: Sequence[Property]) -> Report:
    """What ``report`` says of ``properties`` only."""
    kept = {p.name: report.findings[p.name] for p in properties if p.name in report.findings}
    return dataclasses.replace(report, findings=kept)


def _none(report: Report) -> Report:
    return dataclasses.replace(report, findings={})


def _answers(report: Report) -> int:
    return sum(f.verdict is not Verdict.UNDETERMINED for f in report.findings.values())


def table(rows: Sequence[Row]) -> str:
    """A line for each design: verdicts by the search, and confirmed by Z3, proof and counts."""
    sizes = sorted({row.devices for row in rows})
    lines = []
    for name in dict.fromkeys(row.design for row in rows):
        by_size = {row.devices: row for row in rows if row.design == name}
        lines.append([name, *(_cell(by_size.get(size)) for size in sizes)])
    heads = ["design", *(f"{n} device{'s' * (n > 1)}" for n in sizes)]
    return tabulate(lines, heads, tablefmt="github", disable_numparse=True)


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    counted = "-" if row.counted is None else str(row.counted)
    told = f"{row.verdicts}: {row.by_z3}, {row.by_proof}, {counted}"
    return f"{told} **disagree**" if row.wrong else told


def read(path: Path) -> list[Row]:
    """The rows that an earlier, perhaps interrupted, run has left."""
    if not path.exists():
        return []
    return [Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    """Ask, note each answer at once, and write the table.

    A run that was interrupted goes on; once every design was asked, the next one begins anew.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("designs", nargs="*", help="default: all of them")
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("build/agreement.jsonl"),
        help="where answers are noted; what stands there already is not asked again",
    )
    parser.add_argument("--devices", type=int, default=FURTHER, help="at most so many")
    wishes = parser.parse_args()
    # Those first that others build on; the rest in the order of the gallery.
    every = [*entries(["thread", "releases"]), *entries()]
    chosen = [find(name) for name in wishes.designs] or every
    wishes.results.parent.mkdir(parents=True, exist_ok=True)
    done = {row.design for row in read(wishes.results)}
    for entry in chosen:
        if entry.design.name in done:
            continue
        done.add(entry.design.name)
        rows = list(asked(entry, wishes.devices))
        with wishes.results.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(dataclasses.asdict(row)) + "\n" for row in rows)
        for row in rows:
            print(row, file=sys.stderr)  # noqa: T201  # how far it is
    rows = read(wishes.results)
    write(rows)
    if {row.design for row in rows} >= {entry.design.name for entry in entries()}:
        wishes.results.unlink()
    wrong = [row.wrong for row in rows if row.wrong]
    if wrong:
        raise SystemExit("\n".join(wrong))


def write(rows: Sequence[Row]) -> None:
    """Put the table of ``rows`` into the page."""
    designs = len({row.design for row in rows})
    figures = (
        f"{designs} of {len(entries())} designs, {sum(row.verdicts for row in rows)} verdicts by "
        f"the search, of them {sum(row.violated for row in rows)} violations. Confirmed: "
        f"{sum(row.by_z3 for row in rows)} by Z3, {sum(row.by_proof for row in rows)} by proof, "
        f"{sum(row.counted or 0 for row in rows)} by counts. Disagreements: "
        f"{sum(bool(row.wrong) for row in rows)}. Time: "
        f"{sum(row.seconds for row in rows) / 60:.0f} minutes.\n"
    )
    before, rest = PAGE.read_text(encoding="utf-8").split(START)
    _, after = rest.split(END)
    text = f"{before}{START}\n{figures}\n{table(rows)}\n\n{END}{after}"
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
