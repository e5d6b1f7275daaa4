"""The verb check: designs against properties."""

from __future__ import annotations

import re
from pathlib import Path

import click

from model.cli import _COUNT, _POSITIVE, _color, _option, _refuse_unknown, _say, cli
from model.designs import FAMILIES
from model.engines.memory import Budget, free_memory
from model.engines.result import Limits
from model.linux.design import Size

_ENGINES = click.Choice(["bfs", "z3", "proof", "diagrams", "all"])
_MACHINES = click.Choice(["auto", "kernel", "numpy", "python"])
_WISHES = click.Choice(["auto", "on", "off"])
_SECONDS = click.FloatRange(min=0)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([KMGT])(?:i?B)?", re.IGNORECASE)
_MOST = 1000
_FOLDER = click.Path(file_okay=False, path_type=Path)


class _Counts(click.ParamType[tuple[int, ...]]):
    """How many there are of something: one count, or several of them, such as 1..4."""

    name = "counts"

    def convert(
        self, value: str | tuple[int, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """The counts that ``value`` names, in its order."""
        if isinstance(value, tuple):
            return value
        found: list[int] = []
        for part in value.split(","):
            first, dots, last = part.partition("..")
            try:
                counts = range(int(first), int(last if dots else first) + 1)
            except ValueError:
                counts = range(0)
            if not counts:
                self.fail(f"{value!r} is no count; write 2, or several as 1..4 or 1,3", param, ctx)
            if counts.stop > _MOST + 1:
                self.fail(f"{value!r} is too many; give {_MOST} at most", param, ctx)
            found += counts
        return tuple(dict.fromkeys(found))


class _Memory(click.ParamType[Budget]):
    """An amount of memory, such as 500M."""

    name = "size"

    def convert(
        self, value: str | Budget, param: click.Parameter | None, ctx: click.Context | None
    ) -> Budget:
        """The bound that ``value`` is."""
        if isinstance(value, Budget):
            return value
        found = _SIZE.fullmatch(value)
        if not found:
            self.fail(f"{value!r} is no amount of memory; write 500M or 2G, say", param, ctx)
        power = "KMGT".index(found[2].upper()) + 1
        return Budget(int(float(found[1]) * 2 ** (10 * power)), f"--memory {value}")


@cli.command(short_help="Check all designs, or those named, or your own.")
@click.argument("designs", nargs=-1, metavar="[DESIGN|VARIANT.py ...]")
@_option(
    "-p",
    "--property",
    "names",
    multiple=True,
    metavar="NAME",
    help="Check only this property; may be repeated.",
)
@_option(
    "--family",
    "families",
    multiple=True,
    type=click.Choice([*FAMILIES, "all"]),
    default=["thread"],
    help="Which designs, if none are named; may be repeated.",
)
@_option(
    "--devices",
    type=_Counts(),
    default="1",
    metavar="N",
    help="Devices in each group at boot; 1..3 or 1,3: at each of these sizes.",
)
@_option(
    "--hotplug",
    type=_Counts(),
    default="1",
    metavar="N",
    help="Further devices in each, there at boot or plugged in later.",
)
@_option("--groups", type=_Counts(), default="1", metavar="N", help="IOMMU groups.")
@_option(
    "--engine", type=_ENGINES, default="bfs", help="proof: any number of devices; diagrams: many."
)
@_option(
    "--lemma",
    "lemmas",
    multiple=True,
    metavar="NAME",
    help="Prove this first, then rest on it (proof); may be repeated.",
)
@_option("--depth", type=_COUNT, default=24, help="Steps of bounded model checking (z3).")
@_option("--k", type=_POSITIVE, default=1, help="Steps that an induction assumes (z3).")
@_option("--machine", type=_MACHINES, default="auto", help="What searches; auto: the fastest.")
@_option(
    "--symmetry", type=_WISHES, default="auto", help="Let one state stand for all that are alike."
)
@_option("--forget", type=_WISHES, default="auto", help="Leave out what only violations read.")
@_option("--fold", type=_WISHES, default="auto", help="One for all that nothing tells apart.")
@_option("--partial-order", type=_WISHES, default="auto", help="Leave out what merely commutes.")
@_option("--jobs", type=_POSITIVE, metavar="N", help="Searches at once; default: cores.")
@_option("--max-states", type=_POSITIVE, metavar="N", help="Give up there: undetermined.")
@_option(
    "--timeout", type=_SECONDS, metavar="SECONDS", help="Give up on a design then: undetermined."
)
@_option("--memory", type=_Memory(), metavar="SIZE", help="Give up before using more, e.g. 2G.")
@_option(
    "--checkpoint", type=_FOLDER, metavar="DIR", help="Go on from what is noted there each minute."
)
@_option("--cluster", metavar="ADDRESS", help="Hand the designs out to this Dask cluster.")
@_option("--format", "style", default="table", help="table, json, or tabulate's such as github.")
@_option("--traces", type=_FOLDER, metavar="DIR", help="Write every counterexample below DIR.")
@_option(
    "--update-counterexamples", is_flag=True, help="Record what is found; it is then expected."
)
@_color(None)
@click.pass_context
def check(  # noqa: PLR0913  # one parameter per option, as click has it
    ctx: click.Context,
    *,
    designs: tuple[str, ...],
    names: tuple[str, ...],
    families: tuple[str, ...],
    devices: tuple[int, ...],
    hotplug: tuple[int, ...],
    groups: tuple[int, ...],
    engine: str,
    lemmas: tuple[str, ...],
    depth: int,
    k: int,
    machine: str,
    symmetry: str,
    forget: str,
    fold: str,
    partial_order: str,
    jobs: int | None,
    max_states: int | None,
    timeout: float | None,
    memory: Budget | None,
    checkpoint: Path | None,
    cluster: str | None,
    style: str,
    traces: Path | None,
    update_counterexamples: bool,
) -> int:
    """Check designs: a family of them, or those named; a variant of your own is a .py file.

    Of each size that is asked for: --devices 1..3 asks for three of them.
    """
    from model import evidence, presentation, watching
    from model.catalogue import UsageError, find_all, find_property
    from model.checker import check_entry
    from model.engines.choice import Machine, Reductions, Wish
    from model.judging import Effort, Engine
    from model.sweep import Job, clear, sweep, workers_for

    _refuse_unknown(style, ("table", "json"))
    sizes = [Size(d, h, g) for g in groups for h in hotplug for d in devices]
    asked = [find_property(name) for name in names]
    chosen = find_all(designs, FAMILIES if "all" in families else families)
    searches = Engine(engine) is Engine.BFS
    if not searches and (checkpoint or cluster):
        raise UsageError(f"--checkpoint and --cluster are for --engine bfs, and this is {engine}")
    if not searches and Engine(engine) is not Engine.DIAGRAMS and memory:
        raise UsageError(f"--memory is for --engine bfs and diagrams, and this is {engine}")
    if cluster and (jobs or checkpoint):
        raise UsageError("--jobs and --checkpoint are for searches here: leave --cluster out")
    if update_counterexamples and len(sizes) > 1:
        raise UsageError(f"--update-counterexamples is for one size, and these are {len(sizes)}")
    work = [Job(entry, size) for size in sizes for entry in chosen]
    for folder in filter(None, (traces, checkpoint)):
        evidence.prepare(folder)

    reductions = Reductions(Wish(symmetry), Wish(forget), Wish(fold), Wish(partial_order))
    effort = Effort(depth, k, Machine(machine), reductions, checkpoint, lemmas)
    # The workers of a cluster have memory of their own.
    limits = Limits(max_states, timeout, memory or (None if cluster else free_memory()))
    if cluster:
        from model.cluster import check_on_cluster

        with watching.answers(len(work)) as tell:
            outcome, told = check_on_cluster(cluster, work, names, limits, effort, tell)
    else:
        with watching.progress() as progress:
            outcome = sweep(
                work,
                lambda job, limits: list(
                    check_entry(job.entry, asked, job.size, Engine(engine), limits, effort)
                ),
                limits,
                workers_for(Engine(engine), jobs, len(work)),
                progress,
            )
        skipped = ", ".join(outcome.skipped)
        told = [f"not checked: {skipped}"] if skipped else []
    notes = evidence.update(outcome.results) if update_counterexamples else []
    if traces is not None:
        notes += evidence.write(outcome.results, traces)
    if checkpoint is not None:
        notes += clear(checkpoint, work, outcome)
    if style == "json":
        _say(presentation.as_json(outcome) + "\n")
    else:
        program = ctx.find_root().command_path
        _say(presentation.as_text(outcome, "simple" if style == "table" else style, program))
    for note in notes + told:
        click.echo(note, err=True)
    return int(outcome.exit_code)
