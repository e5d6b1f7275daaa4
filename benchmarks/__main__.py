"""Times our search beside SPIN, Rumur and TLC: python -m benchmarks, or make bench.

Writes benchmarks.md, .json and .svg, and growth.svg, all of them at the end or none.
"""

from __future__ import annotations

import argparse
import compileall
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import session
from benchmarks.answers import Unlike
from benchmarks.contenders import CONTENDERS
from benchmarks.process import ROOT
from benchmarks.record import Record, cores, dumps, loads, today, versions
from benchmarks.subject import Exported, Failed, Subject, export, properties

DOCS = ROOT / "docs"
_INTERRUPTED = 130


def main() -> int:
    """Measure, or read what was measured, and write the page."""
    wishes = _wishes()
    # What is being timed is in a session of its own, and would go on.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if wishes.redraw:
            record = loads((wishes.output / "benchmarks.json").read_text(encoding="utf-8"))
        else:
            with tempfile.TemporaryDirectory() as folder:
                record = measured(wishes, Path(folder))
    except KeyboardInterrupt:
        _tell("interrupted; nothing was written")
        return _INTERRUPTED
    except (Failed, Unlike, OSError, ValueError) as reason:
        _tell(f"error: {reason}")
        return 1
    write(record, wishes.output)
    return 0


def measured(wishes: argparse.Namespace, folder: Path) -> Record:
    """The session that was wished for; what it needs is kept in ``folder``."""
    for package in ("model", "properties"):  # as pip does when it installs them
        compileall.compile_dir(ROOT / package, quiet=1)
    design = str(Path(wishes.design).resolve()) if Path(wishes.design).exists() else wishes.design
    asked = properties(design, folder)
    smallest = Subject(design, min(wishes.sizes), asked)
    known = [one for one in CONTENDERS if one.name not in wishes.without]
    absent = dict.fromkeys(wishes.without, "not wished for")
    absent |= dict(session.absent(known, smallest))
    for name, why in absent.items():
        _tell(f"left out: {name}: {why}")
    there = [one for one in known if one.name not in absent]
    compared = [
        one
        for exported in _exports(design, asked, wishes.sizes, folder)
        for one in session.compare(there, exported, wishes.rounds, wishes.timeout, _tell)
    ]
    subjects = [Subject(design, devices, asked) for devices in range(1, wishes.growth + 1)]
    return Record(
        taken=today(),
        design=wishes.design,
        properties=asked,
        sizes=wishes.sizes,
        rounds=wishes.rounds,
        timeout=wishes.timeout,
        growth_timeout=wishes.growth_timeout,
        cores=cores(),
        versions=versions(there),
        absent=absent,
        compared=compared,
        grown=list(session.grow(there, subjects, wishes.growth_timeout, _tell)),
    )


def write(record: Record, folder: Path) -> None:
    """Write the page, the pictures and the record into ``folder``; each file whole or not."""
    # Large, and of no use to a process whose own memory bounds what it can see of others'.
    from benchmarks.page import page
    from benchmarks.plots import compared, grown

    old = folder / "benchmarks.md"
    before = (old if old.exists() else DOCS / "benchmarks.md").read_text(encoding="utf-8")
    files = {
        "benchmarks.md": page(before, record),
        "benchmarks.svg": compared(record),
        "growth.svg": grown(record),
        "benchmarks.json": dumps(record),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.new").write_text(text, encoding="utf-8")
    for name in files:
        (folder / f"{name}.new").replace(folder / name)
        _tell(f"wrote {folder / name}")


def _exports(
    design: str, asked: tuple[str, ...], sizes: Sequence[int], folder: Path
) -> list[Exported]:
    made = []
    for devices in sizes:
        (folder / str(devices)).mkdir()
        made.append(export(Subject(design, devices, asked), folder / str(devices)))
    return made


def _wishes() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--design", default="driver_managed_dma", help="or VARIANT.py")
    parser.add_argument("--rounds", type=_positive, default=3, help="runs of each, in turn")
    parser.add_argument(
        "--sizes", type=_sizes, default="1,2,3", help="numbers of devices that are compared"
    )
    parser.add_argument("--growth", type=int, default=16, help="ours alone, up to so many devices")
    parser.add_argument("--timeout", type=float, default=300, help="seconds, for each run")
    parser.add_argument("--growth-timeout", type=float, default=30, help="seconds, likewise")
    parser.add_argument("--without", type=_named, default=(), help="leave out, as in: NAME;NAME")
    parser.add_argument("--output", type=Path, default=DOCS, help="the folder to write into")
    parser.add_argument(
        "--redraw", action="store_true", help="measure nothing; write what was measured again"
    )
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted({_positive(part) for part in text.split(",")}))


def _named(text: str) -> tuple[str, ...]:
    names = tuple(text.split(";"))
    known = [contender.name for contender in CONTENDERS]
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"there is no {name!r} but {'; '.join(known)}")
    return names


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201  # how far it is


if __name__ == "__main__":
    sys.exit(main())
