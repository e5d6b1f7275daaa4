"""The verb export: a design for other people's model checkers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from model.cli import _COUNT, _POSITIVE, _option, _say, cli
from model.linux.design import Size

_TARGETS = ("promela", "murphi", "tla", "smtlib", "btor2", "dot")


@cli.command(short_help="Write a design for SPIN, Rumur, TLC, z3, btormc or dot.")
@click.argument("design", metavar="DESIGN|VARIANT.py")
@click.option("--to", "target", type=click.Choice(_TARGETS), required=True, help="What to write.")
@click.option(
    "-o",
    "--output",
    metavar="FILE|DIR",
    help="Where to; stdout if it is one file. A folder is made if it ends in /, or for tla.",
)
@_option("--devices", default=1, help="Devices in each group at boot.")
@_option("--hotplug", default=1, help="Further devices in each, there at boot or plugged in later.")
@_option("--groups", default=1, help="IOMMU groups.")
@_option(
    "-p",
    "--property",
    "names",
    multiple=True,
    metavar="NAME",
    help="Export only this property; may be repeated.",
)
@_option("--k", type=_COUNT, default=8, help="Steps of the query (smtlib).")
@_option("--max-states", type=_POSITIVE, default=500, help="States that are still drawn (dot).")
def export(  # noqa: PLR0913  # one parameter per option, as click has it
    *,
    design: str,
    target: str,
    output: str | None,
    devices: int,
    hotplug: int,
    groups: int,
    names: tuple[str, ...],
    k: int,
    max_states: int,
) -> None:
    """Export a design, at one size, for another model checker.

    The file's first lines say how to run it and what is left out: properties along runs.
    """
    from model.catalogue import UsageError, find, find_property
    from model.export import TARGETS, CannotExport, Subject, Wishes
    from properties import PROPERTIES

    found = find(design).design
    size = Size(devices, hotplug, groups)
    system = found.system(size)
    asked = [find_property(name) for name in dict.fromkeys(names)]
    wanted = asked or [known for known in PROPERTIES if known.concerns(system)]
    words = [f"python -m model export {design} --to {target}"]
    words += [f"--devices {devices} --hotplug {hotplug} --groups {groups}"]
    words += [f"--property {item.name}" for item in asked]
    about = [found.summary, found.source, f"Written by: {' '.join(words)}"]
    try:
        subject = Subject(
            system,
            [item.ground(system) for item in wanted],
            title=f"{found.name}, {size}",
            about=[line for line in about if line],
            named=bool(asked),
        )
        files = TARGETS[target](subject, Wishes(k, max_states))
    except CannotExport as error:
        raise UsageError(f"{target}: {error}") from None
    if output is not None:
        _write(files, output)
    elif len(files) == 1:
        _say(*files.values())
    else:
        raise UsageError(f"{target} has {len(files)} files, {' and '.join(files)}: add -o DIR")


def _write(files: Mapping[str, str], output: str) -> None:
    """Write one file as ``output`` or into it, several into it. Says what it wrote."""
    place = Path(output)
    folder = len(files) > 1 or place.is_dir() or output.endswith("/")
    if folder:
        place.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = place / name if folder else place
        path.write_text(text, encoding="utf-8")
        click.echo(f"wrote {path}", err=True)
