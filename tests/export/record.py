"""Writes the tables of docs/peers.md: ``python -m tests.export.record``.

It runs SPIN and Rumur on every case, and TLC and btormc where it is told how to start them.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tabulate import tabulate

from benchmarks.record import version
from model.linux.design import Size
from tests.export.cases import CASES, system_and_claims
from tests.export.checkers import Answer, btormc, ours, rumur, spin, subject, tlc

PAGE = Path(__file__).resolve().parents[2] / "docs" / "peers.md"
START = "<!-- peers: python -m tests.export.record rewrites what follows -->\n"
BOUND = 26
"""How many steps btormc looks ahead: more than any counterexample of these has."""

Column = Mapping[str, Answer | Mapping[str, int]]
"""What each checker says of one case; one that only looks for violations counts no states."""


def main() -> None:
    """Ask every checker about every case and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--tlc", help="the command that starts TLC, such as 'java -cp ... tlc2.TLC'"
    )
    parser.add_argument("--tlc-version", help="what to call it, if it was built from its sources")
    parser.add_argument("--btormc", help="the path of btormc")
    wishes = parser.parse_args()
    answers = {}
    for name, size in CASES:
        print(name, size, file=sys.stderr)  # noqa: T201  # how far it is
        with tempfile.TemporaryDirectory() as folder:
            answers[name, size] = asked(name, size, wishes, Path(folder))
    text = PAGE.read_text(encoding="utf-8").partition(START)[0]
    measured = "\n\n".join(tables(answers, wishes))
    PAGE.write_text(f"{text}{START}\n{measured}\n", encoding="utf-8")


def asked(name: str, size: Size, wishes: argparse.Namespace, folder: Path) -> Column:
    """What every checker says of one case."""
    system, claims = system_and_claims(name, size)
    expected = ours(system, claims)
    found: dict[str, Answer | Mapping[str, int]] = {
        "here": expected,
        "SPIN": spin(subject(system, claims), folder),
        "Rumur": rumur(system, claims, expected, folder),
    }
    if wishes.tlc:
        found["TLC"] = tlc(system, claims, expected, shlex.split(wishes.tlc), folder)
    if wishes.btormc:
        found["btormc"] = btormc(subject(system, claims), wishes.btormc, BOUND, folder)
    return found


def tables(answers: Mapping[tuple[str, Size], Column], wishes: argparse.Namespace) -> Iterator[str]:
    """The versions, the states and the lengths."""
    yield "Versions: " + "; ".join(versions(wishes)) + "."
    names = list(next(iter(answers.values())))
    counting = [name for name in names if name != "btormc"]
    yield "Reachable states:"
    rows = [
        [design, size, *(_states(found[name]) for name in counting), _transitions(found["here"])]
        for (design, size), found in answers.items()
    ]
    yield tabulate(rows, ["design", "size", *counting, "transitions"], "github")
    yield "Steps of the shortest counterexample; what is not listed is violated for none of them:"
    rows = [
        [design, size, claim, *(_length(found[name], claim) for name in names)]
        for (design, size), found in answers.items()
        for claim in sorted({claim for item in found.values() for claim in _violated(item)})
    ]
    yield tabulate(rows, ["design", "size", "property", *names], "github")


def recorded(name: str, size: Size) -> Answer:
    """What the tables say that our own search found."""
    measured = PAGE.read_text(encoding="utf-8").partition(START)[2]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in measured.splitlines()
        if line.startswith(f"| {name} ")
    ]
    of_size = [rest for _, which, *rest in rows if which == str(size)]
    ((here, *_, transitions),) = (cells for cells in of_size if cells[0].isdigit())
    lengths = {claim: int(steps) for claim, steps, *_ in of_size if not claim.isdigit()}
    return Answer(int(here), int(transitions), lengths)


def versions(wishes: argparse.Namespace) -> Iterator[str]:
    """What each checker calls itself."""
    yield version("spin", "-V")
    yield version("rumur", "--version")
    if wishes.tlc:
        yield wishes.tlc_version or version(*shlex.split(wishes.tlc))
    if wishes.btormc:
        yield f"btormc {version(wishes.btormc, '--version')}"
    if gcc := shutil.which("gcc"):
        yield version(gcc, "--version")


def _states(found: Answer | Mapping[str, int]) -> int | str:
    return found.states if isinstance(found, Answer) else "-"


def _transitions(found: Answer | Mapping[str, int]) -> int | str:
    return (found.transitions or "-") if isinstance(found, Answer) else "-"


def _violated(found: Answer | Mapping[str, int]) -> Mapping[str, int]:
    return found.violated if isinstance(found, Answer) else found


def _length(found: Answer | Mapping[str, int], claim: str) -> int | str:
    none = "holds" if isinstance(found, Answer) else f"none up to {BOUND}"
    return _violated(found).get(claim, none)


if __name__ == "__main__":
    main()
