"""How results look on a terminal, in a pipe and to other programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import click
from tabulate import tabulate

from model.checker import Outcome, Result
from model.engines.result import Verdict
from model.evidence import meta, text
from model.traces.itf import dumps
from properties import PROPERTIES

_COLOURS = {
    Verdict.HOLDS: "green",
    Verdict.PROVED: "green",
    Verdict.VIOLATED: "red",
    Verdict.UNDETERMINED: "yellow",
    Verdict.VACUOUS: "yellow",
}


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
        else json.loads(dumps(trace, meta(result.design.name, result.asked, result.size))),
        "seconds": round(report.seconds, 3),
        "peak_bytes": report.peak_bytes,
        "reason": result.finding.reason,
    }


def as_matrix(outcome: Outcome, style: str) -> str:
    """Properties down, designs across; below them what was explored. ``style`` is tabulate's."""
    designs = list(dict.fromkeys(result.design.name for result in outcome.results))
    found = {result.asked.name for result in outcome.results}
    asked = [item.name for item in PROPERTIES if item.name in found]
    cells = {(r.asked.name, r.design.name): _cell(r) for r in outcome.results}
    reports = {r.design.name: r.report for r in outcome.results}
    rows = [[name, *(cells.get((name, d), "-") for d in designs)] for name in asked]
    for label in ("states", "transitions", "depth"):
        values = [getattr(reports[d], label) for d in designs]
        rows.append([label, *("-" if v is None else f"{v:,}" for v in values)])
    rows.append(["seconds", *(f"{reports[d].seconds:.2f}" for d in designs)])
    heads = ["property", *(_narrow(name) if style == "simple" else name for name in designs)]
    align = ("left", *("left" for _ in designs))
    return tabulate(rows, heads, tablefmt=style, disable_numparse=True, colalign=align)


def as_list(outcome: Outcome, style: str) -> str:
    """One design's results: a row for each property. ``style`` is tabulate's."""
    rows = [[r.asked.name, _cell(r), r.finding.reason] for r in outcome.results]
    return tabulate(rows, ["property", "verdict", "how"], tablefmt=style, disable_numparse=True)


def figures(result: Result) -> str:
    """One line about the engine's work on one design."""
    report = result.report
    parts = [f"{result.design.name}, {result.size}", f"engine {report.engine}"]
    if report.states is not None:
        parts.append(f"{report.states:,} states")
        parts.append(f"{report.transitions:,} transitions")
        parts.append(f"depth {report.depth}")
    parts += [f"{report.seconds:.2f} s", f"{report.peak_bytes / 2**20:.0f} MiB"]
    if report.stopped:
        parts.append(f"stopped: {report.stopped}")
    return "; ".join(parts)


def traces(outcome: Outcome) -> list[str]:
    """The race table of every violation that is not expected, or that was asked for alone."""
    alone = len(outcome.results) == 1
    return [
        text(r.finding.trace, r.design.name, r.asked)
        for r in outcome.results
        if r.finding.trace is not None and (alone or not r.as_expected)
    ]


def hints(results: Sequence[Result]) -> list[str]:
    """What stopped an induction, said so that nobody takes it for a violation."""
    lines = []
    for r in results:
        if r.finding.hint is not None:
            step = (*r.finding.hint.actions, r.finding.hint.stuck_on)[-1]
            lines.append(
                f"hint: the induction for {r.asked.name} stops at {step}, in a state that need "
                "not be reachable; this is no violation"
            )
    return lines


def summary(outcome: Outcome) -> str:
    """The last line of a run: made to be grepped."""
    counted = Counter(result.verdict for result in outcome.results)
    numbers = " ".join(f"{verdict}={counted[verdict]}" for verdict in Verdict)
    unexpected = sum(not result.as_expected for result in outcome.results)
    told = "as-expected" if outcome.passed else "NOT-as-expected"
    return f"result: {told} {numbers} unexpected={unexpected} exit={int(outcome.exit_code)}"


def _cell(result: Result) -> str:
    steps = f" {len(result.finding.trace)}" if result.finding.trace is not None else ""
    told = click.style(f"{result.verdict}{steps}", fg=_COLOURS[result.verdict])
    if result.as_expected:
        return told
    return f"{told} (expected: {result.expected})"


def _narrow(name: str) -> str:
    """A design's name over several lines, so that six of them fit beside each other."""
    lines = [""]
    for word in name.split("_"):
        if lines[-1] and len(lines[-1]) + len(word) > 11:
            lines.append("")
        lines[-1] += ("_" if lines[-1] or len(lines) > 1 else "") + word
    return "\n".join(lines)
