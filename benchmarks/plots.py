"""The pictures of docs/benchmarks.md, made of a record."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Sheet
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from benchmarks.contenders import OURS, Contender
from benchmarks.figures import of, short, spread
from benchmarks.record import Record
from benchmarks.session import Measurement

Figure = Callable[[Measurement], float | None]
Panel = tuple[str, Figure]


def _rate(one: Measurement) -> float | None:
    """States per second, unless the search was too short to be timed."""
    return one.states / one.search_seconds if one.search_seconds else None


def _peak(one: Measurement) -> float | None:
    """The peak of memory in MiB, unless it was too low to be seen."""
    return one.peak_bytes / 2**20 if one.peak_bytes > one.floor_bytes else None


def _known(figure: Figure, answers: Iterable[Measurement]) -> list[float]:
    """What is known of ``figure``."""
    return [known for one in answers if (known := figure(one)) is not None]


_MARKERS = "os^vDPXd<>ph8"
_PEERS = {"SPIN": "black", "Rumur": "grey", "TLC": "darkgoldenrod"}
_COMPARED: tuple[Panel, ...] = (
    ("states per second, search alone", _rate),
    ("whole process, seconds", lambda one: one.whole_seconds),
    ("peak memory, MiB", _peak),
)
_GROWN: tuple[Panel, ...] = (
    ("states stored", lambda one: one.stored),
    ("whole process, seconds", lambda one: one.whole_seconds),
    ("peak memory, MiB", _peak),
)


def compared(record: Record) -> str:
    """Speed, time and memory of all contenders against the number of devices, as SVG."""
    return _drawn(record.compared, record.contenders(), record.sizes, _COMPARED)


def grown(record: Record) -> str:
    """States stored, time and memory of ours against the number of devices, as SVG."""
    sizes = sorted({one.devices for one in record.grown})
    return _drawn(record.grown, record.contenders(OURS), sizes, _GROWN)


def _drawn(
    measured: Sequence[Measurement],
    contenders: Sequence[Contender],
    sizes: Iterable[int],
    panels: Sequence[Panel],
) -> str:
    """A panel for each of ``panels`` with a line for each contender: medians, logarithmically."""
    sheet = Sheet(figsize=(4.2 * len(panels), 4.4), layout="constrained")
    lines: list[Any] = []
    for axes, (title, figure) in zip(sheet.subplots(1, len(panels)), panels, strict=True):
        lines = []
        for k, contender in enumerate(contenders):
            points = [
                (devices, spread(figures).median)
                for devices in sizes
                if (figures := _known(figure, of(measured, contender.name, devices)))
            ]
            xs, ys = [x for x, _ in points], [y for _, y in points]
            lines += axes.plot(xs, ys, label=contender.name, **_style(contender, k))
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(lambda value, _: short(value))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("devices in one group")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(visible=True, which="major", alpha=0.3)
    sheet.legend(handles=lines, loc="outside lower center", ncols=4, fontsize=9, frameon=False)
    text = io.StringIO()
    # The same record gives the same file: no date in it, and no names by chance.
    with mpl.rc_context({"svg.hashsalt": "benchmarks", "svg.fonttype": "none"}):
        sheet.savefig(text, format="svg", metadata={"Date": None})
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def _style(contender: Contender, number: int) -> dict[str, Any]:
    """Ours in full lines, each in its colour; every other checker's broken, in the checker's."""
    ours = contender.checker == OURS
    return {
        "color": f"C{number}" if ours else _PEERS[contender.checker],
        "linestyle": "-" if ours else "--",
        "marker": _MARKERS[number % len(_MARKERS)],
        "markersize": 9 - number / 2,  # so that one below another is seen
        "fillstyle": "none",
    }
