"""What the campaign notes of each design, one line each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One design at one size: how many verdicts there are, and how many of them were confirmed.

    ``searched`` is how many the search gave, ``verdicts`` how many somebody gave, ``confirmed`` how
    many two or more did. ``alone`` are about runs, which the search alone decides. ``open`` is how
    many properties nobody decided, ``broken`` names those violated. ``counted`` is None where the
    counter system was not searched, and ``drawn`` where diagrams say nothing. ``quick`` is whether
    a search was, and ended. ``wrong`` says who disagrees.
    """

    design: str
    devices: int
    searched: int
    verdicts: int
    alone: int
    open: int
    broken: tuple[str, ...]
    by_induction: int
    by_bounded: int
    counted: int | None
    drawn: int | None
    confirmed: int
    wrong: str
    quick: bool
    seconds: float


@dataclass(frozen=True)
class Proof:
    """What is ``proved`` of one design, for every number of devices."""

    design: str
    proved: tuple[str, ...]
    seconds: float


def read(path: Path) -> tuple[list[Row], list[Proof]]:
    """What an earlier, perhaps interrupted, run has noted."""
    rows: list[Row] = []
    proofs: list[Proof] = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        noted = json.loads(line)
        if "proved" in noted:
            proofs.append(Proof(**{**noted, "proved": tuple(noted["proved"])}))
        else:
            rows.append(Row(**{**noted, "broken": tuple(noted["broken"])}))
    return rows, proofs


def contradictions(rows: Sequence[Row], proofs: Sequence[Proof]) -> list[str]:
    """What is wrong: whatever the rows tell, and properties both proved and violated."""
    known = {proof.design: set(proof.proved) for proof in proofs}
    return [row.wrong for row in rows if row.wrong] + [
        f"{row.design}: {name}: proved for every size, and violated with {row.devices} devices"
        for row in rows
        for name in row.broken
        if name in known.get(row.design, ())
    ]
