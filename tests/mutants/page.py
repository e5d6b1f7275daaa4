"""The page that shows what is recorded of a design's mutations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tabulate import tabulate

from tests.mutants.mutate import Mutation, Part
from tests.mutants.table import TABLES, Recorded, Table


def page(table: Table, recorded: Recorded) -> str:
    """The records as a page of Markdown."""
    keys = [mutation.key for mutation in table.mutations]
    kinds = Counter(map(recorded.kind, keys))
    counts = "\n".join(
        _BULLETS[kind].format(count=kinds[kind]) for kind in _BULLETS if kinds[kind]
    ).removesuffix(";")
    rows = [(f"`{m.action}`", _dropped(m), _told(m.key, recorded, table)) for m in table.mutations]
    parts = [
        _TEXT.format(
            design=table.design,
            size=table.size,
            count=len(keys),
            counts=counts,
            far=table.reach.far,
            others=", ".join(
                f"[`{other.design}`]({other.page.name})"
                for other in TABLES.values()
                if other is not table
            ),
        ),
        _VIOLATED.format(violated=_codes(table.judge.violated)) if table.judge.violated else "",
        _BY_PROPERTY.format(table=_by_property(table, recorded)),
        (_TOGETHER if recorded.twins else _NO_TWINS).format(
            alone=len(recorded.alone()),
            together=len(recorded.together()),
            table=_rows(
                ("without all of these", "breaks"),
                [
                    (", ".join(_named(each.mutations, table)), _codes(each.broken))
                    for each in recorded.twins
                ],
            ),
        ),
        _LINES.format(table=_rows(("action", "dropped", "what becomes of it"), rows)),
    ]
    return "\n".join(filter(None, parts))


def _by_property(table: Table, recorded: Recorded) -> str:
    caught: Counter[tuple[str, Part]] = Counter()
    only: Counter[str] = Counter()
    for mutation in table.mutations:
        broken = recorded.mutations[mutation.key].get("broken", [])
        caught.update((name, mutation.part) for name in broken)
        only.update(broken if len(broken) == 1 else [])
    rows = [
        (_code(item.name), *(caught[item.name, part] for part in Part), only[item.name])
        for item in table.judge.properties
    ]
    headers = ("property", "guards", "updates", "conditions of updates", "only it")
    return tabulate(rows, headers, tablefmt="github")


def _rows(headers: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table of cells that are too long to be lined up."""
    rules = ("---",) * len(headers)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headers, rules, *rows))


def _dropped(mutation: Mutation) -> str:
    what = _code(mutation.what)
    return {
        Part.GUARD: f"guard {what}",
        Part.UPDATE: f"update of {what}",
        Part.WHEN: f"condition {what} of the update of {_code(mutation.of)}",
    }[mutation.part]


def _named(keys: list[str], table: Table) -> list[str]:
    return [f"{_dropped(table.mutation(key))} of `{table.mutation(key).action}`" for key in keys]


def _told(key: str, recorded: Recorded, table: Table) -> str:
    found, twins = recorded.mutations[key], recorded.twins_of(key)
    if "broken" in found:
        return f"**breaks** {_codes(found['broken'])}"
    word = _escaped(str(next(iter(found.values()))))
    kind = recorded.kind(key)
    told = [f"**{kind}**: {word}" if word else f"**{kind}**"]
    if twins:
        others = " and ".join(_named(twins.others(key), table))
        told.append(f"(Without {others} as well it breaks {_codes(twins.broken)}.)")
    if found.get("lemmas"):
        told.append(f"(Breaks the lemma {_codes(found['lemmas'])}.)")
    return " ".join(told)


def _codes(names: str | list[str] | tuple[str, ...]) -> str:
    return ", ".join(map(_code, [names] if isinstance(names, str) else names))


def _code(text: str) -> str:
    return f"`{_escaped(text)}`"


def _escaped(text: str) -> str:
    return text.replace("|", r"\|")  # even inside backticks a bar would end the cell


_BULLETS = {
    "broken": """\
- {count} **break** properties: the ones named are violated, or nothing exercises them any more;""",
    "same": """\
- {count} leave the **same** system: no reachable state has other steps than before, and the
  action's own conditions that see to it are named;""",
    "idle": """\
- {count} are **idle**: they only allow steps that change no state, as a refusal where none is due,
  and no property about who is refused minds;""",
    "redundant": """\
- {count} are **redundant**: another guard or update does the same, and without both of them
  something breaks;""",
    "harmless": """\
- {count} are **harmless**: the system behaves differently and no property breaks; a person says
  why nothing is lost;""",
    "unseen": """\
- {count} are **unseen**: as before, but something is lost that no property asks for. Here a person
  says what;""",
}

_TEXT = """\
# What each line of the model is for: {design}

<!-- Written by `python -m tests.mutants.record {design}`; tests/mutants holds it to the code. -->

Every condition and every update of `{design}` is dropped in turn, for all devices and
drivers at once, and the mutant is explored at the size {size}. Of {count} mutations

{counts}.

Where a lemma of the proof breaks that no property stands for, it is named. A mutant that breaks
something is explored up to {far:,} states; what else it would break behind them is not listed.
`other_device` is any member of the group but the action's own, and `<driver>` the driver that the
action is about. There is such a page for {others} too.
"""

_VIOLATED = """\
The design itself violates {violated}.
No mutation is blamed for that, and whatever only these would have noticed goes unnoticed.
"""

_BY_PROPERTY = """\
## By property

How many guards, updates and conditions of updates break the property when they are dropped, and how
many of all these nothing else notices.

{table}
"""

_TOGETHER = """\
## Redundant lines

Of the {alone} mutations that break nothing alone, any two were made at once that belong to one
action or are about the same condition or the same field; and then as many of all of them as break
nothing together, which are {together}. Twins are what breaks something only together:

{table}
"""

_NO_TWINS = """\
## Redundant lines

Of the {alone} mutations that break nothing alone, any two were made at once that belong to one
action or are about the same condition or the same field; and then all of them. Nothing breaks.
"""

_LINES = """\
## Line by line

{table}
"""
