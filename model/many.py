"""Groups of many devices: verdicts from decision diagrams, traces from groups that are small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from model.catalogue import UsageError
from model.engines.result import Finding, Limits, Report, Verdict
from model.lang import Property
from model.linux.design import Design, Size
from model.proving import family, search_of, taking

MOST_DEVICES = 4
"""How many devices are searched for a trace of what decision diagrams find violated."""


def by_diagrams(
    design: Design, properties: Sequence[Property], size: Size, limits: Limits
) -> Report:
    """What decision diagrams say of ``properties`` in a group of ``size``.

    Devices may be there at boot or come later, whatever the size says: fixed ones may be removed
    and come back, which makes the same states. A violation comes with the trace of a search with
    as few devices as it takes; where none is found it is ``undetermined``. Raises UsageError for
    more than one group.
    """
    from model.diagrams.decide import decide  # reads a design as a family, which others never do

    if size.groups != 1:
        raise UsageError("--engine diagrams looks at one group: leave --groups out")
    devices = size.devices + size.hotplug
    report = decide(family(design), devices, properties, limits)
    findings = dict(report.findings)
    seconds = report.seconds
    for few in range(1, min(devices, MOST_DEVICES) + 1):
        left = [p for p in properties if _untraced(findings[p.name])]
        if left:
            small = search_of(design, few, left, limits.after(seconds))
            seconds += small.seconds
            for item in left:
                if small.findings[item.name].verdict is Verdict.VIOLATED:
                    findings[item.name] = taking(small.findings[item.name], few)
    for name, finding in findings.items():
        if _untraced(finding):
            told = f"violated, but no trace was found with up to {few} devices"
            findings[name] = Finding(Verdict.UNDETERMINED, told)
    return replace(report, findings=findings, seconds=seconds)


def _untraced(finding: Finding) -> bool:
    return finding.verdict is Verdict.VIOLATED and finding.trace is None
