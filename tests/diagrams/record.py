"""How far decision diagrams get: ``python -m tests.diagrams.record`` writes its page's tables.

It takes some minutes; the names of tables take those only. Every line is a process by itself, with
a minute and 2 GiB at most. Seconds are wall time: let nothing else run.
"""

from __future__ import annotations

import io
import itertools
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from tabulate import tabulate

from model.catalogue import entries

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/many-devices.md"
PICTURE = ROOT / "docs/many-devices.svg"
START = "<!-- {}: python -m tests.diagrams.record rewrites it -->\n"
END = "<!-- end of {} -->\n"
DESIGN = "driver_managed_dma"
MOST = 16
BOUNDS = ("--timeout", "60", "--memory", "2G")
GROWTH_HEADS = ["devices", "states", "transitions", "times as many states", "nodes", "s", "MiB"]
STATES = 1
PANELS = {"states": STATES, "nodes": 4, "seconds": 5, "MiB": 6}
"""What the picture shows, by the column it is in."""
DESIGNS_HEADS = ["design", "states", "hold", "violated", "undetermined", "nodes", "s", "MiB"]


def check(design: str, devices: int) -> list[dict[str, Any]]:
    """What the program says of a design with so many devices, one result for each property."""
    size = ("--devices", str(devices), "--hotplug", "0")
    asked = ("check", design, "--engine", "diagrams", *size, *BOUNDS, "--format", "json")
    ran = subprocess.run(
        [sys.executable, "-m", "model", *asked], cwd=ROOT, capture_output=True, check=False
    )
    found: list[dict[str, Any]] = json.loads(ran.stdout)["results"]
    return found


def growth() -> Iterator[list[str]]:
    """A line for each number of devices."""
    before = 0
    for devices in range(1, MOST + 1):
        one = check(DESIGN, devices)[0]
        times = f"{one['states'] / before:.1f}" if before else "-"
        before = one["states"]
        transitions = f"{one['transitions']:,}"
        yield [str(devices), f"{before:,}", transitions, times, *cost(one)]


def draw() -> None:
    """The picture of the table of growth, as it stands on the page."""
    page = PAGE.read_text(encoding="utf-8")
    table = page.split(START.format("growth"))[1].split(END.format("growth"))[0]
    lines = [line for line in table.strip().splitlines()[2:] if line]
    rows = [
        [cell.strip().replace(",", "") for cell in line.strip("|").split("|")] for line in lines
    ]
    sheet = Figure(figsize=(12, 3.2), layout="constrained")
    for axes, (title, column) in zip(sheet.subplots(1, len(PANELS)), PANELS.items(), strict=True):
        axes.plot([int(row[0]) for row in rows], [float(row[column]) for row in rows], "o-")
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("devices in one group")
        axes.grid(visible=True, alpha=0.3)
        if column == STATES:
            axes.set_yscale("log")
    text = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "diagrams", "svg.fonttype": "none"}):
        sheet.savefig(text, format="svg", metadata={"Date": None})
    PICTURE.write_text(
        "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines()), encoding="utf-8"
    )


def designs() -> Iterator[list[str]]:
    """A line for each release, with MOST devices; two at a time."""
    names = [entry.design.name for entry in entries(["releases"])]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(check, names, itertools.repeat(MOST)))
    for name, found in zip(names, answers, strict=True):
        one = found[0]
        verdicts = [result["verdict"] for result in found]
        counts = [verdicts.count(v) for v in ("holds", "violated", "undetermined")]
        states = "-" if one["states"] is None else f"{one['states']:.2e}"
        yield [name, states, *map(str, counts), *cost(one)]


def cost(one: dict[str, Any]) -> list[str]:
    """What an answer took."""
    nodes = one["machine"].split()[0] if one["machine"] else "-"
    return [nodes, f"{one['seconds']:.1f}", f"{one['peak_bytes'] / 2**20:.0f}"]


def rewrite(name: str, heads: list[str], rows: Iterable[list[str]]) -> None:
    """Put a table in its place on the page."""
    table = tabulate(rows, heads, tablefmt="github", disable_numparse=True)
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(START.format(name))
    _, after = rest.split(END.format(name))
    text = f"{before}{START.format(name)}\n{table}\n\n{END.format(name)}{after}"
    PAGE.write_text(text, encoding="utf-8")


TABLES = {"growth": (GROWTH_HEADS, growth), "designs": (DESIGNS_HEADS, designs)}

if __name__ == "__main__":
    for name in sys.argv[1:] or TABLES:
        heads, rows = TABLES[name]
        rewrite(name, heads, rows())
    draw()
