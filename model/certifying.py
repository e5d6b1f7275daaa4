"""Certificates of designs: writing one, and having one checked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from model.catalogue import UsageError, find
from model.certificates.check import NAME, SEARCHED_AT, check, folder, start_of
from model.certificates.compare import Compared, search
from model.certificates.form import Certificate, CertificateError, Searched, read, write
from model.certificates.obligations import files
from model.engines.result import Limits
from model.engines.solving import Clock, GaveUp
from model.linux.design import Size
from model.proof.certificate import certificate
from model.proof.prove import Proof
from model.proof.quantified import NotUniform
from model.proving import family
from properties import PROPERTIES


def certified(name: str) -> tuple[dict[str, str], dict[str, str]]:
    """The files of a certificate for a design, and what is not in it, with the reason.

    Raises UsageError for an unknown design or one without a proof, and ModelError.
    """
    design = find(name).design
    systems = family(design)
    about = [item for item in PROPERTIES if item.concerns(systems(1))]
    try:
        proof = Proof(systems, design.system(Size(0, 2, 2)), Clock(Limits()))
        made, left = certificate(proof, about, systems, Searched(0, 0, ""))
    except (NotUniform, GaveUp) as error:
        raise UsageError(f"{name} has no proof: {error}") from None
    claims = {item.name: item.ground for item in PROPERTIES}
    searched = search(Compared(made, systems(SEARCHED_AT), claims))
    made = replace(made, searched=searched)
    return folder(write(made), files(made, start_of(systems(1), made))), left


def checked(home: Path, variant: str | None) -> Certificate:
    """The certificate in the folder ``home``, once it has been checked.

    ``variant`` is the design's file if it is none of ours. Raises CertificateError, NotDecided,
    UsageError and ModelError.
    """
    path = home / NAME
    if not path.exists():
        raise CertificateError(f"there is no {NAME}")
    name = read(path.read_text(encoding="utf-8")).design
    claims = {item.name: item.ground for item in PROPERTIES}
    return check(home, family(find(variant or name).design), claims)
