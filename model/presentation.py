"""How results look on a terminal, in a pipe and to other programs."""

from __future__ import annotations

import json
import os
import shlex
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from model.checker import ExitCode, Outcome, Result
from model.engines.result import Verdict
from model.evidence import meta, text
from model.linux.design import Size
from model.matrix import cell_of, job_of, matrices
from model.traces.itf import dumps

_RACES = 3  # more than a reader takes in at once
_REASON = 66  # columns of a reason that leave the table readable on a wide terminal


def as_json(outcome: Outcome) -> str:
    """The results for programs; its shape is version 1 of a published schema."""
    return json.dumps(
        {
            "version": 1,
            "results": [_as_dict(result) for result in outcome.results],
            "exit_code": int(outcome.exit_code),
        },
        indent=1,
    )


def _as_dict(result: Result) -> dict[str, object]:
    trace, report = result.finding.trace, result.report
    return {
        "design": result.design.name,
        "property": result.asked.name,
        "verdict": str(result.verdict),
        "expected": str(result.expected),
        "as_expected": result.as_expected,
        "engine": report.engine,
        "devices": result.size.devices,
        "groups": result.size.groups,
        "hotplug": result.size.hotplug,
        "states": report.states,
        "transitions": report.transitions,
        "depth": report.depth,
        "trace_length": None if trace is None else len(trace),
        "trace": None
        if trace is None
        else json.loads(dumps(trace, meta(result.design.name, result.asked, result.trace_size))),
        "seconds": round(report.seconds, 3),
        "peak_bytes": report.peak_bytes,
        "reason": result.finding.reason,
        "fewest_devices": result.finding.fewest,
        "stored": report.stored,
        "machine": report.machine,
    }


def as_text(outcome: Outcome, style: str, program: str) -> str:
    """The results for people, ending in a newline and the line that is made to be grepped.

    ``style`` is a table format of tabulate's; ``program`` is how this program was called.
    """
    many = len({job_of(result) for result in outcome.results}) > 1
    parts = list(matrices(outcome.results, style)) if many else [as_list(outcome, style)]
    parts += _races(outcome, program)
    for lines in (_unexpected(outcome) if many else (), _hints(outcome), _advice(outcome, program)):
        parts.append("\n".join(lines))
    parts.append(f"{figures(outcome)}\n{summary(outcome)}")
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"


def as_list(outcome: Outcome, style: str) -> str:
    """One design's results: a row for each property. ``style`` is tabulate's."""
    from tabulate import tabulate  # it takes long to read, and JSON does without

    rows = []
    for r in outcome.results:
        verdict = cell_of(r, style) + ("" if r.as_expected else f" (expected: {r.expected})")
        how = r.finding.reason
        if style == "simple":
            how = textwrap.shorten(how, _REASON, placeholder=" ...")
        rows.append([r.asked.name, verdict, how])
    heads = ["property", "verdict", "how"]
    return tabulate(rows, heads, tablefmt=style, disable_numparse=True)


def figures(outcome: Outcome) -> str:
    """One line about the engine's work: on one design at one size, else on all of them."""
    reports = {job_of(result): result.report for result in outcome.results}
    designs = {name for name, _ in reports}
    sizes = list(dict.fromkeys(str(size) for _, size in reports))
    first = outcome.results[0]
    seconds = sum(report.seconds for report in reports.values())
    most = max(report.peak_bytes for report in reports.values())
    parts = [f"engine {first.report.engine}"]
    if len(reports) == 1:
        report = first.report
        if report.machine:
            parts[0] += f" ({report.machine})"
        parts.insert(0, f"{first.design.name}, {first.size}")
        if report.states is not None:
            parts.append(f"{report.states:,} states")
            parts.append(f"{report.transitions:,} transitions")
        if report.depth is not None:
            parts.append(f"depth {report.depth}")
        if report.resumed:
            parts.append(f"{report.resumed:,} of the stored ones from a checkpoint")
        if report.stopped:
            parts.append(f"stopped: {report.stopped}")
    else:
        what = f"{len(designs)} designs" if len(designs) > 1 else first.design.name
        parts.insert(0, f"{what}, {sizes[0] if len(sizes) == 1 else f'{len(sizes)} sizes'}")
    return "; ".join([*parts, f"{seconds:.2f} s", f"{most / 2**20:.0f} MiB"])


