"""The command line: verbs, what they print and what they exit with."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from model import __version__
from model.engines.result import Limits, Progress
from model.lang import ModelError
from model.linux.design import Size

_CODES = """\
\b
exit codes:
   0  everything as expected
   1  something is violated that should not be
   2  a mistake in the call, a model or a file
   3  undetermined: a limit, a timeout, an interrupt
   4  vacuous: nothing exercised the claim
   5  an expected violation has vanished
  70  an internal error, for instance two engines that disagree
"""


class _Verbs(click.Group):
    """The verbs in the order in which a newcomer meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_Verbs, epilog=_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto",
              help="Colour the output; auto heeds NO_COLOR and pipes.")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
@click.pass_context
def cli(ctx: click.Context, color: str, debug: bool) -> None:  # noqa: FBT001  # click calls it so
    """Who owns the DMA of an IOMMU group? Check designs of the answer, interleaving by interleaving."""
    ctx.obj = debug
    quiet = color == "auto" and bool(os.environ.get("NO_COLOR"))
    ctx.color = {"always": True, "never": False}.get(color, False if quiet else None)


@cli.command("list")
@click.option("--format", "style", default="simple", help="A table format of tabulate's.")
def list_(style: str) -> None:
    """List the designs and the properties."""
    from tabulate import tabulate

    from model.designs import DESIGNS
    from properties import PROPERTIES

    _known_style(style)
    rows = [[d.name, d.like.name if d.like else "", d.summary, d.fate] for d in DESIGNS]
    click.echo(tabulate(rows, ["design", "like", "what it does", "fate"], tablefmt=style,
                        maxcolwidths=[None, None, 40, 30] if style == "simple" else None))
    click.echo()
    claims = [[p.name, p.doc] for p in PROPERTIES]
    click.echo(tabulate(claims, ["property", "what it claims"], tablefmt=style))


@cli.command()
@click.argument("design")
@click.option("--format", "style", type=click.Choice(["text", "dot", "mermaid"]), default="text",
              help="The actions as text, or the graph of a device's stages.")
def show(design: str, style: str) -> None:
    """Show a design: its actions in kernel order, with citations, and how it differs."""
    from model.catalogue import find

    found = find(design).design
    if style == "text":
        from model.report.story import tell

        like = found.like.name if found.like else ""
        click.echo(tell(found, like, found.actions, found.differences()), nl=False)
        return
    from model.report.graph import stage_graph, to_dot, to_mermaid

    graph = stage_graph(found.system(Size(2, 0)), "stage")
    click.echo({"dot": to_dot, "mermaid": to_mermaid}[style](graph, found.name), nl=False)


@cli.command()
@click.argument("designs", nargs=-1, metavar="[DESIGN|VARIANT.py ...]")
@click.option("--property", "-p", "names", multiple=True, metavar="NAME",
              help="Check only this property; may be repeated.")
@click.option("--devices", default=1, show_default=True, help="Devices in each group at boot.")
@click.option("--hotplug", default=1, show_default=True,
              help="Further devices in each group, there at boot or plugged in later.")
@click.option("--groups", default=1, show_default=True, help="IOMMU groups.")
@click.option("--engine", type=click.Choice(["bfs", "z3", "all"]), default="bfs",
              show_default=True, help="Explicit search, solver, or both, which must agree.")
@click.option("--depth", type=click.IntRange(min=0), default=24, show_default=True,
              help="Steps of bounded model checking (z3).")
@click.option("--max-states", type=click.IntRange(min=1), help="Stop there, undetermined.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS",
              help="Stop each design then, undetermined.")
@click.option("--format", "style", default="table", show_default=True,
              help="table, json, or a table format of tabulate's such as github.")
