"""Runs without end: whether one breaks a claim that something happens in the end.

The judgement is made from the definitions, state by state, for traces of whichever engine or file.
"""

from __future__ import annotations

from model.lang import Case, Fairness, GroundAction, State, System
from model.lang.reference import OutOfDomain, apply, evaluate, is_enabled
from model.traces.trace import Trace


def objection(trace: Trace, case: Case) -> str:
    """Why ``trace``, which has been replayed, does not break ``case``; empty if it does.

    It must come to a state that meets ``when``, from there never meet the goal, go on for ever,
    and do so fairly.
    """
    if trace.loop is None:
        return "it ends, and a run that breaks this has no end"
    system = trace.system
    met = [evaluate(case.that, system, state) for state in trace.states]
    asking = [i for i, state in enumerate(trace.states) if evaluate(case.when, system, state)]
    if not asking:
        return "no state of it meets the premise"
    if any(met[trace.loop :]):
        return f"the goal is met in state {met.index(True, trace.loop)}, within the loop"
    last_met = max((i for i, goal in enumerate(met) if goal), default=-1)
    if asking[-1] <= last_met:
        return f"the goal is met in state {last_met}, and the premise not after that"
    starved = next((f for f in case.fair if _is_starved(f, trace, trace.loop)), None)
    return "" if starved is None else f"the loop is not fair to {starved}"


def _is_starved(fair: Fairness, trace: Trace, loop: int) -> bool:
    """Whether a step of ``fair`` can be taken everywhere on the loop and is taken nowhere.

    A step that changes nothing is none: it cannot be told from nothing happening.
    """
    system = trace.system

    def can_be_taken(state: State) -> bool:
        return bool(evaluate(fair.where, system, state)) and any(
            is_enabled(a, system, state) and _changes(a, system, state) for a in fair.actions
        )

    taken = any(
        step.action in fair.actions
        and evaluate(fair.where, system, step.before)
        and step.before != step.after
        for step in list(trace.steps())[loop:]
    )
    # The last state is the one where the loop begins.
    return not taken and all(map(can_be_taken, trace.states[loop:]))


def _changes(action: GroundAction, system: System, state: State) -> bool:
    try:
        return apply(action, system, state) != state
    except OutOfDomain:
        return False
