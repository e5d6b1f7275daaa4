"""The verb certify: a proof written down for others, and its check."""

from __future__ import annotations

from pathlib import Path

import click

from model.cli import cli

_FOLDER = click.Path(file_okay=False, path_type=Path)


@cli.command(short_help="Write a proof down, or check one.")
@click.argument("design", metavar="DESIGN|VARIANT.py", required=False)
@click.option("-o", "--output", type=_FOLDER, help="Write the certificate into this folder.")
@click.option(
    "--check",
    "checked",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Check the certificate in this folder; VARIANT.py if its design is your own.",
)
def certify(design: str | None, output: Path | None, checked: Path | None) -> int:
    """Write down the proof of a design for any number of devices, as SMT-LIB; or check one.

    The check compares the certificate with the design and has cvc5 decide every obligation.
    """
    if (output is None) == (checked is None) or (output is not None and design is None):
        raise click.UsageError("give a design and -o FOLDER, or --check FOLDER.")
    if checked is not None:
        return _check(checked, design)
    return _write(design or "", output or Path())


def _write(design: str, output: Path) -> int:
    from model.catalogue import UsageError
    from model.certifying import certified

    if output.exists() and any(output.iterdir()):
        raise UsageError(f"{output} is not empty; name a new folder")
    files, left = certified(design)
    output.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (output / name).write_text(text, encoding="utf-8")
    click.echo(f"{len(files)} files in {output}; check them with --check {output}")
    for name, why in left.items():
        click.echo(f"not in it: {name}: {why}", err=True)
    return 0


def _check(home: Path, design: str | None) -> int:
    from model.catalogue import UsageError
    from model.certificates.check import NotDecided
    from model.certificates.form import CertificateError
    from model.certifying import checked
    from model.checker import ExitCode

    try:
        found = checked(home, design)
    except CertificateError as error:
        raise UsageError(f"{home}: refused: {error}") from None
    except NotDecided as error:
        click.echo(f"error: {home}: not decided: {error}", err=True)
        return int(ExitCode.UNDETERMINED)
    for item in found.properties:
        click.echo(f"proved  {item.name}")
    places = f"{len(found.places)} places, {len(found.steps)} steps"
    click.echo(f"{found.design}: accepted, for any number of devices and groups ({places})")
    return int(ExitCode.AS_EXPECTED)
