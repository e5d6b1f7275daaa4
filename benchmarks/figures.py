"""Medians, spreads and ratios of measurements."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from benchmarks.contenders import Contender
from benchmarks.session import Measurement

Figure = Callable[[Measurement], float]
"""What is looked at in a measurement."""


class Spread(NamedTuple):
    """The median of some figures, with the least and the greatest of them."""

    median: float
    least: float
    most: float

    @property
    def text(self) -> str:
        """As the tables show it; nothing between brackets where all are shown alike."""
        median, least, most = map(short, self)
        return median if least == most else f"{median} ({least}..{most})"


def short(figure: float) -> str:
    """Three digits, and all those before the point: 0.0123, 1.23, 12.3, 1,234."""
    if figure >= 100:  # noqa: PLR2004  # the first with three digits before the point
        return f"{figure:,.0f}"
    return f"{figure:.3g}"


def spread(figures: Iterable[float]) -> Spread:
    """Median, least and greatest of at least one figure."""
    known = sorted(figures)
    return Spread(statistics.median(known), known[0], known[-1])


def of(measured: Sequence[Measurement], contender: str, devices: int) -> list[Measurement]:
    """The answers of one contender at one size, by round; none if it was out of time."""
    return [
        one
        for one in sorted(measured, key=lambda one: one.round)
        if (one.contender, one.devices) == (contender, devices) and not one.stopped
    ]


def ratio(
    measured: Sequence[Measurement], slow: str, fast: str, devices: int, figure: Figure
) -> Spread:
    """How many times ``slow`` is ``fast``, round by round, so that a slow minute cancels out.

    Both must have an answer in some round.
    """
    rounds = {one.round: figure(one) for one in of(measured, fast, devices)}
    return spread(
        figure(one) / rounds[one.round]
        for one in of(measured, slow, devices)
        if one.round in rounds
    )


def best(
    measured: Sequence[Measurement],
    contenders: Iterable[Contender],
    devices: int,
    figure: Figure,
) -> str | None:
    """The contender with the least median of ``figure`` at a size, if any has an answer there."""
    found = {
        contender.name: spread(map(figure, answers)).median
        for contender in contenders
        if (answers := of(measured, contender.name, devices))
    }
    return min(found, key=lambda name: found[name], default=None)
