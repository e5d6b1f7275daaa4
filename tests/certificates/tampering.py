"""Ways to tamper with a certificate, each the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from model.certificates.form import INVARIANT, TYPES, Certificate, write

Change = Callable[[random.Random, dict[str, Any]], None]
"""Changes a certificate's data, of which all its files are then written anew."""


def change_a_file(home: Path, seed: int) -> None:
    """Change one file of the folder ``home``: a character is another or gone, or a file is."""
    rng = random.Random(seed)  # noqa: S311  # nobody is to be kept from guessing it
    path = rng.choice(sorted(home.iterdir()))
    text = path.read_text(encoding="utf-8")
    at = rng.randrange(len(text))
    match seed % 4:
        case 0:
            path.write_text(text[:at] + chr(33 + (ord(text[at]) + 7) % 90) + text[at + 1 :])
        case 1:
            path.write_text(text[:at] + text[at + 1 :])
        case 2:
            path.unlink()
        case _:
            (home / f"step-{seed}.smt2").write_text(text)


def no_step(rng: random.Random, data: dict[str, Any]) -> None:
    # One that a single device or the hub takes: it is possible at every size.
    few = [s for s in data["steps"] if len(s["named"]) <= 1 and len(s["facts"]) <= 1]
    data["steps"].remove(rng.choice(few))


def no_action(rng: random.Random, data: dict[str, Any]) -> None:
    gone = rng.choice(data["steps"])["action"]
    data["steps"] = [step for step in data["steps"] if step["action"] != gone]


def no_place(rng: random.Random, data: dict[str, Any]) -> None:
    rng.choice(data["places"])["values"][0] = "nowhere"


def too_strong(rng: random.Random, data: dict[str, Any]) -> None:
    place = rng.choice(data["places"])
    place["zero"].append([["1", -1], [f"c{place['occupied'][0]}", 1]])


def never_looked(rng: random.Random, data: dict[str, Any]) -> None:
    rng.choice([p for p in data["properties"] if p["broken"]])["broken"] = []


def other_design(_: random.Random, data: dict[str, Any]) -> None:
    data["digest"] = "0" * 64


def other_claim(rng: random.Random, data: dict[str, Any]) -> None:
    rng.choice(data["properties"])["digest"] = "0" * 64


def other_states(rng: random.Random, data: dict[str, Any]) -> None:
    data["searched"]["states"] += rng.choice([-1, 1])


def no_way_out(_: random.Random, data: dict[str, Any]) -> None:
    of_kind(data, TYPES)["broken"] = []


def always_taken(_: random.Random, data: dict[str, Any]) -> None:
    for step in data["steps"]:
        if step["action"] == "light":
            step["facts"] = []


def of_other_kind(rng: random.Random, data: dict[str, Any]) -> None:
    kinds = [INVARIANT, TYPES]
    rng.shuffle(kinds)
    of_kind(data, kinds[0])["kind"] = kinds[1]


def of_unknown_kind(_: random.Random, data: dict[str, Any]) -> None:
    of_kind(data, INVARIANT)["kind"] = "hearsay"


def of_kind(data: dict[str, Any], kind: str) -> dict[str, Any]:
    """The first property of that kind."""
    found: dict[str, Any] = next(p for p in data["properties"] if p["kind"] == kind)
    return found


def injected(_: random.Random, data: dict[str, Any]) -> None:
    data["design"] += "\n(assert false)"


def write_anyhow(data: dict[str, Any]) -> str:
    """The text of a certificate whose parts are plain data."""

    class Plain(dict[str, Any]):
        __dataclass_fields__ = Certificate.__dataclass_fields__

        def __getattr__(self, name: str) -> Any:
            return self[name]

    return write(Plain(data))  # type: ignore[arg-type]  # it has the fields of one
