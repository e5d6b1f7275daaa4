"""The pictures of docs/benchmarks.md, made of a record."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Sheet
from matplotlib.ticker import MaxNLocator

from benchmarks.contenders import OURS
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


_MARKERS = "os^vDPX*<>ph"
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
    names = [contender.name for contender in record.contenders()]
    return _drawn(record.compared, names, record.sizes, _COMPARED)


def grown(record: Record) -> str:
    """States stored, time and memory of ours against the number of devices, as SVG."""
    names = [contender.name for contender in record.contenders(OURS)]
    sizes = sorted({one.devices for one in record.grown})
    return _drawn(record.grown, names, sizes, _GROWN)


def _drawn(
    measured: Sequence[Measurement],
    names: Sequence[str],
    sizes: Iterable[int],
    panels: Sequence[Panel],
) -> str:
    """A panel for each of ``panels``, with a line for each name: medians, on a logarithmic axis."""
    sheet = Sheet(figsize=(4.2 * len(panels), 4.4), layout="constrained")
    lines: list[Any] = []
    for axes, (title, figure) in zip(sheet.subplots(1, len(panels)), panels, strict=True):
        lines = []
        for k, name in enumerate(names):
            points = [
                (devices, spread(figures).median)
                for devices in sizes
                if (figures := _known(figure, of(measured, name, devices)))
            ]
            style = {"marker": _MARKERS[k % len(_MARKERS)], "color": f"C{k}", "markersize": 5}
            xs, ys = [x for x, _ in points], [y for _, y in points]
            lines += axes.plot(xs, ys, label=name, **style)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: short(value))
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
