"""What a certificate says: an invariant by place, the steps between counts, and the claims.

A *form* is a linear expression: a list of [column, coefficient]. The columns are "1" for the
constant, "c0", "c1", ... for how many devices are in each local state, and the names of the
integers that grow with the group.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from model.lang import Claim, Kind, System

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

VERSION = 3
INVARIANT, TYPES, DEADLOCK = (k.name.lower() for k in (Kind.INVARIANT, Kind.TYPES, Kind.DEADLOCK))
"""What kinds of properties a certificate is about."""
CONSTANT = "1"
READ_AT = (1, 2, 3, 4)
"""How many devices the digest of a design looks at."""

Form: TypeAlias = list[tuple[str, int]]


class CertificateError(Exception):
    """A certificate that is none, or does not prove what it says; the message says why."""


@dataclass(frozen=True)
class Place:
    """What the invariant says in one of its cells.

    ``values`` are those of the shared variables; a further "0" or "1" each tells cells apart.
    Only the local states ``occupied`` have any devices. Of two devices, one is never in a state of
    the first list of a pair of ``apart`` while the other is in one of the second; the lists are the
    same, or have nothing in common. Every form of ``zero`` is 0, and none of ``least`` is negative.
    """

    values: list[str]
    occupied: list[int]
    apart: list[tuple[list[int], list[int]]]
    zero: list[Form]
    least: list[Form]


@dataclass(frozen=True)
class Step:
    """A step of ``action`` from the place of number ``start``, by devices in the states ``named``.

    It is taken where no form of ``facts`` is negative. Afterwards it is at the place of the values
    ``end``; there are none where the facts contradict the invariant. The named devices are then in
    ``after``, every other one that was in the first state of a pair of ``moves`` is in the second,
    and ``grown`` are the growing integers.
    """

    action: str
    start: int
    named: list[int]
    facts: list[Form]
    end: list[str]
    after: list[int]
    moves: list[tuple[int, int]]
    grown: list[tuple[str, Form]]


@dataclass(frozen=True)
class Property:
    """A claim, and each case in which it would be broken: a place, and facts.

    ``kind`` is "invariant"; "types", whose cases are steps out of a domain; or "deadlock", which
    has no cases of its own: it is broken where no step can be taken.
    """

    name: str
    kind: str
    digest: str
    broken: list[tuple[int, list[Form]]]


@dataclass(frozen=True)
class Searched:
    """The reachable states with two devices: how many, how far, and a digest of their set."""

    states: int
    depth: int
    digest: str


@dataclass(frozen=True)
class Certificate:
    """A proof of ``properties`` for any number of devices in any number of groups.

    ``shared``, ``growing`` and ``device`` name variables: those that all devices share, those of
    them whose domain grows, and a device's own. ``states`` are the local states.
    """

    version: int
    design: str
    digest: str
    shared: list[str]
    growing: list[str]
    device: list[str]
    states: list[list[str]]
    places: list[Place]
    steps: list[Step]
    properties: list[Property]
    searched: Searched


_WITH_A_LINE_EACH = {"states", "places", "steps", "properties", "results"}


def write(certificate: DataclassInstance) -> str:
    """The text of a certificate: JSON with a line for each item."""
    lines = []
    for key, value in vars(certificate).items():
        if isinstance(value, list) and key in _WITH_A_LINE_EACH:
            items = ",\n".join(f"    {json.dumps(item, default=vars)}" for item in value)
            lines.append(f"  {json.dumps(key)}: [\n{items}\n  ]")
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value, default=vars)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read(text: str) -> Certificate:
    """The certificate that ``write`` wrote. Raises CertificateError for any other text."""
    try:
        data = json.loads(text)
        made = Certificate(
            **{
                **data,
                "places": [_place(item) for item in data["places"]],
                "steps": [_step(item) for item in data["steps"]],
                "properties": [_property(item) for item in data["properties"]],
                "searched": Searched(**data["searched"]),
            }
        )
        same = write(made) == text
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CertificateError(f"the certificate cannot be read: {error!r}") from None
    if not same:
        raise CertificateError("the certificate is not written as certificates are")
    if made.version != VERSION:
        raise CertificateError(f"the certificate is of version {made.version}, not {VERSION}")
    if not _fits_together(made):
        raise CertificateError("the certificate speaks of something that it does not list")
    return made


def _fits_together(made: Certificate) -> bool:
    """Whether every number and column is one that the certificate lists, and names are names."""
    states, places = range(len(made.states)), range(len(made.places))
    columns = {CONSTANT, *made.growing, *(f"c{k}" for k in states)}
    forms = [form for place in made.places for form in (*place.zero, *place.least)]
    forms += [fact for step in made.steps for fact in step.facts]
    forms += [form for step in made.steps for _, form in step.grown]
    forms += [fact for item in made.properties for _, facts in item.broken for fact in facts]
    numbers = [k for place in made.places for k in place.occupied]
    pairs = [pair for place in made.places for pair in place.apart]
    numbers += [k for pair in pairs for states in pair for k in states]
    numbers += [k for step in made.steps for k in (*step.named, *step.after)]
    numbers += [k for step in made.steps for pair in step.moves for k in pair]
    starts = [step.start for step in made.steps]
    starts += [place for item in made.properties for place, _ in item.broken]
    names = [made.design, *made.growing, *made.shared, *(item.name for item in made.properties)]
    names += [step.action for step in made.steps]
    kinds = {(item.kind, item.kind == DEADLOCK and bool(item.broken)) for item in made.properties}
    return (
        bool(made.places)
        and kinds <= {(INVARIANT, False), (TYPES, False), (DEADLOCK, False)}
        and all(column in columns for form in forms for column, _ in form)
        and all(k in states for k in numbers)
        and all(k in places for k in starts)
        and all(one == other or not {*one} & {*other} for one, other in pairs)
        and all(len({*states}) == len(states) for pair in pairs for states in pair)
        and all(len(step.named) == len(step.after) for step in made.steps)
        and all(name in made.growing for step in made.steps for name, _ in step.grown)
        # The names stand in the obligations: they must not end a line, or a symbol.
        and all(re.fullmatch(r"[\w.(), =+-]+", name) for name in names)
    )


def digest_of_design(systems: Iterable[System]) -> str:
    """A digest of everything that one system after the other can do."""
    lines: list[str] = []
    for system in systems:
        lines += [f"{v} {v.domain.values} {v.initial}" for v in system.variables]
        for action in system.actions:
            lines.append(f"{action.title}: {'; '.join(map(str, action.guard))}")
            lines += [str(update) for update in action.updates]
    return _sha256(lines)


def digest_of_claim(claims: Iterable[Claim]) -> str:
    """A digest of what is claimed of one system after the other."""
    lines: list[str] = []
    for claim in claims:
        lines.append(f"{claim.name}: {claim.kind.name}")
        for case in claim.cases:
            lines.append(f"{case.title}: {case.that} when {case.when} during {case.during}")
            lines += [f"{' '.join(a.title for a in f.actions)} where {f.where}" for f in case.fair]
    return _sha256(lines)


def _sha256(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _form(items: Any) -> Form:
    return [(str(column), _whole(number)) for column, number in items]


def _whole(number: Any) -> int:
    if type(number) is not int:
        raise TypeError(f"{number!r} is no integer")
    return number


def _forms(items: Any) -> list[Form]:
    return [_form(item) for item in items]


def _place(item: Any) -> Place:
    return Place(
        list(item["values"]),
        list(map(_whole, item["occupied"])),
        [(list(map(_whole, one)), list(map(_whole, other))) for one, other in item["apart"]],
        _forms(item["zero"]),
        _forms(item["least"]),
    )


def _step(item: Any) -> Step:
    return Step(
        str(item["action"]),
        _whole(item["start"]),
        list(map(_whole, item["named"])),
        _forms(item["facts"]),
        list(item["end"]),
        list(map(_whole, item["after"])),
        [(_whole(old), _whole(new)) for old, new in item["moves"]],
        [(str(name), _form(form)) for name, form in item["grown"]],
    )


def _property(item: Any) -> Property:
    broken = [(_whole(place), _forms(facts)) for place, facts in item["broken"]]
    return Property(str(item["name"]), str(item["kind"]), str(item["digest"]), broken)
