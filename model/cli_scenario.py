"""The verb scenario: scripts of moves, and what every design answers to them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from model.cli import _refuse_unknown, _say, cli
from model.designs import DESIGNS, FAMILIES
from model.lang import Location, ModelError, did_you_mean
from model.linux.design import Design

if TYPE_CHECKING:  # what a verb needs is imported when it is called
    from model.scenarios.played import Played
    from model.scenarios.script import Expectation, Script

_WIDTH = 15  # columns of a cell, so that six designs fit beside each other
_LOOKS = ("owner", "owner_cnt", "domain")


@dataclass(frozen=True)
class _Cell:
    """What a design answered, and where that is not what a source says or what was inferred."""

    script: Script
    design: Design
    played: Played
    unmet: tuple[str, ...]
    refuted: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.played.cell + " !" * bool(self.unmet) + " ?" * bool(self.refuted)


@cli.command(short_help="Play scripts of moves: who is told what.")
@click.argument("names", nargs=-1, metavar="[NAME|FILE.yaml ...]")
@click.option(
    "--design", "designs", multiple=True, metavar="DESIGN|VARIANT.py", help="May be repeated."
)
@click.option(
    "--family",
    "families",
    multiple=True,
    type=click.Choice([*FAMILIES, "all"]),
    default=["thread"],
    show_default=True,
    help="Which designs, if none are named; may be repeated.",
)
@click.option(
    "--format", "style", default="simple", show_default=True, help="A table format of tabulate's."
)
def scenario(
    names: tuple[str, ...], designs: tuple[str, ...], families: tuple[str, ...], style: str
) -> int:
    """Play scenarios: all that are shipped, or those named move by move, or your own.

    Exits with 1 if a design does not answer what a source says that it does.
    """
    from model.catalogue import find_all

    _refuse_unknown(style, ())
    scripts = _scripts(names)
    chosen = [e.design for e in find_all(designs, FAMILIES if "all" in families else families)]
    _check_names(scripts, chosen)
    cells = [_cell(script, design) for script in scripts for design in chosen]
    parts = [_table(cells, chosen, style)]
    if names:
        parts += [_told(s, [c for c in cells if c.script is s], style) for s in scripts]
    code = int(any(cell.unmet for cell in cells))
    parts += [
        "\n".join(lines) for lines in (list(_against(cells)), [_summary(cells, code)]) if lines
    ]
    _say("\n\n".join(parts) + "\n")
    return code


def _scripts(names: Iterable[str]) -> list[Script]:
    """The scripts of these names and files; without any, all that are shipped."""
    from model.catalogue import UsageError
    from model.scenarios.script import load, shipped

    known = {script.name: script for script in shipped()}
    found = []
    for name in dict.fromkeys(names):
        if name in known:
            found.append(known[name])
        elif name.endswith((".yaml", ".yml")) or os.sep in name:
            found.append(load(Path(name)))
        else:
            mend = did_you_mean(name, known)
            raise UsageError(f"there is no scenario {name!r}; {mend} Your own is a .yaml file")
    return found or list(known.values())


def _check_names(scripts: Iterable[Script], chosen: Iterable[Design]) -> None:
    """Refuse names that no design has: a script's expectation would never be looked at."""
    designs = {design.name: design for design in (*DESIGNS, *chosen)}
    outcomes = {template.name for design in designs.values() for template in design.actions}
    for script in scripts:
        for name, expected in [*script.expect.items(), *script.inferred.items()]:
            _refuse_unless_known("design", name, designs, expected.where)
        for move in (*script.setup, *script.moves):
            if move.take:
                _refuse_unless_known("action", move.take, outcomes, move.where)


def _refuse_unless_known(what: str, name: str, known: Iterable[str], where: Location) -> None:
    if name not in known:
        raise ModelError(
            f"there is no {what} {name!r}", did_you_mean(name, known), where=where, subject=""
        )


def _cell(script: Script, design: Design) -> _Cell:
    from model.scenarios.run import play

    played = play(script, design)

    def against(said: Mapping[str, Expectation]) -> tuple[str, ...]:
        expected = said.get(design.name)
        if expected is None:
            return ()
        file, line = expected.where.file, expected.where.line
        return tuple(
            f"{script.name}, {design.name}: {look} should be `{right}` and is `{wrong}` "
            f"({_near(file)}:{line})"
            for look, right, wrong in played.differences(expected)
        )

    return _Cell(script, design, played, against(script.expect), against(script.inferred))


def _near(file: str) -> str:
    """``file`` as somebody would type it here."""
    near = os.path.relpath(file)
    return file if near.startswith("..") else near


def _table(cells: Sequence[_Cell], designs: Sequence[Design], style: str) -> str:
    """Scripts down, designs across."""
    from tabulate import tabulate

    texts = {(c.script.name, c.script.row, c.design.name): c.text for c in cells}
    scripts = dict.fromkeys((c.script.name, c.script.row) for c in cells)
    rows = [[row, name, *(texts[name, row, d.name] for d in designs)] for name, row in scripts]
    heads = ["row", "scenario", *(d.name for d in designs)]
    if style == "simple":
        rows = [[row, name, *map(_narrow, answers)] for row, name, *answers in rows]
        heads = [_narrow(head) for head in heads]
    return tabulate(rows, heads, tablefmt=style, disable_numparse=True)


def _narrow(text: str) -> str:
    """``text`` over several lines, each a few words or parts of a name."""
    lines = [""]
    for part in re.split(r"(?=[ _])", text):
        if len(lines[-1]) + len(part) > _WIDTH:
            lines.append("")
        lines[-1] += part if lines[-1] else part.lstrip()
    return "\n".join(line for line in lines if line)


def _told(script: Script, cells: Sequence[_Cell], style: str) -> str:
    """Every move of a script, design by design."""
    from tabulate import tabulate

    looks = [*script.devices, *_LOOKS]
    parts = [f"{script.name}: {script.about}".rstrip(": ")]
    for cell in cells:
        seen = [(o, "setup") for o in cell.played.setup] + [(o, "") for o in cell.played.moves]
        rows = [[note, str(o.move), o.answer, *map(o.looks.get, looks)] for o, note in seen]
        stopped = f" {cell.played.stopped}" if cell.played.stopped else ""
        heads = ["", "move", "answer", *looks]
        table = tabulate(rows, heads, tablefmt=style, disable_numparse=True) if rows else ""
        parts.append(f"{cell.design.name}:{stopped}\n{table}".rstrip())
    return "\n\n".join(parts)


def _against(cells: Sequence[_Cell]) -> Iterator[str]:
    """Every answer that is not the one that was expected."""
    unmet = [line for cell in cells for line in cell.unmet]
    if unmet:
        yield "! not what a source says:"
        yield from (f"  {line}" for line in unmet)
    refuted = [line for cell in cells for line in cell.refuted]
    if refuted:
        yield "? not what was inferred from the sources:"
        yield from (f"  {line}" for line in refuted)


def _summary(cells: Sequence[_Cell], code: int) -> str:
    """The line that is made to be grepped."""
    said = [c for c in cells if c.design.name in c.script.expect]
    guessed = [c for c in cells if c.design.name in c.script.inferred]
    unmet, refuted = sum(bool(c.unmet) for c in said), sum(bool(c.refuted) for c in guessed)
    return (
        f"result: {'NOT-' if code else ''}as-expected met={len(said) - unmet} unmet={unmet} "
        f"inferred-agrees={len(guessed) - refuted} inferred-disagrees={refuted} exit={code}"
    )
