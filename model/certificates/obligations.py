"""What has to be unsatisfiable for a certificate to be right, in SMT-LIB 2, logic QF_LIA.

``c0``, ``c1``, ... are how many devices are in each local state; the integers that grow with the
group have their own names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    made = {
        "initial.smt2": _file(
            certificate,
            "The invariant holds at the start, for any number of devices.",
            [_initial(certificate, numbers, start)],
        )
    }
    steps: dict[str, list[list[str]]] = {}
    for step in certificate.steps:
        steps.setdefault(step.action, []).append(_step(certificate, numbers, step))
    for action, parts in sorted(steps.items()):
        text = f"The invariant is kept by {action}."
        made[f"step-{_plain(action)}.smt2"] = _file(certificate, text, parts)
    for item in certificate.properties:
        parts = (
            _stuck(certificate)
            if item.kind == DEADLOCK
            else [
                [*_allowed(certificate.places[place]), *map(_fact, facts)]
                for place, facts in item.broken
            ]
        )
        text = f"The invariant implies {item.name}."
        made[f"property-{item.name}.smt2"] = _file(certificate, text, parts)
    if len(made) != 1 + len(steps) + len(certificate.properties):
        raise CertificateError("two obligations would have one file name")
    return made


def _initial(
    certificate: Certificate, numbers: Mapping[tuple[str, ...], int], start: Start
) -> list[str]:
    """That some start is outside the invariant: a disjunction over the places to start from."""
    known = {tuple(state): k for k, state in enumerate(certificate.states)}
    # A flag that tells cells apart is 0 at the start: no device has that value there.
    flags = ("0",) * (len(certificate.places[0].values) - len(certificate.shared))
    wanted = [(*values, *flags) for values in start.places]
    missing = [s for s in start.devices if tuple(s) not in known]
    if missing or any(values not in numbers for values in wanted):
        raise CertificateError("the invariant leaves out a state to start from")
    present = [known[tuple(state)] for state in start.devices]
    outside: list[str] = []
    for values in wanted:
        place = certificate.places[numbers[values]]
        if not set(present) <= set(place.occupied):
            raise CertificateError("the invariant leaves out a state to start from")
        given = {f"c{k}": 0 for k in place.occupied if k not in present} | dict(start.growing)
        for forms, broken in ((place.zero, _unequal), (place.least, _negative)):
            for form in forms:
                left = [(c, n) for c, n in form if c not in given]
                fixed = sum(given[c] * n for c, n in form if c in given)
                outside.append(broken([*left, (CONSTANT, fixed)]))
    return [*(f"(>= c{k} 0)" for k in present), _any(outside)]


def _step(
    certificate: Certificate, numbers: Mapping[tuple[str, ...], int], step: Step
) -> list[str]:
    """That the step leads from counts that the invariant allows to some that it does not."""
    here = certificate.places[step.start]
    taken = [*_allowed(here), *map(_fact, step.facts)]
    if tuple(step.end) not in numbers:
        return taken
    there = certificate.places[numbers[tuple(step.end)]]
    after = after_step(here, step)
    gone = set(after) - {f"c{state}" for state in there.occupied} - set(certificate.growing)
    wrong = [_unequal(after[column]) for column in sorted(gone)]
    for forms, broken in ((there.zero, _unequal), (there.least, _negative)):
        wrong += [
            broken([(c, n * m) for column, n in form for c, m in _after(after, column)])
            for form in forms
        ]
    return [*taken, _any(wrong)]


def _stuck(certificate: Certificate) -> list[list[str]]:
    """For each place, that the invariant allows counts where no step can be taken."""
    parts = [[*_allowed(place)] for place in certificate.places]
    for step in certificate.steps:
        # Said here, whatever the facts say: the devices that a step names must be there.
        present: list[Form] = [
            [(CONSTANT, -step.named.count(state)), (f"c{state}", 1)]
            for state in sorted({*step.named})
        ]
        parts[step.start].append(_any([_negative(fact) for fact in (*present, *step.facts)]))
    return parts


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


def _after(after: Mapping[str, Form], column: str) -> Form:
    """A column after a step: a growing integer may be as it was, and a count 0."""
    if column in after:
        return after[column]
    kept = column == CONSTANT or not _COUNT.fullmatch(column)
    return [(column, 1)] if kept else []


def _allowed(place: Place) -> Iterator[str]:
    """The invariant at ``place``; a group has a device."""
    for state in place.occupied:
        yield f"(>= c{state} 0)"
    yield f"(>= {_sum([(f'c{state}', 1) for state in place.occupied])} 1)"
    for form in place.zero:
        yield f"(= {_sum(form)} 0)"
    yield from map(_fact, place.least)


_COUNT = re.compile(r"c[0-9]+")


def _fact(form: Form) -> str:
    return f"(>= {_sum(form)} 0)"


def _unequal(form: Form) -> str:
    return f"(not (= {_sum(form)} 0))"


def _negative(form: Form) -> str:
    return f"(not {_fact(form)})"


def _any(parts: Sequence[str]) -> str:
    return f"(or false {' '.join(parts)})"


def _sum(form: Iterable[tuple[str, int]]) -> str:
    terms = []
    for column, number in form:
        whole = str(number) if number >= 0 else f"(- {-number})"
        name = column if _COUNT.fullmatch(column) else f"|{column}|"
        terms.append(whole if column == CONSTANT else f"(* {whole} {name})")
    return f"(+ 0 {' '.join(terms)})" if terms else "0"


def _file(certificate: Certificate, text: str, parts: Iterable[Iterable[str]]) -> str:
    lines = [f"; {certificate.design}: {text}", "; Every check-sat must be answered unsat."]
    lines.append("(set-logic QF_LIA)")
    lines += [f"(declare-const c{k} Int)" for k in range(len(certificate.states))]
    lines += [f"(declare-const |{name}| Int)" for name in certificate.growing]
    for part in parts:
        lines += ["(push 1)", *(f"(assert {item})" for item in part), "(check-sat)", "(pop 1)"]
    return "\n".join([*lines, ""])


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")
