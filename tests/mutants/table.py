"""What is recorded of every mutation of a design, as data and as a page."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

from model.designs import driver_managed_dma
from model.designs.releases import reset_fences_claims
from model.linux.design import Design, Size
from properties import PROPERTIES
from properties.lemmas import LEMMAS
from tests.mutants.judge import Judge, Outcome, Reach
from tests.mutants.mutate import Mutation

Record: TypeAlias = dict[str, str | list[str]]
"""``broken`` properties, or why all is the ``same``, or that the mutation is ``idle``, or a
person's word; in the latter two cases the ``lemmas`` as well."""

BY_HAND = ("harmless", "unseen")
"""A person's word: why the change does no harm, or which harm no property sees."""
IDLE = "the steps that it adds change nothing"

SIZE = Size(devices=1, hotplug=1)
_DOCS = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True)
class TwinsRecord:
    """Keys of ``mutations`` that break ``broken`` together, and nothing alone."""

    mutations: list[str]
    broken: list[str]

    def others(self, key: str) -> list[str]:
        """The twins of that one."""
        return [other for other in self.mutations if other != key]


@dataclass(frozen=True)
class Recorded:
    """What is known of every mutation, by its key."""

    mutations: dict[str, Record]
    twins: list[TwinsRecord]
    left_out: list[str]
    """What breaks something beside the others that break nothing alone."""

    def alone(self) -> list[str]:
        """What breaks nothing alone."""
        return [key for key, found in self.mutations.items() if "broken" not in found]

    def together(self) -> list[str]:
        """What breaks nothing even if all of it is dropped at once."""
        return [key for key in self.alone() if key not in self.left_out]

    def twins_of(self, key: str) -> TwinsRecord | None:
        """The first twins that it is one of."""
        return next((each for each in self.twins if key in each.mutations), None)

    def kind(self, key: str) -> str:
        """What becomes of the mutation, in a word.

        It is redundant if only its twins explain it, and "" if nothing does.
        """
        kind, told = next(iter(self.mutations[key].items()))
        if told:
            return kind
        return "redundant" if self.twins_of(key) else ""


@dataclass(frozen=True)
class Table:
    """The mutations of ``design``, what is recorded of them, and the page that shows it."""

    design: Design
    page: Path
    reach: Reach
    size: Size = SIZE

    @property
    def data(self) -> Path:
        """The file of the records."""
        return Path(__file__).with_name(f"{self.design}.json")

    @property
    def judge(self) -> Judge:
        """The judge of the design's mutations, made once."""
        return _judge(self)

    @property
    def mutations(self) -> tuple[Mutation, ...]:
        """Every single mutation, in the order of the actions."""
        return _mutations(self)

    def mutation(self, key: str) -> Mutation:
        """The mutation with that key."""
        return next(mutation for mutation in self.mutations if mutation.key == key)

    def of(self, keys: Sequence[str]) -> list[Mutation]:
        """The mutations with those keys."""
        return [mutation for mutation in self.mutations if mutation.key in keys]

    def read(self) -> Recorded:
        """What the data file holds; nothing if there is none."""
        if not self.data.exists():
            return Recorded({}, [], [])
        found = json.loads(self.data.read_text(encoding="utf-8"))
        twins = [TwinsRecord(**each) for each in found["twins"]]
        return Recorded(found["mutations"], twins, found["left_out"])

    def write(self, recorded: Recorded) -> None:
        """Write the data file."""
        text = json.dumps(asdict(recorded), indent=2, ensure_ascii=False)
        self.data.write_text(text + "\n", encoding="utf-8")


@functools.cache
def _judge(table: Table) -> Judge:
    return Judge(table.design.system(table.size), PROPERTIES, LEMMAS, table.reach)


@functools.cache
def _mutations(table: Table) -> tuple[Mutation, ...]:
    return table.judge.mutator.mutations()


TABLES = {
    str(table.design): table
    for table in (
        Table(driver_managed_dma.design, _DOCS / "mutants.md", Reach()),
        Table(reset_fences_claims.design, _DOCS / "mutants-7.3.md", Reach(400_000, 4_000_000)),
    )
}


def record(outcome: Outcome, old: Record) -> Record:
    """``outcome`` as it is recorded. What a person wrote in ``old`` is kept if it is needed."""
    if outcome.broken:
        return {"broken": list(outcome.broken)}
    if outcome.same:
        return {"same": outcome.same}
    word: Record = {kind: old[kind] for kind in BY_HAND if old.get(kind)}
    fallback: Record = {"idle": IDLE} if outcome.idle else {"harmless": ""}
    return {**(word or fallback), "lemmas": list(outcome.lemmas)}
