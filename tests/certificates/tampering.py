"""Ways to tamper with a certificate, each the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from model.certificates.form import CONSTANT, INVARIANT, TYPES, write

Change = Callable[[random.Random, dict[str, Any]], None]
"""Changes a certificate's data, of which all its files are then written anew."""
OtherInvariant = Callable[[random.Random, dict[str, Any]], int]
"""Changes the invariant at a place, and gives its number; the new one need not be wrong."""


def change_a_file(home: Path, seed: int) -> None:
    """Change one file of the folder ``home``: a character is another or gone, or a file is."""
    rng = random.Random(seed)  # noqa: S311  # nobody is to be kept from guessing it
    path = rng.choice(sorted(home.iterdir()))
    text = path.read_text(encoding="utf-8")
    at = rng.randrange(len(text))
    match rng.randrange(4):
        case 0:
            path.write_text(text[:at] + chr(33 + (ord(text[at]) + 7) % 90) + text[at + 1 :])
        case 1:
            path.write_text(text[:at] + text[at + 1 :])
        case 2:
            path.unlink()
        case _:
            (home / f"place-{seed}-more.smt2").write_text(text)


def no_step(rng: random.Random, data: dict[str, Any]) -> None:
    data["steps"].remove(rng.choice(_alone(data)))


def no_action(rng: random.Random, data: dict[str, Any]) -> None:
    gone = rng.choice(_alone(data))["action"]
    data["steps"] = [step for step in data["steps"] if step["action"] != gone]


def no_place(rng: random.Random, data: dict[str, Any]) -> None:
    rng.choice(data["places"])["values"][0] = "nowhere"


def _alone(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Steps that a single device or the hub takes: they are possible at every size."""
    return [s for s in data["steps"] if len(s["named"]) <= 1 and len(s["facts"]) <= 1]


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
    return write(SimpleNamespace(**data))  # type: ignore[arg-type]  # it has the fields of one


def too_strong(rng: random.Random, data: dict[str, Any]) -> int:
    """Exactly one device is in some local state."""
    number, place = _place(rng, data, "occupied")
    place["zero"].append([[CONSTANT, -1], [f"c{rng.choice(place['occupied'])}", 1]])
    return number


def kept_apart(rng: random.Random, data: dict[str, Any]) -> int:
    """Two local states, or two devices in one, are never there together."""
    number, place = _place(rng, data, "occupied")
    one, other = (rng.choice(place["occupied"]) for _ in range(2))
    place["apart"].append([[one], [other]])
    return number


def let_together(rng: random.Random, data: dict[str, Any]) -> int:
    """Two devices may be where they were told apart."""
    number, place = _place(rng, data, "apart")
    place["apart"].remove(rng.choice(place["apart"]))
    return number


def not_there(rng: random.Random, data: dict[str, Any]) -> int:
    """No device is in some local state."""
    number, place = _place(rng, data, "occupied")
    gone = rng.choice(place["occupied"])
    place["occupied"].remove(gone)
    place["apart"] = [pair for pair in place["apart"] if [gone] not in pair]
    return number


def other_weight(rng: random.Random, data: dict[str, Any]) -> int:
    """A local state counts for more, or less, in a tally."""
    number, place = _place(rng, data, "zero")
    form = rng.choice(place["zero"])
    column = f"c{rng.choice(place['occupied'])}"
    _add(form, column, rng.choice([-1, 1]))
    return number


def other_constant(rng: random.Random, data: dict[str, Any]) -> int:
    """A place counts for more, or less, in a tally."""
    number, place = _place(rng, data, "zero")
    _add(rng.choice(place["zero"]), CONSTANT, rng.choice([-1, 1]))
    return number


def higher_bound(rng: random.Random, data: dict[str, Any]) -> int:
    """A tally is one more, at least."""
    number, place = _place(rng, data, "least")
    _add(rng.choice(place["least"]), CONSTANT, -1)
    return number


def no_bounds(rng: random.Random, data: dict[str, Any]) -> int:
    """Nobody need be there."""
    number, place = _place(rng, data, "least")
    place["least"] = []
    return number


def no_tally(rng: random.Random, data: dict[str, Any]) -> int:
    """A growing integer may be anything."""
    number, place = _place(rng, data, "zero")
    place["zero"].remove(rng.choice(place["zero"]))
    return number


OF_THE_INVARIANT: tuple[OtherInvariant, ...] = (
    too_strong,
    kept_apart,
    let_together,
    not_there,
    other_weight,
    other_constant,
    higher_bound,
    no_bounds,
    no_tally,
)


def _place(rng: random.Random, data: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
    """A place that says something of that kind. Raises IndexError if none does."""
    return rng.choice([(k, place) for k, place in enumerate(data["places"]) if place[key]])


def _add(form: list[list[Any]], column: str, number: int) -> None:
    here = next((term for term in form if term[0] == column), None)
    if here is None:
        form.append([column, number])
    else:
        here[1] += number
