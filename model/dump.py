"""A disagreement between engines as a file: all that is known, for whoever looks for the bug."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from model import __version__
from model.agreement import Disagreement
from model.engines.result import Finding, Report
from model.traces.itf import dumps
from model.traces.store import write_all
from model.traces.trace import Trace


def dump(error: Disagreement, folder: Path, words: Sequence[str] = ()) -> Path:
    """Write ``error`` to a file in ``folder``, whole or not at all, and say which.

    ``words`` are those that the program was called with. Raises OSError as the system gave it.
    """
    name = f"disagreement-{error.system.name}-{error.claim or 'states'}.json"
    path = folder / re.sub(r"[^\w.-]+", "-", name)
    write_all({path: _text(error, words or sys.argv[1:])})
    return path


def _text(error: Disagreement, words: Sequence[str]) -> str:
    size = error.size
    data = {
        "disagreement": str(error),
        "version": __version__,
        "python": sys.version,
        "called": shlex.join(["python", "-m", "model", *words]),
        "design": error.system.name,
        "property": error.claim,
        "size": None
        if size is None
        else {"devices": size.devices, "hotplug": size.hotplug, "groups": size.groups},
        "reports": [_report(error, report) for report in error.reports],
    }
    return json.dumps(data, indent=1) + "\n"


def _report(error: Disagreement, report: Report) -> dict[str, object]:
    return {
        "engine": report.engine,
        "machine": report.machine,
        "complete": report.complete,
        "stopped": report.stopped,
        "states": report.states,
        "transitions": report.transitions,
        "depth": report.depth,
        "seconds": round(report.seconds, 3),
        "forgotten": list(report.forgotten),
        "folded": list(report.folded),
        "hurried": report.hurried,
        "never_fired": list(report.never_fired),
        "left_domain": report.left_domain,
        "findings": {
            name: _finding(error, report, name, finding)
            for name, finding in report.findings.items()
        },
    }


def _finding(error: Disagreement, report: Report, name: str, found: Finding) -> dict[str, object]:
    told = f"{error.system}: {name}, as {report.engine} has it"
    return {
        "verdict": str(found.verdict),
        "reason": found.reason,
        "trace": _trace(error, name, told, found.trace),
        "hint": _trace(error, name, told, found.hint),
    }


def _trace(error: Disagreement, name: str, told: str, trace: Trace | None) -> object:
    """``trace`` in the format of trace files, so that it can be cut out and replayed."""
    if trace is None:
        return None
    size = error.size
    about: dict[str, object] = {
        "description": told,
        "design": error.system.name,
        "property": name,
    }
    if size is not None:
        about |= {"devices": size.devices, "hotplug": size.hotplug, "groups": size.groups}
    return json.loads(dumps(trace, about))
