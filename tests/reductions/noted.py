"""What the campaign notes of each system, one line each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One system, compared.

    ``verdicts`` says how many claims there are of each verdict, ``stored`` how many states were,
    without reductions and, by reduction, with it; ``refused`` says why a reduction was not used,
    and ``wrong`` what differs. Nothing is compared if the system was ``too_large``.
    """

    kind: str
    name: str
    verdicts: dict[str, int]
    states: int
    stored: dict[str, int]
    refused: dict[str, str]
    wrong: list[str]
    too_large: bool
    seconds: float


def read(path: Path) -> list[Row]:
    """What an earlier, perhaps interrupted, run has noted."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [Row(**json.loads(line)) for line in lines]
