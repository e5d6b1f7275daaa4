"""The command line: verbs, what they print and what they exit with."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from model import __version__
from model.designs import DESIGNS
from model.lang import ModelError
from model.linux.design import Size

if TYPE_CHECKING:  # what a verb needs is imported when it is called: help and mistakes are instant
    from model.agreement import Disagreement

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

_GRAPHS = ("dot", "mermaid", "svg")
# Short names, so that each option is a line or two.
_option = functools.partial(click.option, show_default=True)
_COUNT, _POSITIVE = click.IntRange(min=0), click.IntRange(min=1)
_HELP = {"help_option_names": ["-h", "--help"]}


_ORDER = "list show check replay scenario export certify"


class _Verbs(click.Group):
    """The verbs in the order in which a newcomer meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # as click calls it
        """Every verb; one that is not in the list comes last."""
        return sorted(self.commands, key=lambda verb: (verb not in _ORDER, _ORDER.find(verb)))


def _set_color(ctx: click.Context, _: click.Parameter, wish: str | None) -> None:
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    if wish is not None:
        ctx.color = {"always": True, "never": False}.get(wish, False if plain else None)


def _color(default: str | None) -> Callable[[Any], Any]:
    told = "Colour the output; auto heeds NO_COLOR and pipes."
    wishes = click.Choice(["auto", "always", "never"])
    return click.option(
        "--color", type=wishes, default=default, callback=_set_color, expose_value=False, help=told
    )


@click.group(cls=_Verbs, epilog=_CODES, invoke_without_command=True, context_settings=_HELP)
@click.version_option(__version__, message="%(version)s")
@_color("auto")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
@click.pass_context
def cli(ctx: click.Context, *, debug: bool) -> None:
    """Who owns the DMA of an IOMMU group? Check designs, interleaving by interleaving."""
    ctx.obj["debug"] = debug
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        ctx.exit(2)


@cli.command("list")
@click.option(
    "--format",
    "style",
    default="simple",
    help="A table format of tabulate's; dot, mermaid or svg for the lineage of the designs.",
)
def list_(style: str) -> None:
    """List the designs and the properties."""
    _refuse_unknown(style, _GRAPHS)
    if style not in _GRAPHS:
        from model.listing import catalogue

        _say(catalogue(style))
        return
    from model.report.graph import lineage, to_dot, to_mermaid
    from model.report.tree import to_svg

    derived = [(d.name, d.like.name if d.like else None, d.but) for d in DESIGNS]
    _say({"dot": to_dot, "mermaid": to_mermaid, "svg": to_svg}[style](lineage(derived), "designs"))


@cli.command()
@click.argument("design", metavar="DESIGN|VARIANT.py")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "dot", "mermaid"]),
    default="text",
    help="The actions as text, or the graph of a device's stages.",
)
def show(design: str, style: str) -> None:
    """Show a design: how it differs, and its actions with citations."""
    from model.catalogue import find

    found = find(design).design
    if style == "text":
        from model.report.story import tell

        like = found.like.name if found.like else ""
        _say(tell(found, like, found.actions, found.differences()))
        return
    from model.report.graph import stage_graph, to_dot, to_mermaid

    graph = stage_graph(found.system(Size(2, 0)), "stage")
    _say({"dot": to_dot, "mermaid": to_mermaid}[style](graph, found.name))


@cli.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.itf.json")
@click.option("--design", metavar="VARIANT.py", help="The design, if it is a variant of your own.")
@click.option("--all", "show_all", is_flag=True, help="Show every variable of the first state.")
@click.option("--race", is_flag=True, help="Draw the trace as a race, as it would go in a mail.")
def replay(file: Path, design: str | None, *, show_all: bool, race: bool) -> None:
    """Take a recorded counterexample again, step by step."""
    from model.evidence import ending, load, text
    from model.report.steps import render_steps

    entry, asked, trace = load(file, design)
    if race:
        _say(text(trace, entry.design.name, asked))
    else:
        _say(f"{render_steps(trace, show_all=show_all)}\n{ending(trace, asked)}\n")
    # Beside the drawing, which goes into a mail as it is.
    told = f"replayed: {len(trace)} steps of {entry.design.name}, violating {asked.name}"
    click.echo(told, err=race)


def _refuse_unknown(style: str, own: Sequence[str]) -> None:
    """Raise UsageError for a format that is neither one of ``own`` nor a table format."""
    if style in own:
        return
    from tabulate import tabulate_formats

    from model.catalogue import UsageError
    from model.lang import did_you_mean

    known = [*own, *tabulate_formats]
    if style not in known:
        raise UsageError(f"there is no format {style!r} here; {did_you_mean(style, known)}")


def _say(text: str) -> None:
    """Write to stdout, in one go; a reader who has enough (`| head`) is no error."""
    try:
        click.echo(text, nl=False)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Run the command line; every error is one line on stderr and an exit code."""
    import model.cli_certify
    import model.cli_check
    import model.cli_export
    import model.cli_scenario  # noqa: F401  # each registers its verb

    wishes = {"debug": False}
    try:
        code = cli.main(obj=wishes, standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # what is no mistake is a bug of ours
        code = _failed(error, debug=wishes["debug"])
    sys.exit(code or 0)


def _failed(error: BaseException, *, debug: bool) -> int:
    """Tell of ``error`` in one line; says what to exit with."""
    # Imported when there is an error: these bring all of the engines, and help needs none.
    from model.agreement import Disagreement
    from model.catalogue import UsageError
    from model.checker import ExitCode
    from model.traces.document import TraceFileError

    if isinstance(error, click.UsageError):
        told = f"{error.format_message()} Try: {error.ctx.command_path if error.ctx else ''} --help"
        return _told(told, ExitCode.USAGE)
    if isinstance(error, UsageError | ModelError | TraceFileError):
        return _told(str(error), ExitCode.USAGE)
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return _told("interrupted", ExitCode.UNDETERMINED)
    if isinstance(error, MemoryError):
        return _told("out of memory; --memory 2G, say, stops in time", ExitCode.UNDETERMINED)
    if isinstance(error, OSError):
        return _told(f"{error.filename or 'stdout'}: {error.strerror}", ExitCode.USAGE)
    if debug:
        traceback.print_exception(error)
    where = "--debug shows where" if not isinstance(error, Disagreement) else _dumped(error)
    told = f"internal error: {type(error).__name__}: {error} ({where})"
    return _told(told, ExitCode.INTERNAL)


def _dumped(error: Disagreement) -> str:
    """Write down what is known of ``error``; says where."""
    from model.dump import dump

    try:
        return f"all of it is in {dump(error, Path.cwd())}"
    except OSError as refusal:
        return f"it could not be written down: {refusal.strerror}"


def _told(line: str, code: int) -> int:
    click.echo(f"error: {' '.join(line.split())}", err=True)
    return int(code)
