"""Whether all engines agree on designs at sizes: ``make agree`` asks, and writes the page's table.

At each size, with every device there at boot or not: the search, as long as it is quick; decision
diagrams; Z3 (induction, and bounded model checking as far as the longest counterexample of the
search); and where there are few states a search of the proof's counter system. Once for each
design: the proof for every number of devices.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from model.agreement import Disagreement, agreed
from model.catalogue import Entry, entries, find
from model.diagrams.decide import decide
from model.dump import dump
from model.engines.choice import Reductions, Wish
from model.engines.memory import Budget
from model.engines.result import Limits, Report, Verdict
from model.judging import BY_DIAGRAMS, Effort, Engine, run
from model.lang import Kind, Property, System
from model.linux.design import Size
from model.proof.family import Family
from model.proof.quantified import NotUniform
from model.proving import family, proved
from properties import PROPERTIES
from tests.agreement.counted import Answer, Counted
from tests.agreement.noted import Proof, Row, contradictions, read
from tests.agreement.page import write
from tests.agreement.solved import solved

FIRST = 2
"""Up to so many devices every design is asked before any is asked with more."""
MOST = 6
QUICK = 4.0
"""Seconds within which a search was complete, if one with a further device is worth a try."""
EXACT = 60_000
"""Up to so many states they are Z3's lemma, and the counter system is searched."""
SEARCHED = 90.0
"""Seconds that a search may take."""
MEMORY = Budget(4 * 2**30, "4 GiB")
SOLVED = 60.0
"""Seconds that Z3 has for a design at one size."""
DRAWN = 60.0
"""Seconds that diagrams may take."""
PROVED = 60.0
"""Seconds that a proof may take."""
SHORTEST = Reductions(partial_order=Wish.OFF)
STATES = (Kind.INVARIANT, Kind.TYPES, Kind.DEADLOCK)


class Unlike(Disagreement):
    """Diagrams or the counter system have other states or verdicts than the search."""


def asked(entry: Entry, devices: int, *, search: bool) -> Row:
    """Ask the engines about one design with so many devices, the search if it is to be tried."""
    begun = time.perf_counter()
    size = Size(0, devices)
    system = entry.design.system(size)
    properties = [item for item in PROPERTIES if item.concerns(system)]
    claims = [item.ground(system) for item in properties]
    limits = Limits(timeout=SEARCHED if search else 0, memory=MEMORY)
    searched = run(Engine.BFS, system, claims, limits, Effort(reductions=SHORTEST))
    few = searched.complete and _exact(searched) and (searched.states or 0) <= EXACT
    by_z3: dict[str, Verdict] = {}
    counts, drawn, wrong = None, None, ""
    try:
        told = solved(system, properties, searched, Limits(timeout=SOLVED), exact=few)
        both = agreed(system, searched, told)
        by_z3 = _decided(told)
        if few:
            counts = _counted(entry, system, properties, searched, devices)
        drawn = _drawn(entry, system, properties, both, devices)
    except Disagreement as error:
        error.size = size
        wrong = f"{error} ({dump(error, Path.cwd())})"
    found = _decided(searched)
    known = (drawn or {}) | by_z3 | found
    bounded = [n for n, v in by_z3.items() if v is Verdict.VIOLATED or _reachable(n)]
    voices = Counter(itertools.chain(found, by_z3, counts or (), drawn or ()))
    return Row(
        entry.design.name,
        devices,
        len(found),
        len(known),
        sum(item.kind not in BY_DIAGRAMS for item in properties if item.name in found),
        len(properties) - len(known),
        tuple(p.name for p in properties if known.get(p.name) is Verdict.VIOLATED),
        len(by_z3) - len(bounded),
        len(bounded),
        None if counts is None else len(counts),
        None if drawn is None else len(drawn),
        sum(number > 1 for number in voices.values()),
        wrong,
        searched.complete and searched.seconds < QUICK,
        round(time.perf_counter() - begun, 1),
    )


def _decided(report: Report) -> dict[str, Verdict]:
    verdicts = {name: finding.verdict for name, finding in report.findings.items()}
    return {name: v for name, v in verdicts.items() if v is not Verdict.UNDETERMINED}


def proof_of(entry: Entry) -> Proof:
    """Ask the proof about one design."""
    everything = [item for item in PROPERTIES if item.concerns(entry.design.system(Size(0, 2)))]
    report = proved(entry.design, everything, Limits(timeout=PROVED))
    names = [n for n, f in report.findings.items() if f.verdict is Verdict.PROVED]
    return Proof(entry.design.name, tuple(names), round(report.seconds, 1))


def _reachable(name: str) -> bool:
    return any(item.name == name and item.kind is Kind.REACHABLE for item in PROPERTIES)


