"""What a checker says of a search, read from what it prints."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET


class Unlike(Exception):
    """A run that cannot be compared with others: not everything was searched, or other things."""


@dataclass(frozen=True)
class Answer:
    """What a search came to.

    ``stored`` is how many states were kept for all ``states``. ``transitions`` is None where the
    checker counts something else by it, and ``seconds``, of the search alone and as the checker
    itself says, where it says only whole seconds. ``vacuous`` names the properties that the
    checker calls so, if it knows of that; all others hold.
    """

    states: int
    transitions: int | None
    stored: int
    seconds: float | None
    vacuous: str = ""


Reader = Callable[[str, int], Answer]
"""Reads what was printed about a system with so many initial states; raises Unlike."""


def spin_counts(said: str, starts: int) -> tuple[int, int]:
    """States and transitions of the system whose export SPIN has searched.

    SPIN starts in one state. Where the system has several, the choice among them is a step of its
    own: one more state, and a transition for each. It also counts one into its first state.
    """
    states = _number(r"^ *(\d+) states, stored", said)
    transitions = _number(r"^ *(\d+) transitions", said)
    return (states - 1, transitions - 1 - starts) if starts > 1 else (states, transitions - 1)


def rumur_counts(said: str) -> tuple[int, int]:
    """States and transitions that Rumur has found, from its output for machines."""
    summary = ET.fromstring(said).find("summary")  # noqa: S314  # Rumur's own
    if summary is None:
        raise Unlike("Rumur prints no summary")
    return int(summary.attrib["states"]), int(summary.attrib["rules_fired"])


def tlc_states(said: str) -> int:
    """States that TLC has found; none where an initial one is broken."""
    counts = re.findall(r"(\d+) distinct states found", said)
    return int(counts[-1]) if counts else 0


def spin(said: str, starts: int) -> Answer:
    """SPIN's answer."""
    if "errors: 0\n" not in said or "Search not completed" in said or "too small" in said:
        raise Unlike("SPIN has found an error, or has not searched everything")
    states, transitions = spin_counts(said, starts)
    seconds = re.search(r"^pan: elapsed time (\S+) seconds", said, re.MULTILINE)
    return Answer(states, transitions, states, float(seconds[1]) if seconds else None)


def rumur(said: str, starts: int) -> Answer:  # noqa: ARG001  # it knows initial states
    """Rumur's answer."""
    states, transitions = rumur_counts(said)
    if ET.fromstring(said).find("error") is not None:  # noqa: S314  # Rumur's own
        raise Unlike("Rumur has found an error")
    return Answer(states, transitions, states, None)


def tlc(said: str, starts: int) -> Answer:  # noqa: ARG001  # it knows initial states
    """TLC's answer."""
    if "No error has been found" not in said:
        raise Unlike("TLC has found an error, or has not searched everything")
    states = tlc_states(said)
    return Answer(states, None, states, None)


def ours(said: str, starts: int) -> Answer:  # noqa: ARG001  # it knows initial states
    """Our own search's answer, as `check --format json` prints it."""
    results: list[Mapping[str, object]] = json.loads(said)["results"]
    # Nothing ends a search early where a property is vacuous; where one is violated, it ends
    # Rumur's and TLC's.
    other = [r for r in results if r["verdict"] not in ("holds", "vacuous")]
    if other:
        told = "; ".join(f"{r['property']}: {r['verdict']}" for r in other)
        raise Unlike(f"only where everything holds do all search the same: {told}")
    vacuous = ", ".join(str(r["property"]) for r in results if r["verdict"] == "vacuous")
    one = json.loads(said)["results"][0]
    return Answer(one["states"], one["transitions"], one["stored"], one["seconds"], vacuous)


def _number(pattern: str, said: str) -> int:
    found = re.search(pattern, said, re.MULTILINE)
    if found is None:
        raise Unlike(f"there is no {pattern!r} in {said!r}")
    return int(found[1])
