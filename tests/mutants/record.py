"""Record what every mutation does: ``python -m tests.mutants.record``, or for a design named.

Reasons that a person wrote are kept. What is newly harmless is listed, for it needs one.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.mutants.judge import Outcome
from tests.mutants.mutate import Mutation
from tests.mutants.page import page
from tests.mutants.table import TABLES, Recorded, Table, TwinsRecord, record
from tests.mutants.together import Broken, LeftOut, Twins, related, together, twins


def outcome(design: str, mutation: Mutation) -> Outcome:
    """What ``mutation`` does; each process has its own judge."""
    return TABLES[design].judge.outcome(mutation)


def both(design: str, pair: tuple[Mutation, Mutation]) -> Twins:
    """What the two do together."""
    return Twins(pair, TABLES[design].judge.broken(pair))


def beside(design: str, pairs: Sequence[Twins]) -> Broken:
    """What mutations break, those included of ``pairs`` that another one of them hides."""

    def broken(mutations: Sequence[Mutation]) -> tuple[str, ...]:
        for pair in pairs:
            if set(pair.mutations) <= set(mutations):
                return pair.broken
        return TABLES[design].judge.broken(mutations)

    return broken


def twins_of(design: str, pairs: Sequence[Twins], left_out: LeftOut) -> Twins:
    """What explains ``left_out``."""
    return twins(left_out, beside(design, pairs))


def recorded_anew(table: Table) -> Recorded:
    """What the mutations of ``table`` do, in as many processes as there are processors."""
    old, mutations, design = table.read(), table.mutations, str(table.design)
    with ProcessPoolExecutor() as pool:
        outcomes = list(pool.map(functools.partial(outcome, design), mutations))
        records = {
            mutation.key: record(found, old.mutations.get(mutation.key, {}))
            for mutation, found in zip(mutations, outcomes, strict=True)
        }
        alone = [m for m, found in zip(mutations, outcomes, strict=True) if not found.broken]
        tried = pool.map(functools.partial(both, design), related(alone))
        pairs = [pair for pair in tried if pair.broken]
        _, left_out = together(alone, beside(design, pairs))
        explained = pool.map(functools.partial(twins_of, design, pairs), left_out)
        # A pair that was found before is found again, the other way round perhaps.
        found = {frozenset(each.mutations): each for each in [*explained, *pairs]}
    return Recorded(
        records,
        [
            TwinsRecord([m.key for m in each.mutations], list(each.broken))
            for each in found.values()
        ],
        [each.mutation.key for each in left_out],
    )


def main(designs: list[str]) -> int:
    """Write the data and the pages; 1 if a reason is missing."""
    missing = False
    for table in (TABLES[design] for design in designs or TABLES):
        started = time.perf_counter()
        recorded = recorded_anew(table)
        table.write(recorded)
        table.page.write_text(page(table, recorded), encoding="utf-8")
        for key in recorded.mutations:
            if not recorded.kind(key):
                sys.stdout.write(f"say in {table.data.name} why this is harmless: {key}\n")
                missing = True
        seconds = time.perf_counter() - started
        sys.stdout.write(f"{table.design}: {len(recorded.mutations)} mutations, {seconds:.0f} s\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
