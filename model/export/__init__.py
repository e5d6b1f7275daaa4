"""Exports: a system as other people's model checkers read it.

Each is the whole system, with actions and properties by their names. Its checks are in
``tests/export``, where those checkers must find the same states, verdicts and lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from model.export.btor2 import btor2
from model.export.dot import dot
from model.export.murphi import murphi
from model.export.names import CannotExport
from model.export.promela import promela
from model.export.smtlib import smtlib
from model.export.source import Subject
from model.export.tla import tla

__all__ = ["TARGETS", "CannotExport", "Subject", "Wishes"]


@dataclass(frozen=True)
class Wishes:
    """What only some targets heed: the steps of SMT-LIB's query, the most states that DOT draws."""

    k: int = 8
    max_states: int = 500


Target: TypeAlias = Callable[[Subject, Wishes], dict[str, str]]

TARGETS: Mapping[str, Target] = {
    "promela": lambda subject, _: promela(subject),
    "murphi": lambda subject, _: murphi(subject),
    "tla": lambda subject, _: tla(subject),
    "smtlib": lambda subject, wishes: smtlib(subject, wishes.k),
    "btor2": lambda subject, _: btor2(subject),
    "dot": lambda subject, wishes: dot(subject, wishes.max_states),
}
"""What writes each target: the texts of its files, by their names. Raises CannotExport."""
