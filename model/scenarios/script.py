"""Scripts: YAML files, read with the line of everything in them, and refused with it."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import yaml

from model.lang import Location, ModelError, did_you_mean
from model.scenarios.moves import Move, read_move

ENDING = ".yaml"
KEYS = ("row", "about", "devices", "setup", "moves", "expect", "inferred")


class AtBoot(enum.Enum):
    """What a device is when the script begins."""

    THERE = "there"
    ABSENT = "absent"
    LATE = "late"
    """There, and its IOMMU has not been found; in designs that know of such a thing."""
    BRIDGE = "bridge"
    """There, and a PCI bridge; to designs that do not ask, a device as any other."""


AT_BOOT = {item.value: item for item in AtBoot}


@dataclass(frozen=True)
class Expectation:
    """What a design should show after the last move, by what is looked at.

    ``answer`` is what the last mover is told, ``answers`` what every mover is told.
    """

    looks: Mapping[str, str]
    where: Location


@dataclass(frozen=True)
class Script:
    """One scenario. ``devices`` says of each role what it is at boot.

    ``expect`` holds what sources say of a design, ``inferred`` what was only concluded from them.
    """

    name: str
    row: str
    about: str
    devices: Mapping[str, AtBoot]
    setup: tuple[Move, ...]
    moves: tuple[Move, ...]
    expect: Mapping[str, Expectation] = field(default_factory=dict)
    inferred: Mapping[str, Expectation] = field(default_factory=dict)

    @property
    def order(self) -> tuple[int, str, str]:
        """Where the scenario stands among others: by its row."""
        number = re.match(r"\d+", self.row)
        return (int(number[0]) if number else 1 << 30, self.row, self.name)


def shipped() -> list[Script]:
    """The scenarios that come with the program, by row."""
    found = [item for item in files("scenarios").iterdir() if item.name.endswith(ENDING)]
    return sorted((load(Path(str(item))) for item in found), key=lambda script: script.order)


def load(path: Path) -> Script:
    """The scenario in the file ``path``. Raises ModelError for whatever is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise mistake("this is no text", "save the file as UTF-8", Location(str(path), 1)) from None
    return parse(text, str(path))


def parse(text: str, file: str) -> Script:
    """The scenario that ``text`` writes down; ``file`` is named in messages."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        told = getattr(error, "problem", None) or "it cannot be read"
        raise mistake(
            f"this is no YAML: {told}",
            "mend the line",
            Location(file, mark.line + 1 if mark else 1),
        ) from None
    return _Reader(file).script(node)


def mistake(wrong: str, instead: str, where: Location) -> ModelError:
    """An error in a script."""
    return ModelError(wrong, instead, where=where, subject="")


class _Reader:
    """Reads nodes and not values: a node knows its line, and NULL or 0 stay as they are written."""

    def __init__(self, file: str) -> None:
        self.file = file

    def script(self, node: yaml.Node | None) -> Script:
        if node is None:
            raise mistake("the file is empty", "write `moves:` in it", Location(self.file, 1))
        top = dict(self.pairs(node, "a scenario", KEYS))
        for needed in ("devices", "moves"):
            if needed not in top:
                raise mistake(
                    f"the scenario has no {needed!r}", f"write `{needed}:`", self.at(node)
                )
        devices = {
            role: self.choice(item, AT_BOOT, f"device {role}")
            for role, item in self.pairs(top["devices"], "devices")
        }
        for role, item in self.pairs(top["devices"], "devices"):
            if not re.fullmatch(r"[A-Z]\w*", role):
                raise mistake(
                    f"a device is called {role!r}", "give it a capital, such as A", self.at(item)
                )
        if not devices:
            raise mistake("there is no device", "name one: {A: there}", self.at(top["devices"]))
        setup, moves = (
            tuple(self.moves(top[key], devices)) if key in top else () for key in ("setup", "moves")
        )
        if not moves:
            raise mistake("there is no move", "write one, such as `- open`", self.at(top["moves"]))
        return Script(
            Path(self.file).stem,
            self.text(top["row"]) if "row" in top else "",
            " ".join(self.text(top["about"]).split()) if "about" in top else "",
            devices,
            setup,
            moves,
            self.expectations(top.get("expect"), devices),
            self.expectations(top.get("inferred"), devices),
        )

    def moves(self, node: yaml.Node, devices: Iterable[str]) -> Iterator[Move]:
        if not isinstance(node, yaml.SequenceNode):
            raise mistake(
                "the moves are no list", "write each behind a dash: `- open`", self.at(node)
            )
        for item in node.value:
            where = self.at(item)
            if isinstance(item, yaml.ScalarNode):
                move = read_move({"move": (item.value, where)}, where)
            else:
                options = self.pairs(item, "a move")
                move = read_move({k: (self.text(v), self.at(v)) for k, v in options}, where)
            if move.role and move.role not in devices:
                raise mistake(
                    f"there is no device {move.role!r}", did_you_mean(move.role, devices), where
                )
            yield move

    def expectations(
        self, node: yaml.Node | None, devices: Iterable[str]
    ) -> dict[str, Expectation]:
        found: dict[str, Expectation] = {}
        for names, item in self.pairs(node, "expectations") if node else ():
            for name in (part.strip() for part in names.split(",")):
                if name in found:
                    raise mistake(
                        f"{name} has two expectations", "write one for each", self.at(item)
                    )
                found[name] = Expectation(self.looks(item, devices), self.at(item))
        return found

    def looks(self, node: yaml.Node, devices: Iterable[str]) -> dict[str, str]:
        if isinstance(node, yaml.ScalarNode):
            return {"answer": node.value}
        looks = {}
        for key, item in self.pairs(node, "an expectation"):
            role, dot, _ = key.partition(".")
            if dot and role not in devices:
                raise mistake(
                    f"there is no device {role!r}", did_you_mean(role, devices), self.at(item)
                )
            if key == "answers" and isinstance(item, yaml.SequenceNode):
                looks[key] = "; ".join(self.text(part) for part in item.value)
            else:
                looks[key] = self.text(item)
        return looks

    def pairs(
        self, node: yaml.Node, what: str, known: Iterable[str] = ()
    ) -> list[tuple[str, yaml.Node]]:
        """The keys of a mapping with their values, each key once and one of ``known``."""
        if not isinstance(node, yaml.MappingNode):
            raise mistake(f"{what} is no mapping", "write `key: value` lines", self.at(node))
        found: dict[str, yaml.Node] = {}
        for left, right in node.value:
            key = self.text(left)
            if key in found:
                raise mistake(f"{key!r} is written twice", "keep one of the two", self.at(left))
            if known and key not in known:
                raise mistake(f"{what} has no {key!r}", did_you_mean(key, known), self.at(left))
            found[key] = right
        return list(found.items())

    def choice(self, node: yaml.Node, known: Mapping[str, AtBoot], what: str) -> AtBoot:
        text = self.text(node)
        if text not in known:
            raise mistake(f"{what} is {text!r}", f"write one of {', '.join(known)}", self.at(node))
        return known[text]

    def text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise mistake("a list or mapping stands here", "write one text", self.at(node))
        return str(node.value)

    def at(self, node: yaml.Node) -> Location:
        return Location(self.file, node.start_mark.line + 1)
