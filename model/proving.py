"""From `holds`, for the size that was searched, to `proved`, for every number of devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from model.engines.result import Finding, Limits, Report, Verdict
from model.lang import Property
from model.linux.design import Design, Size


def strengthen(
    design: Design, properties: Sequence[Property], searched: Report, limits: Limits
) -> Report:
    """``searched``, where each property that holds is proved for every size, if that succeeds.

    A device may be there at boot or come later, so that every size is among those proved. What
    stays ``holds`` says why. ``limits`` is what the search has left over.
    """
    from model.proof.prove import prove  # the solver is slow to import and rarely needed

    held = [p for p in properties if searched.findings[p.name].verdict is Verdict.HOLDS]
    if not held:
        return replace(searched, engine="proof")
    if limits.timeout is not None:
        limits = replace(limits, timeout=max(0.0, limits.timeout - searched.seconds))
    proof = prove(
        lambda devices: design.system(Size(0, devices)), design.system(Size(0, 2, 2)), held, limits
    )
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
