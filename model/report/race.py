"""A trace as text, drawn the way kernel changelogs draw races.

Who acts stands in columns and time runs downwards, one step at a time. No two steps share a row,
so a long function name may run on below its neighbour's heading instead of being cut.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Sequence

from model.lang import show
from model.report.steps import Change, Move, endless, moves
from model.traces.trace import Trace

NARROWEST = 16
"""A column that has more to say than fits in this is given at least as much."""

_GAP = 2
_CLOSEST = 12  # the least distance between two columns whose texts run on below each other
_LEAST_WIDTH = 40
_CONTINUED = "    "


def render(
    trace: Trace, *, title: str, sentence: str, hide: Collection[str] = (), width: int = 72
) -> str:
    """``trace`` as text of at most ``width`` columns, ending in a newline.

    ``title`` stands above the steps and ``sentence`` below them. ``hide`` names fields that a
    label already tells of, such as ``stage``; they are left out where an entity changes its own.
    Raises ValueError if ``width`` is too small to draw in.
    """
    if width < _LEAST_WIDTH:
        raise ValueError(f"a race needs {_LEAST_WIDTH} columns and was given {width}")
    steps = list(moves(trace))
    parts = [_wrap(title, width), _initially(trace, width)]
    if not steps:
        parts.append(["(no step is taken)"])
    else:
        table = _Table(trace, steps, hide, width)
        parts.append(list(table.columns() if table.fits() else table.listing()))
    parts.append(_wrap(endless(trace), width, "    ", _CONTINUED))
    parts.append(_wrap(sentence, min(width, 72)))
    return "\n\n".join("\n".join(map(str.rstrip, part)) for part in parts if part) + "\n"


class _Table:
    """The steps of a trace, laid out."""

    def __init__(
        self, trace: Trace, steps: Sequence[Move], hide: Collection[str], width: int
    ) -> None:
        self.steps = steps
        self.endless = trace.loop is not None
        self.hide = hide
        self.width = width
        # The numbers stand where a changelog would indent the drawing anyway.
        self.digits = max(2, len(str(len(steps))))
        self.left = self.digits + _GAP
        acting = dict.fromkeys(move.actor for move in steps)
        entities = [entity.name for entity in trace.system.entities if entity.name in acting]
        self.actors = [*entities, *(name for name in acting if name not in entities)]

    def fits(self) -> bool:
        """Whether every actor can have a column."""
        narrowest = [
            max(len(actor), min(need, NARROWEST))
            for actor, need in zip(self.actors, self.needs(), strict=True)
        ]
        return sum(narrowest) + _GAP * (len(narrowest) - 1) <= self.width - self.left

    def needs(self) -> list[int]:
        """How wide each actor's column must be for nothing in it to wrap."""
        found = {actor: len(actor) for actor in self.actors}
        for move in self.steps:
            texts = [_flat(move.action.label), *(f"  {change}" for change in self.changes(move))]
            found[move.actor] = max(found[move.actor], *map(len, texts))
        return list(found.values())

    def changes(self, move: Move) -> list[str]:
        """What is shown of the step's changes."""
        return [text for change in move.changes if (text := self.change(change, move)) is not None]

    def change(self, change: Change, move: Move) -> str | None:
        """The text of one change, shorter if the column says whose it is; None if it is hidden."""
        owner, _, name = change.variable.name.rpartition(".")
        if owner != move.actor:
            # The label of somebody else's step does not say which device it moved.
            return str(change)
        return None if name in self.hide else f"{name}: {change.old} -> {change.new}"

    def columns(self) -> Iterator[str]:
        """The lines of the drawing with a column for each actor."""
        starts = self.starts()
        yield _placed(starts, self.actors)
        yield _placed(starts, ["-" * len(actor) for actor in self.actors])
        own = dict(zip(self.actors, starts, strict=True))
        for move in self.steps:
            yield from self.step(move, move.action.label, own[move.actor])

    def listing(self) -> Iterator[str]:
        """The lines of the drawing with the actor's name before each step."""
        for move in self.steps:
            yield from self.step(move, f"{move.actor}: {move.action.label}", self.left)

    def step(self, move: Move, label: str, start: int) -> Iterator[str]:
        """The lines of one step; the last one is underlined, unless the run has no end."""
        room = self.width - start
        first, *rest = _wrap(label, room, "", _CONTINUED) or [""]
        yield f"{move.number:{self.digits}}".ljust(start) + first
        for change in self.changes(move):
            rest += _wrap(change, room, "  ", _CONTINUED)
        if move is self.steps[-1] and not self.endless:
            rest.append("^" * min(len(_flat(label)), room))
        for line in rest:
            yield " " * start + line

    def starts(self) -> list[int]:
        """Where each column starts: evenly if possible, without running on if possible."""
        needs = self.needs()
        closest = [
            max(min(need + _GAP, _CLOSEST), len(actor) + _GAP)
            for actor, need in zip(self.actors, needs, strict=True)
        ]
        latest = self.latest([need + _GAP for need in needs], needs)
        if latest[0] < self.left:
            needs = [min(n, self.width - self.left - sum(closest[:i])) for i, n in enumerate(needs)]
            latest = self.latest(closest, needs)
        share = (self.width - self.left) // len(needs)
        found = [self.left]
        for i in range(1, len(needs)):
            wanted = max(self.left + i * share, found[-1] + needs[i - 1] + _GAP)
            found.append(min(wanted, latest[i]))
        return found

    def latest(self, distances: Sequence[int], needs: Sequence[int]) -> list[int]:
        """The last start of each column that leaves room for its text and for those after it."""
        found: list[int] = []
        following = self.width + _GAP
        for distance, need in zip(reversed(distances), reversed(needs), strict=True):
            following = min(following - distance, self.width - need)
            found.insert(0, following)
        return found


def _initially(trace: Trace, width: int) -> list[str]:
    """How the run starts, where that is a choice; all of it if there are no steps to look at."""
    start = zip(trace.system.variables, trace.states[0], strict=True)
    shown = [
        f"{variable.name} = {show(value)}"
        for variable, value in start
        if len(variable.initial) > 1 or not len(trace)
    ]
    return _wrap(f"initially: {', '.join(shown)}", width, "", _CONTINUED) if shown else []


def _placed(starts: Sequence[int], texts: Sequence[str]) -> str:
    line = ""
    for start, text in zip(starts, texts, strict=True):
        line = line.ljust(start) + text
    return line


def _flat(text: str) -> str:
    return " ".join(text.split())


def _wrap(text: str, width: int, first: str = "", later: str = "") -> list[str]:
    """``text`` in lines of at most ``width``, broken at blanks if possible, indented as given."""
    return textwrap.wrap(
        _flat(text),
        width,
        initial_indent=first,
        subsequent_indent=later,
        break_on_hyphens=False,
    )
