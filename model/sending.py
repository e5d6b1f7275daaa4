"""Answers on their way from one process to another: plain, and small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from model.catalogue import Entry, find_property
from model.checker import Result
from model.engines.result import Finding, Report
from model.lang import State, System
from model.linux.design import Size
from model.traces.trace import Trace, replay


class _Sent(NamedTuple):
    """A trace as numbers: of values within their domains, and of actions."""

    states: tuple[tuple[int, ...], ...]
    actions: tuple[int, ...]
    stuck_on: int | None
    loop: int | None


class Answer(NamedTuple):
    """What a worker found: the report without its findings, and those with traces as numbers."""

    report: Report
    findings: list[tuple[str, Finding, _Sent | None]]


def answer_of(results: Sequence[Result]) -> Answer:
    """What was found of one design at one size."""
    findings = [
        (r.asked.name, replace(r.finding, trace=None), _numbers(r.finding.trace)) for r in results
    ]
    return Answer(replace(results[0].report, findings={}), findings)


def _numbers(trace: Trace | None) -> _Sent | None:
    if trace is None:
        return None
    variables = trace.system.variables
    places = {action.title: k for k, action in enumerate(trace.system.actions)}
    states = tuple(
        tuple(v.domain.values.index(x) for v, x in zip(variables, state, strict=True))
        for state in trace.states
    )
    actions = tuple(places[action.title] for action in trace.actions)
    stuck = None if trace.stuck_on is None else places[trace.stuck_on.title]
    return _Sent(states, actions, stuck, trace.loop)


def results_of(entry: Entry, size: Size, answer: Answer) -> Iterator[Result]:
    """The results as if they had been found here; every trace is replayed."""
    system = entry.design.system(size)
    findings = {
        name: finding if sent is None else replace(finding, trace=_trace(system, sent))
        for name, finding, sent in answer.findings
    }
    report = replace(answer.report, findings=findings)
    for name, finding in findings.items():
        expected = entry.expected(name, size)
        yield Result(entry, find_property(name), size, expected, finding, report, size)


def _trace(system: System, sent: _Sent) -> Trace:
    domains = [variable.domain.values for variable in system.variables]
    states: tuple[State, ...] = tuple(
        tuple(values[k] for values, k in zip(domains, state, strict=True)) for state in sent.states
    )
    actions = tuple(system.actions[k] for k in sent.actions)
    stuck = None if sent.stuck_on is None else system.actions[sent.stuck_on]
    trace = Trace(system, states, actions, stuck, sent.loop)
    replay(trace)
    return trace
