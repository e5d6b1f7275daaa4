"""A design as a story: what it does, how it differs, and its actions with their citations."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Protocol

from model.lang import Action, ActionTemplate, Source

_WIDTH = 79


class Told(Protocol):
    """What is told of a design: read only, so that a frozen one will do."""

    @property
    def name(self) -> str:
        """By which it is called."""

    @property
    def summary(self) -> str:
        """One sentence."""

    @property
    def source(self) -> str:
        """The mail or commit it comes from."""

    @property
    def fate(self) -> str:
        """What became of it."""

    @property
    def but(self) -> str:
        """How it differs from its neighbour."""


def tell(
    design: Told,
    like: str,
    actions: Sequence[ActionTemplate[Action | None]],
    differences: tuple[Sequence[str], Sequence[str], Sequence[str]],
) -> str:
    """``design`` as text; ``differences`` are the actions changed, added and left out."""
    changed, added, gone = differences
    lines = [design.name, "=" * len(design.name), "", *_wrapped(design.summary + ".", ""), ""]
    lines += _wrapped(f"from: {design.source}") + _wrapped(f"fate: {design.fate}")
    if like:
        lines += _wrapped(f"like: {like}, but {design.but}")
        for what, names in (("changed", changed), ("added", added), ("left out", gone)):
            if names:
                lines += _wrapped(f"{what}: {', '.join(names)}")
    lines += ["", f"{len(actions)} actions, in the order in which the kernel comes to them"]
    lines.append("(* marks a changed one, + an added one):" if like else "")
    marks = dict.fromkeys(changed, "*") | dict.fromkeys(added, "+")
    for template in actions:
        lines += ["", f"{marks.get(template.name, ' ')} {template.name}"]
        lines += _wrapped(template.doc, "    ")
        if template.source is not None:
            lines.append(f"    {_cited(template.source)}")
    return "\n".join(lines) + "\n"


def _cited(source: Source) -> str:
    text = f"{source.version}:{source.file}:{source.function}()"
    if source.errno:
        text += f" = {source.errno}"
    return f"{text}  under {source.lock}" if source.lock else text


def _wrapped(text: str, indent: str = "      ") -> list[str]:
    first = "" if indent == "      " else indent
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=indent)
