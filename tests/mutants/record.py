"""Record what every mutation does: ``python -m tests.mutants.record``.

Reasons that a person wrote are kept. What is newly harmless is listed, for it needs one.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.mutants.judge import Outcome
from tests.mutants.mutate import Mutation
from tests.mutants.table import DATA, PAGE, judge, page, record, recorded


def outcome(mutation: Mutation) -> Outcome:
    """What ``mutation`` does; each process has its own judge."""
    return judge().outcome(mutation)


def main() -> int:
    """Write the data and the page; 1 if a reason is missing."""
    mutations = judge().mutator.mutations()
    old = recorded() if DATA.exists() else {}
    with ProcessPoolExecutor() as pool:
        outcomes = list(pool.map(outcome, mutations))
    records = {
        mutation.key: record(found, old.get(mutation.key, {}))
        for mutation, found in zip(mutations, outcomes, strict=True)
    }
    DATA.write_text(json.dumps(records, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(records), encoding="utf-8")
    missing = [key for key, found in records.items() if found.get("harmless") == ""]
    for key in missing:
        sys.stdout.write(f"say in {DATA.name} why this is harmless: {key}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
