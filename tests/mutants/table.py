"""What is recorded of every mutation of a design, as data and as a page."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from tabulate import tabulate

from model.designs import driver_managed_dma
from model.linux.design import Size
from properties import PROPERTIES
from properties.lemmas import LEMMAS
from tests.mutants.judge import FAR, Judge, Outcome
from tests.mutants.mutate import Mutation, Part

DESIGN = driver_managed_dma.design
SIZE = Size(devices=1, hotplug=1)
DATA = Path(__file__).with_name(f"{DESIGN}.json")
PAGE = Path(__file__).parents[2] / "docs" / "mutants.md"

Record: TypeAlias = dict[str, str | list[str]]
"""``broken`` properties, or why all is the ``same``, or a person's word with the ``lemmas``."""

BY_HAND = ("harmless", "unseen")
"""A person's word: why the change does no harm, or which harm no property sees."""


@functools.cache
def judge() -> Judge:
    """The judge of the design's mutations, which knows every reachable state of it."""
    return Judge(DESIGN.system(SIZE), PROPERTIES, LEMMAS)


def recorded() -> dict[str, Record]:
    """What the data file holds, by the mutations' keys."""
    found: dict[str, Record] = json.loads(DATA.read_text(encoding="utf-8"))
    return found


def record(outcome: Outcome, old: Record) -> Record:
    """``outcome`` as it is recorded. What a person wrote in ``old`` is kept if it is needed."""
    if outcome.broken:
        return {"broken": list(outcome.broken)}
    if outcome.same:
        return {"same": outcome.same}
    word = {kind: old[kind] for kind in BY_HAND if kind in old} or {"harmless": ""}
    return {**word, "lemmas": list(outcome.lemmas)}


def page(records: Mapping[str, Record]) -> str:
    """The records as a page of Markdown."""
    mutations = judge().mutator.mutations()
    rows = [(f"`{m.action}`", _dropped(m), _told(records[m.key])) for m in mutations]
    kinds = [next(iter(records[m.key])) for m in mutations]
    table = tabulate(rows, ("action", "dropped", "what becomes of it"), tablefmt="github")
    return _TEXT.format(
        design=DESIGN,
        size=SIZE,
        count=len(mutations),
        **{kind: kinds.count(kind) for kind in ("broken", "same", *BY_HAND)},
        far=FAR,
        table=table,
    )


def _dropped(mutation: Mutation) -> str:
    what = _code(mutation.what)
    return {
        Part.GUARD: f"guard {what}",
        Part.UPDATE: f"update of {what}",
        Part.WHEN: f"condition {what} of the update of {_code(mutation.of)}",
    }[mutation.part]


def _told(found: Record) -> str:
    kind = next(iter(found))
    if kind == "broken":
        return f"**breaks** {_codes(found[kind])}"
    lemmas = found.get("lemmas")
    seen = f" (Breaks the lemma {_codes(lemmas)}.)" if lemmas else ""
    return f"**{kind}**: {_escaped(str(found[kind]))}{seen}"


def _codes(names: str | list[str]) -> str:
    return ", ".join(_code(name) for name in names)


def _code(text: str) -> str:
    return f"`{_escaped(text)}`"


def _escaped(text: str) -> str:
    return text.replace("|", r"\|")  # even inside backticks a bar would end the cell


_TEXT = """\
# What each line of the model is for

<!-- Written by `python -m tests.mutants.record`; tests/mutants holds it to the code. -->

Every condition and every update of `{design}` is dropped in turn, for all devices and
drivers at once, and the mutant is explored at the size {size}. Of {count} mutations

- {broken} **break** properties: the ones named are violated, or nothing exercises them any more;
- {same} leave the **same** system: no reachable state has other steps than before, and the action's
  own conditions that see to it are named;
- {harmless} are **harmless**: the system behaves differently and no property breaks; a person says
  why nothing is lost;
- {unseen} are **unseen**: as before, but something is lost that no property asks for. Here a person
  says what.

Where a lemma of the proof breaks that no property stands for, it is named. A mutant that breaks
something is explored up to {far:,} states; what else it would break behind them is not listed.
`other_device` is any member of the group but the action's own, and `<driver>` the driver that the
action is about.

{table}
"""
