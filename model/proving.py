"""From `holds`, for the size that was searched, to `proved`, for every number of devices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from model.engines.result import Finding, Limits, Report, Verdict
from model.engines.search import explore
from model.lang import Kind, Property, System
from model.linux.design import Design, Size


def strengthen(
    design: Design, properties: Sequence[Property], searched: Report, limits: Limits
) -> Report:
    """``searched``, where each property that holds is proved for every size, if that succeeds.

    A device may be there at boot or come later, so that every size is among those proved. What
    stays ``holds`` says why, and what is violated how few devices that takes. ``limits`` are those
    of the search and the proof together.
    """
    searched = replace(searched, findings=_with_fewest(design, properties, searched))
    held = [p for p in properties if searched.findings[p.name].verdict is Verdict.HOLDS]
    if not held:
        return replace(searched, engine="proof")
    proof = proved(design, held, limits.after(searched.seconds))
    findings = dict(searched.findings)
    for item in held:
        mine, other = findings[item.name], proof.findings[item.name]
        findings[item.name] = (
            other
            if other.verdict is Verdict.PROVED
            else Finding(Verdict.HOLDS, f"{mine.reason}; at this size only: {other.reason}")
        )
    return replace(
        searched,
        engine="proof",
        findings=findings,
        seconds=searched.seconds + proof.seconds,
        peak_bytes=max(searched.peak_bytes, proof.peak_bytes),
        stopped=searched.stopped or ("interrupted" if proof.stopped == "interrupted" else ""),
    )


def proved(design: Design, properties: Sequence[Property], limits: Limits) -> Report:
    """What the proof for every size says of ``properties``; what is not proved is undetermined."""
    from model.proof.prove import prove  # the solver is slow to import and rarely needed

    return prove(family(design), design.system(Size(0, 2, 2)), properties, limits)


def family(design: Design) -> Callable[[int], System]:
    """The design's systems by how many devices may be there; each may come later, or leave."""
    return lambda devices: design.system(Size(0, devices))


def _with_fewest(
    design: Design, properties: Sequence[Property], searched: Report
) -> dict[str, Finding]:
    """The findings, where each violation says whether one device by itself is enough for it."""
    system = design.system(Size(0, 1))
    broken = [p for p in properties if searched.findings[p.name].verdict is Verdict.VIOLATED]
    claims = [p.ground(system) for p in broken if p.kind is not Kind.TYPES]
    alone = explore(system, claims).findings
    findings = dict(searched.findings)
    for item in broken:
        if item.name in alone:
            enough = alone[item.name].verdict is Verdict.VIOLATED
            told = "one device is enough" if enough else "one device is not enough"
            reason = "; ".join(filter(None, [findings[item.name].reason, told]))
            findings[item.name] = replace(findings[item.name], reason=reason)
    return findings