@click.option("--traces", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Write every counterexample below DIR.")
@click.option("--update-counterexamples", is_flag=True,
              help="Make the violations found the expected ones.")
def check(  # noqa: PLR0913  # one parameter per option, as click has it
    designs: tuple[str, ...],
    names: tuple[str, ...],
    devices: int,
    hotplug: int,
    groups: int,
    engine: str,
    depth: int,
    max_states: int | None,
    timeout: float | None,
    style: str,
    traces: Path | None,
    *,
    update_counterexamples: bool,
) -> None:
    """Check designs, all of them unless some are named; a variant of your own is a .py file."""
    from model import presentation
    from model.catalogue import entries, find, find_property
    from model.checker import Engine, Outcome, check_entry
    from model.evidence import files
    from model.traces.store import write_all

    _known_style(style)
    chosen = [find(name) for name in designs] if designs else list(entries())
    asked = [find_property(name) for name in names]
    size = Size(devices, hotplug, groups)
    results = []
    for entry in chosen:
        with _progress(entry.design.name) as progress:
            limits = Limits(max_states, timeout, progress)
            answers = list(check_entry(entry, asked, size, Engine(engine), limits, depth))
        results += answers
        if traces is not None:
            folder = traces / entry.design.name
            write_all({k: v for r in answers for k, v in files(r, folder).items()})
        if update_counterexamples and entry.home is not None:
            _update(entry.home, {r.asked.name: files(r, entry.home) for r in answers})
        if any(r.report.stopped == "interrupted" for r in answers):
            skipped = chosen[chosen.index(entry) + 1 :]
            if skipped:
                click.echo(f"interrupted; not checked: {', '.join(map(str, skipped))}", err=True)
            break
    outcome = Outcome(tuple(results))
    if style == "json":
        click.echo(presentation.as_json(outcome))
    else:
        _print(outcome, "simple" if style == "table" else style, many=len(chosen) > 1)
    sys.exit(outcome.exit_code)


def _print(outcome: Any, style: str, *, many: bool) -> None:
    from model import presentation

    table = presentation.as_matrix if many else presentation.as_list
    click.echo(table(outcome, style))
    for item in presentation.traces(outcome):
        click.echo()
        click.echo(item, nl=False)
    for line in presentation.hints(outcome.results):
        click.echo(line)
    if not many:
        click.echo(presentation.figures(outcome.results[0]))
    click.echo(presentation.summary(outcome))


def _update(home: Path, found: dict[str, dict[Path, str]]) -> None:
    """Make what was found the expectation: new files are written, those of old violations go."""
    from model.traces.store import write_all

    write_all({path: text for files in found.values() for path, text in files.items()})
    for name, files in found.items():
        if not files:
            for ending in (".txt", ".itf.json"):
                (home / f"{name}{ending}").unlink(missing_ok=True)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--design", metavar="VARIANT.py", help="The design, if it is a variant of your own.")
@click.option("--all", "show_all", is_flag=True, help="Show every variable of the first state.")
@click.option("--race", is_flag=True, help="Draw the trace as a race, as it would go in a mail.")
def replay(file: Path, design: str | None, *, show_all: bool, race: bool) -> None:
    """Take a recorded counterexample again, step by step, and show what changes."""
    from model.catalogue import UsageError, find, find_property
    from model.evidence import bind, text
    from model.report.steps import render_steps
    from model.traces.itf import read

    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    document = read(file.read_bytes(), file)
    entry = find(design or document.about("design", str))
    asked = find_property(document.about("property", str))
    trace = bind(document, entry, asked)
    if race:
        click.echo(text(trace, entry.design.name, asked), nl=False)
    else:
        click.echo(render_steps(trace, show_all=show_all), nl=False)
        click.echo(f"\n{asked.broken}")
    click.echo(f"replayed: {len(trace)} steps of {entry.design.name}, violating {asked.name}")


@contextlib.contextmanager
def _progress(name: str) -> Iterator[Callable[[Progress], None] | None]:
    """A line on a terminal that says how far the engine is; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # slow to import, so only where somebody watches

    with Console(stderr=True).status(name) as status:
        yield lambda p: status.update(
            f"{name}: {p.states:,} states, depth {p.depth}, {p.seconds:.1f} s"
        )


def _known_style(style: str) -> None:
    from tabulate import tabulate_formats

    from model.catalogue import UsageError
    from model.lang import did_you_mean

    if style not in ("table", "json", *tabulate_formats):
        known = ["table", "json", *tabulate_formats]
        raise UsageError(f"there is no format {style!r}; {did_you_mean(style, known)}")


def main() -> None:
    """Run the command line; every error is one line on stderr and an exit code."""
    from model.catalogue import UsageError
    from model.checker import ExitCode
    from model.traces.document import TraceFileError

    debug = "--debug" in sys.argv
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.USAGE)
    except (UsageError, ModelError, TraceFileError) as error:
        sys.exit(_told(str(error), ExitCode.USAGE))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(_told("interrupted", ExitCode.UNDETERMINED))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.AS_EXPECTED)
    except OSError as error:
        sys.exit(_told(f"{error.filename or 'output'}: {error.strerror}", ExitCode.USAGE))
    except Exception as error:  # noqa: BLE001  # whatever is left is a bug of ours, and says so
        if debug:
            traceback.print_exc()
        told = f"internal error: {type(error).__name__}: {error} (--debug shows where)"
        sys.exit(_told(told, ExitCode.INTERNAL))


def _told(line: str, code: int) -> int:
    click.echo(f"error: {line}", err=True)
    return int(code)
