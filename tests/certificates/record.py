"""Which proofs are certified, accepted, and refused once changed: docs/certificates.md's table.

``python -m tests.certificates.record`` has the proof of every design written down and checked by
cvc5, changes each certificate in several ways, one after the other, and has all of these refused. A
change of the invariant counts only if a state of the design shows it to be wrong.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tabulate import tabulate

from model.catalogue import UsageError, entries, find
from model.certificates.check import NAME, SEARCHED_AT, folder, start_of
from model.certificates.form import (
    DEADLOCK,
    INVARIANT,
    TYPES,
    Certificate,
    CertificateError,
    read,
)
from model.certificates.obligations import files
from model.certifying import certified, checked
from model.proving import family
from properties import PROPERTIES
from tests.certificates import tampering
from tests.certificates.truth import Truth

PAGE = Path(__file__).resolve().parents[2] / "docs" / "certificates.md"
START = "<!-- proofs: python -m tests.certificates.record rewrites it -->\n"
END = "<!-- end of proofs -->\n"
FAMILIES = ("thread", "releases", "series", "alternatives", "bugs")
"""All there are; those first that were asked first, whose changes go by their places."""
EACH = 8
"""How many changes are tried of a certificate."""
SEVERAL = 12
"""How many changes of one kind are tried until one is known to make the certificate wrong."""
A_FILE = "a file"
AS_A_WHOLE: Sequence[tampering.Change] = (
    tampering.no_step,
    tampering.no_action,
    tampering.no_place,
    tampering.other_design,
    tampering.other_claim,
    tampering.other_states,
    tampering.of_other_kind,
    tampering.of_unknown_kind,
    tampering.injected,
)


@dataclass(frozen=True)
class Row:
    """One design. ``why`` says why it has no certificate; ``kinds`` counts its properties.

    ``tampered`` are the kinds of changes that were tried, ``accepted`` those of them that were not
    refused. Seconds are of CPU time.
    """

    design: str
    why: str
    kinds: Mapping[str, int]
    questions: int
    seconds_to_write: float
    seconds_to_check: float
    tampered: Sequence[str]
    accepted: Sequence[str]


def put(home: Path, made: Mapping[str, str]) -> None:
    """Write the files of a certificate into an empty folder."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    for name, text in made.items():
        (home / name).write_text(text, encoding="utf-8")


def asked(name: str, seeds: Sequence[int], place: Path) -> Row:
    """Certify a design, check it, and tamper with it. Raises CertificateError and NotDecided."""
    begun = time.process_time()
    try:
        made, _ = certified(name)
    except UsageError as error:
        return Row(name, str(error), {}, 0, 0, 0, [], [])
    home = place / "certificate"
    put(home, made)
    written = time.process_time()
    told = checked(home, None)
    done = time.process_time()
    claims = {item.name: item.ground for item in PROPERTIES}
    truth = Truth(family(find(name).design)(SEARCHED_AT), claims, told)
    tried = [tampered(name, made, truth, seed, home) for seed in seeds]
    return Row(
        name,
        "",
        dict(Counter(item.kind for item in told.properties)),
        sum(text.count("(check-sat)") for file, text in made.items() if file.endswith(".smt2")),
        round(written - begun, 1),
        round(done - written, 1),
        [how for how, _ in tried],
        [f"{seed}: {how}" for seed, (how, fine) in zip(seeds, tried, strict=True) if fine],
    )


def tampered(
    name: str, made: Mapping[str, str], truth: Truth, seed: int, home: Path
) -> tuple[str, bool]:
    """Change the certificate, and have it checked: how it was changed, and whether it passed."""
    put(home, made)
    how = A_FILE
    try:
        if seed % 4 == 0:
            tampering.change_a_file(home, seed)
        else:
            if seed % 4 == 1:
                how, text = changed(made[NAME], seed)
            else:
                how, text = of_the_invariant(made[NAME], truth, seed)
            start = start_of(family(find(name).design)(1), text)
            put(home, folder(text, files(text, start)))
        checked(home, None)
    except (CertificateError, UsageError) as error:
        print(f"    {seed}: {how}: {str(error)[-100:]}", file=sys.stderr)  # noqa: T201  # how far
        return how, False
    return how, True


