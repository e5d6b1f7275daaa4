"""The verb certify: evidence written down for others, and its check."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from model.cli import _COUNT, _POSITIVE, cli
from model.linux.design import Size

_FOLDER = click.Path(file_okay=False, path_type=Path)
_SECONDS = click.FloatRange(min=0)
_MACHINES = click.Choice(["auto", "kernel", "numpy", "python"])


@cli.command(short_help="Write a proof or a search down, or check one.")
@click.argument("design", metavar="DESIGN|VARIANT.py", required=False)
@click.option("-o", "--output", type=_FOLDER, help="Write the certificate into this folder.")
@click.option(
    "--check",
    "checked",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Check the certificate in this folder; VARIANT.py if its design is your own.",
)
@click.option("--devices", type=_COUNT, help="Of a search: devices in each group at boot.")
@click.option("--hotplug", type=_COUNT, help="Of a search: further devices in each.")
@click.option("--groups", type=_POSITIVE, help="Of a search: IOMMU groups.")
@click.option(
    "--machine",
    type=_MACHINES,
    default="auto",
    help="What searches; auto: the fastest, and to check, another one than before.",
)
@click.option("--timeout", type=_SECONDS, metavar="SECONDS", help="Of a proof: give up then.")
def certify(
    design: str | None,
    output: Path | None,
    checked: Path | None,
    machine: str,
    timeout: float | None,
    **sizes: int | None,
) -> int:
    """Write evidence about a design down, or check it by other means.

    Without a size it is the proof for any number of devices, as SMT-LIB; the check compares it
    with the design and has cvc5 decide every obligation. With --devices, --hotplug or --groups it
    is what a search of that size finds: how many states, a digest of them, and the verdicts; the
    check has another machine find them again.
    """
    if (output is None) == (checked is None) or (output is not None and design is None):
        raise click.UsageError("give a design and -o FOLDER, or --check FOLDER.")
    given = {name: number for name, number in sizes.items() if number is not None}
    if checked is not None:
        if given:
            raise click.UsageError(
                f"--check reads the size from the folder: leave --{next(iter(given))} out."
            )
        return _check(checked, design, machine, timeout)
    if machine != "auto" and not given:
        raise click.UsageError("--machine is for a search: give --devices or --hotplug as well.")
    if timeout is not None and given:
        raise click.UsageError(f"--timeout is for a proof: leave --{next(iter(given))} out.")
    return _write(design or "", output or Path(), machine, given, timeout)


def _write(
    design: str, output: Path, machine: str, sizes: Mapping[str, int], timeout: float | None
) -> int:
    from model.catalogue import UsageError
    from model.certifying import certified, counted
    from model.checker import ExitCode
    from model.engines.choice import Machine
    from model.engines.result import Limits
    from model.engines.solving import GaveUp
    from model.traces.store import write_all

    if output.exists() and any(output.iterdir()):
        raise UsageError(f"{output} is not empty; name a new folder")
    left: dict[str, str] = {}
    if sizes:
        files = counted(design, Size(**sizes), Machine(machine))
    else:
        try:
            files, left = certified(design, Limits(timeout=timeout))
        except GaveUp as error:
            click.echo(f"error: {design}: nothing is written: {error}", err=True)
            return int(ExitCode.UNDETERMINED)
    write_all({output / name: text for name, text in files.items()})
    click.echo(f"{len(files)} files in {output}; check them with --check {output}")
    for name, why in left.items():
        click.echo(f"not in it: {name}: {why}", err=True)
    return 0


def _check(home: Path, design: str | None, machine: str, timeout: float | None) -> int:
    from model.catalogue import UsageError
    from model.certificates.check import NotDecided
    from model.certificates.form import CertificateError
    from model.certificates.reachable import NAME
    from model.checker import ExitCode

    try:
        if (home / NAME).exists():
            if timeout is not None:
                raise UsageError(f"{home} is the certificate of a search: leave --timeout out")
            _check_search(home, design, machine)
        elif machine != "auto":
            raise UsageError(f"{home} is no certificate of a search: leave --machine out")
        else:
            _check_proof(home, design, timeout)
    except CertificateError as error:
        raise UsageError(f"{home}: refused: {error}") from None
    except NotDecided as error:
        click.echo(f"error: {home}: not decided: {error}", err=True)
        return int(ExitCode.UNDETERMINED)
    return int(ExitCode.AS_EXPECTED)


def _check_proof(home: Path, design: str | None, timeout: float | None) -> None:
    from model.certifying import checked
    from model.engines.result import Limits

    found = checked(home, design, Limits(timeout=timeout))
    for item in found.properties:
        click.echo(f"proved  {item.name}")
    places = f"{len(found.places)} places, {len(found.steps)} steps"
    click.echo(f"{found.design}: accepted, for any number of devices and groups ({places})")


def _check_search(home: Path, design: str | None, machine: str) -> None:
    from model.certifying import recounted
    from model.engines.choice import Machine

    found, by = recounted(home, design, Machine(machine))
    for item in found.results:
        steps = "" if item.steps is None else f" ({item.steps} steps)"
        click.echo(f"{item.verdict}  {item.name}{steps}")
    size = Size(found.devices, found.hotplug, found.groups)
    counts = f"{found.states} states, {found.transitions} transitions, depth {found.depth}"
    click.echo(f"{found.design}, {size}: accepted, found again by {by} ({counts})")