def _counted(
    entry: Entry, system: System, properties: Sequence[Property], searched: Report, devices: int
) -> set[str] | None:
    """The verdicts that a search of the counter system confirms; None if there is none.

    Raises Unlike.
    """
    try:
        counting = Counted(Family(family(entry.design)))
    except NotUniform:
        return None
    answer = counting.search(devices, properties, EXACT)
    confirmed = {item.name for item in properties if item.kind in STATES}
    found = {
        name: len(finding.trace)
        for name, finding in searched.findings.items()
        if name in confirmed and finding.trace is not None
    }
    wanted = Answer(
        searched.states or 0, searched.transitions or 0, searched.depth or 0, violated=found
    )
    if answer != wanted:
        raise Unlike(f"{system}: the counter system: {answer}, {wanted}", system, [searched])
    return confirmed


def _drawn(
    entry: Entry, system: System, properties: Sequence[Property], searched: Report, devices: int
) -> dict[str, Verdict] | None:
    """The verdicts of decision diagrams, which none that is known contradicts.

    None if they cannot speak of the design. Raises Unlike.
    """
    told = [item for item in properties if item.kind in BY_DIAGRAMS]
    report = decide(family(entry.design), devices, told, Limits(timeout=DRAWN, memory=MEMORY))
    if not report.complete:
        return None
    mine, theirs = (report.states, report.transitions), (searched.states, searched.transitions)
    if searched.complete and _exact(searched) and mine != theirs:
        raise Unlike(f"{system}: diagrams count {mine}, not {theirs}", system, [searched, report])
    found: dict[str, Verdict] = {}
    for item in told:
        one, other = report.findings[item.name].verdict, searched.findings[item.name].verdict
        if Verdict.UNDETERMINED not in (one, other) and one is not other:
            raise Unlike(
                f"{system}: {item.name}: {one} by diagrams, {other} by others",
                system,
                [searched, report],
            )
        if one is not Verdict.UNDETERMINED:
            found[item.name] = one
    return found


def _exact(searched: Report) -> bool:
    return not (searched.forgotten or searched.folded or searched.hurried)


def missing(
    chosen: Sequence[Entry], most: int, rows: Sequence[Row], proofs: Sequence[Proof]
) -> Iterator[tuple[Entry, int]]:
    """What is to be asked after ``rows``: each design at a size, or, as size 0, its proof.

    Small sizes come first, of all designs, and the proofs; then design by design what takes long.
    """
    done = {(row.design, row.devices) for row in rows}
    done |= {(proof.design, 0) for proof in proofs}
    small = itertools.product([*range(1, FIRST + 1), 0], chosen)
    large = itertools.product(chosen, range(FIRST + 1, MOST + 1))
    for entry, devices in [*((entry, devices) for devices, entry in small), *large]:
        if (entry.design.name, devices) not in done and devices <= most:
            yield entry, devices


def promising(rows: Sequence[Row], name: str, devices: int) -> bool:
    """Whether a search is worth a try: with a device less it was quick, or it is the first."""
    return devices == 1 or any(
        row.quick for row in rows if (row.design, row.devices) == (name, devices - 1)
    )


def main() -> None:
    """Ask, note each answer at once, and write the table.

    A run that was interrupted goes on; once everything was asked, the next one begins anew.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("designs", nargs="*", help="default: all of them")
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("build/agreement.jsonl"),
        help="where answers are noted; what stands there already is not asked again",
    )
    parser.add_argument("--devices", type=int, default=MOST, help="at most so many")
    parser.add_argument("--write", action="store_true", help="write what is noted, ask nothing")
    wishes = parser.parse_args()
    # Those first that others build on; the rest in the order of the gallery.
    every = {entry.design.name: entry for entry in [*entries(["thread", "releases"]), *entries()]}
    chosen = [find(name) for name in wishes.designs] or list(every.values())
    wishes.results.parent.mkdir(parents=True, exist_ok=True)
    rows, proofs = read(wishes.results)
    while not wishes.write:
        wanted = next(missing(chosen, wishes.devices, rows, proofs), None)
        if wanted is None:
            break
        entry, devices = wanted
        noted: Row | Proof
        if devices:
            tried = promising(rows, entry.design.name, devices)
            noted = asked(entry, devices, search=tried)
            rows.append(noted)
        else:
            noted = proof_of(entry)
            proofs.append(noted)
        with wishes.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(dataclasses.asdict(noted)) + "\n")
        print(noted, file=sys.stderr)  # noqa: T201  # how far it is
    wrong = contradictions(rows, proofs)
    write(rows, proofs)
    if not wishes.write and not wishes.designs:
        wishes.results.unlink()
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
