"""What has to be unsatisfiable for a certificate to be right, in SMT-LIB 2, logic QF_LIA.

``c0``, ``c1``, ... are how many devices are in each local state; the integers that grow with the
group have their own names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from model.certificates.form import (
    CONSTANT,
    DEADLOCK,
    Certificate,
    CertificateError,
    Form,
    Place,
    Step,
)
from model.certificates.sheet import Sheet, denied, either, is_count

INITIAL = "initial.smt2"


@dataclass(frozen=True)
class Start:
    """Where a design starts: the shared values, a device's, and those of the growing integers."""

    places: Sequence[Sequence[str]]
    devices: Sequence[Sequence[str]]
    growing: Mapping[str, int]


def files(certificate: Certificate, start: Start) -> dict[str, str]:
    """The obligations by file name: every ``(check-sat)`` in them must be answered ``unsat``.

    Raises CertificateError if a place or a local state is missing.
    """
    numbers = {tuple(place.values): k for k, place in enumerate(certificate.places)}
    if len(numbers) != len(certificate.places):
        raise CertificateError("two places are the same")
    sheets = [
        Sheet(f"{certificate.design}: the invariant at place {k},", *_told(certificate, place))
        for k, place in enumerate(certificate.places)
    ]
    for place, sheet in zip(certificate.places, sheets, strict=True):
        counts: Form = [(f"c{state}", 1) for state in place.occupied]
        sheet.assume(sheet.not_negative([count]) for count in counts)
        sheet.assume([sheet.not_negative([(CONSTANT, -1), *counts])])  # a group has a device
        sheet.assume(_invariant(sheet, place, {column: [(column, 1)] for column, _ in counts}))
    for step in certificate.steps:
        _step(certificate, numbers, step, sheets[step.start])
    for item in certificate.properties:
        label = f"{item.name} follows"
        for number, facts in item.broken:
            sheets[number].ask(label, map(sheets[number].not_negative, facts))
        if item.kind == DEADLOCK:
            _stuck(certificate, sheets, label)
    named = {f"place-{k}.smt2": str(sheet) for k, sheet in enumerate(sheets)}
    return {INITIAL: str(_initial(certificate, numbers, start)), **named}


def _told(certificate: Certificate, place: Place) -> Iterator[str]:
    """What the values of a place belong to; a cell's further values have no name."""
    for name, value in zip(certificate.shared, place.values, strict=False):
        yield f"    {name} = {value}"


def _initial(
    certificate: Certificate, numbers: Mapping[tuple[str, ...], int], start: Start
) -> Sheet:
    """That some start is outside the invariant: a question for each place to start from."""
    known = {tuple(state): k for k, state in enumerate(certificate.states)}
    # A flag that tells cells apart is 0 at the start: no device has that value there.
    flags = ("0",) * (len(certificate.places[0].values) - len(certificate.shared))
    wanted = [(*values, *flags) for values in start.places]
    missing = [s for s in start.devices if tuple(s) not in known]
    if missing or any(values not in numbers for values in wanted):
        raise CertificateError("the invariant leaves out a state to start from")
    present = [known[tuple(state)] for state in start.devices]
    sheet = Sheet(f"{certificate.design}: the invariant holds at the start, with any devices.")
    sheet.assume(sheet.not_negative([(f"c{k}", 1)]) for k in present)
    for values in wanted:
        place = certificate.places[numbers[values]]
        if not set(present) <= set(place.occupied):
            raise CertificateError("the invariant leaves out a state to start from")
        after: dict[str, Form] = {f"c{k}": [(f"c{k}", 1)] for k in present}
        after |= {name: [(CONSTANT, number)] for name, number in start.growing.items()}
        holds = _invariant(sheet, place, after)
        sheet.ask(f"it starts at place {numbers[values]}", [either([*map(denied, holds)])])
    return sheet


def _step(
    certificate: Certificate,
    numbers: Mapping[tuple[str, ...], int],
    step: Step,
    sheet: Sheet,
) -> None:
    """That the step leads from counts that the invariant allows to some that it does not."""
    here = certificate.places[step.start]
    taken = [sheet.not_negative(fact) for fact in step.facts]
    if tuple(step.end) not in numbers:
        sheet.ask(f"{step.action} is not taken", taken)
        return
    there = certificate.places[numbers[tuple(step.end)]]
    after = after_step(here, step)
    left = set(after) - {f"c{state}" for state in there.occupied} - set(certificate.growing)
    holds = [sheet.zero(after[column]) for column in sorted(left)]
    holds += _invariant(sheet, there, after)
    sheet.ask(f"{step.action} keeps it", [*taken, either([*map(denied, holds)])])


def _stuck(certificate: Certificate, sheets: Sequence[Sheet], label: str) -> None:
    """For each place, that the invariant allows counts where no step can be taken."""
    parts: list[list[str]] = [[] for _ in sheets]
    for step in certificate.steps:
        # Said here, whatever the facts say: the devices that a step names must be there.
        present: list[Form] = [
            [(CONSTANT, -step.named.count(state)), (f"c{state}", 1)]
            for state in sorted({*step.named})
        ]
        sheet = sheets[step.start]
        facts = [*map(sheet.not_negative, (*present, *step.facts))]
        parts[step.start].append(either([*map(denied, facts)]))
    for sheet, missing in zip(sheets, parts, strict=True):
        sheet.ask(label, missing)


def after_step(here: Place, step: Step) -> dict[str, Form]:
    """What each column is after ``step``, as a form over what it was before."""
    moves = dict(step.moves)
    after: dict[str, Form] = {}
    for state in here.occupied:
        after.setdefault(f"c{moves.get(state, state)}", []).append((f"c{state}", 1))
    for old, new in zip(step.named, step.after, strict=True):
        # The device was counted as one of the others above.
        after.setdefault(f"c{moves.get(old, old)}", []).append((CONSTANT, -1))
        after.setdefault(f"c{new}", []).append((CONSTANT, 1))
    after.update(dict(step.grown))
    return after


def _invariant(sheet: Sheet, place: Place, after: Mapping[str, Form]) -> Iterator[str]:
    """What the invariant says at ``place``, where a column is what ``after`` gives.

    Of what is not in it, a count is 0, and a growing integer is what it is.
    """

    def meant(form: Form) -> Form:
        return [(c, n * m) for column, n in form for c, m in _worth(column, after)]

    for one, other in place.apart:
        counts = [meant([(f"c{state}", 1) for state in states]) for states in (one, other)]
        if one == other:
            yield sheet.not_negative(_less(counts[0], 1))
        else:
            yield either([sheet.not_negative(_less(form, 0)) for form in counts])
    for form in place.zero:
        yield sheet.zero(meant(form))
    for form in place.least:
        yield sheet.not_negative(meant(form))


def _worth(column: str, after: Mapping[str, Form]) -> Form:
    if column in after:
        return after[column]
    return [] if is_count(column) else [(column, 1)]


def _less(form: Form, bound: int) -> Form:
    """By how much ``form`` is below ``bound``."""
    return [(CONSTANT, bound), *((column, -number) for column, number in form)]