def summary(outcome: Outcome) -> str:
    """The last line of a run: made to be grepped."""
    counted = Counter(result.verdict for result in outcome.results)
    numbers = " ".join(f"{verdict}={counted[verdict]}" for verdict in Verdict)
    unexpected = sum(not result.as_expected for result in outcome.results)
    told = "as-expected" if outcome.passed else "NOT-as-expected"
    return f"result: {told} {numbers} unexpected={unexpected} exit={int(outcome.exit_code)}"


def _races(outcome: Outcome, program: str) -> Iterator[str]:
    """The first violations that are not expected, or the one that was asked for alone."""
    alone = len(outcome.results) == 1
    shown = [
        (r, r.finding.trace)
        for r in outcome.results
        if r.finding.trace is not None and (alone or not r.as_expected)
    ]
    for r, trace in shown[:_RACES]:
        yield text(trace, r.design.name, r.asked)
    if len(shown) > _RACES:
        r, _ = shown[_RACES]
        counts = ("devices", "hotplug", "groups")
        size = [f" --{c} {getattr(r.size, c)}" for c in counts if r.size != Size()]
        yield (
            f"{len(shown) - _RACES} more violations are not expected. To see one:\n"
            f"  {program} check {_asked_as(r)} -p {r.asked.name}{''.join(size)}\n"
            "or write all of them to files with --traces DIR"
        )


def _unexpected(outcome: Outcome) -> Iterator[str]:
    """A line for whatever a matrix marks; what one limit has left open is told together."""
    told: dict[tuple[str, Verdict, Verdict, str], list[str]] = {}
    several = len({r.asked_size for r in outcome.results}) > 1
    for r in outcome.results:
        if not r.as_expected:
            where = f"{r.design.name} ({r.asked_size})" if several else r.design.name
            told.setdefault((where, r.verdict, r.expected, r.finding.reason), []).append(
                r.asked.name
            )
    if told:
        yield "! not as expected:"
    for (design, verdict, expected, reason), names in told.items():
        what = names[0] if len(names) == 1 else f"{len(names)} properties"
        yield f"  {design}: {what}: {verdict}, expected: {expected} ({reason})"


def _hints(outcome: Outcome) -> Iterator[str]:
    """What stopped an induction, said so that nobody takes it for a violation."""
    found = [(r, r.finding.hint) for r in outcome.results if r.finding.hint is not None]
    if found:
        yield "hint, not a violation: where induction stops, in states that need not be reachable"
    for r, hint in found:
        action = hint.stuck_on or (hint.actions[-1] if hint.actions else None)
        where = f"a step of {action.title} breaks it" if action else "some such state breaks it"
        yield f"  {r.design.name}: {r.asked.name}: {where}"


def _advice(outcome: Outcome, program: str) -> Iterator[str]:
    """What to type next, where there is something to look at."""
    expected = [r for r in outcome.results if r.as_expected and r.verdict is Verdict.VIOLATED]
    if expected and len(outcome.results) > 1:
        yield "To see an expected violation, for instance:"
        yield f"  {_replay(expected[0], program)}"
    vanished = [r for r in outcome.results if r.exit_code is ExitCode.VANISHED]
    if vanished:
        yield "These files say that a design is broken, and it no longer is:"
        yield from (f"  {_shown(r.entry.recorded(r.asked.name))}" for r in vanished)
        yield "If that is right, --update-counterexamples removes them."


def _replay(result: Result, program: str) -> str:
    """The command that shows the committed counterexample of an expected violation."""
    design = f" --design {_asked_as(result)}" if result.entry.file else ""
    return f"{program} replay --race{design} {_shown(result.entry.recorded(result.asked.name))}"


def _asked_as(result: Result) -> str:
    return shlex.quote(str(result.entry.file or result.design.name))


def _shown(path: Path | None) -> str:
    """``path`` as somebody would type it here."""
    near = os.path.relpath(path or "")
    return shlex.quote(str(path) if near.startswith("..") else near)
