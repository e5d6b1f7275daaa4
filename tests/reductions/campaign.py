"""Whether any verdict differs with a reduction: ``make reductions`` asks, and writes the page.

Each system is searched by the kernel without reductions, with each of them alone, and with all.
A run that was interrupted goes on with what is not noted yet.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from model.catalogue import UsageError
from model.engines.choice import UNREDUCED
from tests.reductions import compare
from tests.reductions.cases import RANDOM, Item, items, seeded
from tests.reductions.compare import differences, report_of, stored
from tests.reductions.noted import Row, read
from tests.reductions.page import write

REDUCTIONS = {
    "symmetry": compare.SYMMETRY,
    "forgetting": compare.FORGET,
    "folding": compare.FOLD,
    "partial order": compare.PARTIAL_ORDER,
    "all": compare.ALL,
}


def compared(item: Item) -> Row:
    """One system with and without each reduction."""
    begun = time.perf_counter()
    system, claims = item.made()
    whole = report_of(system, claims, UNREDUCED, item.limits)
    too_large = whole.stopped.startswith("--max-states")
    counts: dict[str, int] = {}
    refused: dict[str, str] = {}
    wrong: list[str] = []
    for name, reductions in {} if too_large else REDUCTIONS.items():
        try:
            fewer = report_of(system, claims, reductions)
        except UsageError as reason:
            refused[name] = str(reason)
        else:
            counts[name] = stored(fewer)
            wrong += [f"{name}: {told}" for told in differences(whole, fewer)]
    return Row(
        item.kind,
        item.name,
        dict(Counter(str(finding.verdict) for finding in whole.findings.values())),
        stored(whole),
        counts,
        refused,
        wrong,
        too_large,
        round(time.perf_counter() - begun, 2),
    )


def wanted(rows: Sequence[Row]) -> Iterator[Item]:
    """What is not among ``rows``, to which its answers are added meanwhile.

    As many random systems that are not too large as it takes to have RANDOM of them.
    """
    done = {(row.kind, row.name) for row in rows}
    for item in seeded():
        if sum(row.kind == item.kind and not row.too_large for row in rows) >= RANDOM:
            break
        if (item.kind, item.name) not in done:
            yield item
    yield from (item for item in items() if (item.kind, item.name) not in done)


def main() -> None:
    """Compare, note each answer at once, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("build/reductions.jsonl"),
        help="where answers are noted; what stands there already is not asked again",
    )
    parser.add_argument("--write", action="store_true", help="write what is noted, ask nothing")
    wishes = parser.parse_args()
    wishes.results.parent.mkdir(parents=True, exist_ok=True)
    rows = read(wishes.results)
    for item in () if wishes.write else wanted(rows):
        row = compared(item)
        rows.append(row)
        with wishes.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(dataclasses.asdict(row)) + "\n")
        if row.wrong:
            print(row, file=sys.stderr)  # noqa: T201  # at once: the rest takes long
    done = {(row.kind, row.name) for row in rows}
    write(rows, sum((item.kind, item.name) not in done for item in items()))
    if any(row.wrong for row in rows):
        raise SystemExit("\n".join(f"{r.kind}, {r.name}: {r.wrong}" for r in rows if r.wrong))


if __name__ == "__main__":
    main()
