"""From `holds`, for the size that was searched, to `proved`, for every number of devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from model.engines.choice import USUAL, Machine, choose
from model.engines.result import Finding, Limits, Report, Verdict
from model.engines.search import explore
from model.lang import Property, System
from model.linux.design import Design, Size

REFUSED = "refused as a lemma"
"""How the finding begins of a lemma on which nothing rests."""
MOST_DEVICES = 3
"""How many devices are searched for a violation of what is not proved."""


def strengthen(
    design: Design,
    properties: Sequence[Property],
    searched: Report,
    size: Size,
    limits: Limits,
    lemmas: Sequence[Property] = (),
) -> Report:
    """``searched``, where each property that holds is proved for every size, if that succeeds.

    ``searched`` is of ``size``. A device may be there at boot or come later, so that every size is
    among those proved. What is violated says how many devices that takes. What is not proved is
    looked at with up to MOST_DEVICES, and is violated if it breaks there; else it stays ``holds``
    and says why. ``lemmas`` are some of ``properties``: those that hold are proved first, and what
    is proved may rest on them. ``limits`` are those of everything together.
    """
    from model.proof.prove import COVERED  # the solver is slow to import and rarely needed

    searched = replace(searched, findings=with_fewest(design, properties, searched, size))
    held = [p for p in properties if searched.findings[p.name].verdict is Verdict.HOLDS]
    if not held:
        return replace(searched, engine="proof", findings=_refusing(lemmas, searched.findings))
    system = design.system(size)
    given = [item for item in lemmas if item in held and item.concerns(system)]
    proof = proved(design, held, limits.after(searched.seconds), given)
    findings = dict(searched.findings)
    for item in held:
        mine, other = findings[item.name], proof.findings[item.name]
        findings[item.name] = (
            other
            if other.verdict is Verdict.PROVED
            else Finding(Verdict.HOLDS, f"{mine.reason}; at this size only: {other.reason}")
        )
    seconds = searched.seconds + proof.seconds
    if proof.stopped != "interrupted":
        states = [item for item in held if item.kind in COVERED]
        seconds += _with_more(design, states, findings, size, limits.after(seconds))
    return replace(
        searched,
        engine="proof",
        findings=_refusing(lemmas, findings),
        seconds=seconds,
        peak_bytes=max(searched.peak_bytes, proof.peak_bytes),
        stopped=searched.stopped or ("interrupted" if proof.stopped == "interrupted" else ""),
    )


def proved(
    design: Design,
    properties: Sequence[Property],
    limits: Limits,
    lemmas: Sequence[Property] = (),
) -> Report:
    """What the proof for every size says of ``properties``; what is not proved is undetermined.

    ``lemmas`` are some of ``properties`` that the others may rest on once they are proved.
    """
    from model.proof.prove import prove

    return prove(family(design), design.system(Size(0, 2, 2)), properties, limits, lemmas)


def _refusing(lemmas: Sequence[Property], findings: Mapping[str, Finding]) -> dict[str, Finding]:
    """``findings``, where each lemma that is not proved says that nothing rests on it."""
    told = dict(findings)
    for item in lemmas:
        finding = told[item.name]
        if finding.verdict is not Verdict.PROVED:
            told[item.name] = replace(finding, reason=f"{REFUSED}: {finding.reason}")
    return told


def family(design: Design) -> Callable[[int], System]:
    """The design's systems by how many devices may be there; each may come later, or leave."""
    return lambda devices: design.system(Size(0, devices))


def with_fewest(
    design: Design, properties: Sequence[Property], searched: Report, size: Size
) -> dict[str, Finding]:
    """The findings, where each violation says how many devices of a group it takes."""
    findings = dict(searched.findings)
    left = [p for p in properties if findings[p.name].verdict is Verdict.VIOLATED]
    for devices in range(1, size.devices + size.hotplug + 1):
        if devices == size.devices + size.hotplug:
            found = {item.name for item in left}
        else:
            found = _violated(search_of(design, devices, left))
        for item in left:
            if item.name in found:
                findings[item.name] = taking(findings[item.name], devices)
        left = [item for item in left if item.name not in found]
    return findings


def _with_more(
    design: Design,
    properties: Sequence[Property],
    findings: dict[str, Finding],
    size: Size,
    limits: Limits,
) -> float:
    """Look for a violation of what is not proved with more devices; how many seconds that took."""
    seconds = 0.0
    for devices in range(size.devices + size.hotplug + 1, MOST_DEVICES + 1):
        left = [p for p in properties if findings[p.name].verdict is Verdict.HOLDS]
        if not left:
            break
        report = search_of(design, devices, left, limits.after(seconds))
        seconds += report.seconds
        for name in _violated(report):
            findings[name] = taking(report.findings[name], devices)
    return seconds


def search_of(
    design: Design, devices: int, properties: Sequence[Property], limits: Limits = Limits()
) -> Report:
    """What a search with so many devices, which may be there or come later, says."""
    system = design.system(Size(0, devices))
    claims = [item.ground(system) for item in properties]
    explorer, _ = choose(system, claims, Machine.AUTO, USUAL)
    return explore(system, claims, limits, explorer)


def _violated(report: Report) -> set[str]:
    return {name for name, f in report.findings.items() if f.verdict is Verdict.VIOLATED}


def taking(finding: Finding, devices: int) -> Finding:
    """A violation, with the smallest number of devices for which there is one."""
    told = "one device is enough" if devices == 1 else f"it takes {devices} devices"
    reason = "; ".join(filter(None, [finding.reason, told]))
    return replace(finding, reason=reason, fewest=devices)
