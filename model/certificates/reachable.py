"""The certificate of a search: the reachable states of one size in a few figures, and the verdicts.

It proves nothing by itself. It says what another program has to find, given the same design.
"""

from __future__ import annotations

import dataclasses
import json
import reprlib
from dataclasses import dataclass

from model.certificates.form import CertificateError, write

VERSION = 1
NAME = "states.json"


@dataclass(frozen=True)
class Result:
    """What was found of a property, by the words of ``Verdict``.

    ``digest`` is that of the claim. ``steps`` are those of a shortest counterexample, with its
    loop once round if it has one; None if there is none.
    """

    name: str
    digest: str
    verdict: str
    steps: int | None


@dataclass(frozen=True)
class Reachable:
    """What ``machine`` found of the design of the digest ``system``, at one size.

    ``devices`` and ``hotplug`` are how many there are in each of ``groups``. ``variables`` gives
    the order in which ``digest`` reads their values; see ``model.engines.census`` for that and for
    ``states``, ``transitions`` and ``depth``.
    """

    version: int
    design: str
    devices: int
    hotplug: int
    groups: int
    system: str
    machine: str
    variables: list[str]
    states: int
    transitions: int
    depth: int
    digest: str
    results: list[Result]


def read(text: str) -> Reachable:
    """The certificate that ``write`` wrote. Raises CertificateError for any other text."""
    try:
        data = json.loads(text)
        if isinstance(data, dict) and data.get("version", VERSION) != VERSION:
            raise CertificateError(f"it is of version {data['version']}, not {VERSION}")
        made = Reachable(**{**data, "results": [Result(**item) for item in data["results"]]})
        same = write(made) == text
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CertificateError(f"the certificate cannot be read: {error!r}") from None
    if not same:
        raise CertificateError("the certificate is not written as certificates are")
    sizes = [made.devices, made.hotplug, made.groups]
    if any(type(number) is not int or number < 0 for number in sizes):
        raise CertificateError("the size is not one of whole numbers")
    # A file of somebody else's may give any number: a system of a billion devices is not built.
    if made.groups * (made.devices + made.hotplug) > len(made.variables):
        raise CertificateError("it lists too few variables for its size")
    return made


def folder(made: Reachable) -> dict[str, str]:
    """The files of a certificate's folder: the certificate, and a guide to it."""
    guide = _GUIDE.format(design=made.design, system=made.system, file=NAME)
    return {NAME: write(made), "README": guide}


def compare(told: Reachable, found: Reachable) -> None:
    """Raise CertificateError, which names the first difference, unless both say the same.

    Which machine found it may differ.
    """
    for key, one, other in _pairs(told, found):
        if key not in ("machine", "results") and one != other:
            raise CertificateError(_difference(key, one, other))
    for mine, again in zip(told.results, found.results, strict=True):
        for key, one, other in _pairs(mine, again):
            if one != other:
                raise CertificateError(f"{mine.name}: {_difference(key, one, other)}")


def _pairs(one: Reachable | Result, other: Reachable | Result) -> list[tuple[str, object, object]]:
    names = [field.name for field in dataclasses.fields(one)]
    return [(name, getattr(one, name), getattr(other, name)) for name in names]


def _difference(key: str, told: object, found: object) -> str:
    return f"{key}: it says {reprlib.repr(told)}, and {reprlib.repr(found)} is found"


_GUIDE = """\
A certificate: what an exhaustive search of the design {design} found, at one size.

{file} has

    system       a digest of the design at this size: its variables and its steps
    states       how many states are reachable
    transitions  how many pairs of such a state and an action that can be taken there
    depth        how many steps the farthest state is from the nearest one to start in
    digest       a digest of the set of reachable states
    results      of each property, the verdict, and the steps of a shortest counterexample

No state stands for another, and nothing is left out of any. The digest is made so: for each
state, the values of the variables, in the order of "variables" and separated by one space; of
that text, SHA-256 as a number, its first byte the highest; of all these numbers, the sum modulo
2**256, in hexadecimal.

Whoever doubts it finds it again, with any program. This one does so with another machine than
the one that is named in the file, and refuses what differs:

    python -m model certify --check FOLDER

The design is the one of digest {system}.
"""