def changed(text: str, seed: int) -> tuple[str, Certificate]:
    """The certificate with one part that can not be right, and which."""
    change = AS_A_WHOLE[seed // 4 % len(AS_A_WHOLE)]
    data = json.loads(text)
    change(random.Random(seed), data)  # noqa: S311  # nobody is to be kept from guessing it
    return change.__name__, read(tampering.write_anyhow(data))


def of_the_invariant(text: str, truth: Truth, seed: int) -> tuple[str, Certificate]:
    """The certificate with an invariant that a state of the design shows to be wrong, and how."""
    rng = random.Random(seed)  # noqa: S311  # nobody is to be kept from guessing it
    kinds = tampering.OF_THE_INVARIANT
    for further in range(len(kinds)):
        change = kinds[(seed // 2 + further) % len(kinds)]
        for _ in range(SEVERAL):
            data = json.loads(text)
            try:
                number = change(rng, data)
            except IndexError:  # The invariant says nothing of that kind.
                break
            made = read(tampering.write_anyhow(data))
            if truth.objection(made, number):
                return change.__name__, made
    raise LookupError("no change makes the invariant wrong")


def rows_of(path: Path) -> list[Row]:
    """The rows that an earlier, perhaps interrupted, run has left."""
    if not path.exists():
        return []
    return [Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def lines(rows: Sequence[Row]) -> Iterator[list[str]]:
    """The table's lines."""
    for row in rows:
        if row.why:
            yield [row.design, "no proof", "", "", "", "", ""]
            continue
        kinds = [str(row.kinds.get(kind, 0) or "-") for kind in (INVARIANT, TYPES, DEADLOCK)]
        refused = f"{len(row.tampered) - len(row.accepted)} of {len(row.tampered)}"
        seconds = f"{row.seconds_to_write:.0f} + {row.seconds_to_check:.0f}"
        yield [row.design, *kinds, str(row.questions), refused, seconds]


def main() -> None:
    """Ask, note each answer at once, and write the table of all that were asked so far.

    A run that was interrupted goes on. Several may share the work, each with designs of its own.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("designs", nargs="*", help="only these, for now")
    parser.add_argument("--results", type=Path, default=Path("build/certificates.jsonl"))
    parser.add_argument("--each", type=int, default=EACH, help="changes of each")
    wishes = parser.parse_args()
    wishes.results.parent.mkdir(parents=True, exist_ok=True)
    names = [entry.design.name for entry in entries(FAMILIES)]
    for name in wishes.designs or names:
        if name in {row.design for row in rows_of(wishes.results)}:
            continue
        first = EACH * names.index(name)
        with tempfile.TemporaryDirectory() as place:
            row = asked(name, range(first, first + wishes.each), Path(place))
        with wishes.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(dataclasses.asdict(row)) + "\n")
        print(row, file=sys.stderr)  # noqa: T201  # how far it is
    rows = sorted(rows_of(wishes.results), key=lambda row: names.index(row.design))
    write_table(rows, [name for name in names if name not in {row.design for row in rows}])
    if len(rows) == len(names):
        wishes.results.unlink()
    wrong = [f"{row.design}: {how}" for row in rows for how in row.accepted]
    if wrong:
        raise SystemExit("\n".join(wrong))


def write_table(rows: Sequence[Row], missing: Sequence[str]) -> None:
    """Put the table of ``rows`` into the page, which says what is ``missing``."""
    heads = ["design", "invariants", "types", "no deadlock", "questions", "refused", "seconds"]
    table = tabulate(lines(rows), heads, tablefmt="github", disable_numparse=True)
    figures = (
        f"{sum(not row.why for row in rows)} certificates, all accepted; "
        f"{sum(len(row.tampered) - len(row.accepted) for row in rows)} of "
        f"{sum(len(row.tampered) for row in rows)} changed ones refused.\n"
        f"Not asked: {', '.join(missing) or 'none'}.\n"
    )
    kinds = Counter(how for row in rows for how in row.tampered)
    passed = Counter(how.partition(": ")[2] for row in rows for how in row.accepted)
    told = [[how.replace("_", " "), n, n - passed[how]] for how, n in sorted(kinds.items())]
    changes = tabulate(told, ["what was changed", "tried", "refused"], tablefmt="github")
    before, rest = PAGE.read_text(encoding="utf-8").split(START)
    _, after = rest.split(END)
    PAGE.write_text(
        f"{before}{START}\n{figures}\n{table}\n\n{changes}\n\n{END}{after}", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
