"""What Z3 says of a system at one size; its lemma is the states there are, where those are few.

That a lemma names exactly the states that were found does not make the induction idle: it asks
whether they are all, by an encoding of the actions that the search does not share.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from model.engines.bmc import bounded
from model.engines.induction import prove
from model.engines.lowering import Lowered
from model.engines.result import Limits, Report, Verdict
from model.judging import BY_Z3, Effort, Engine, run
from model.lang import Case, Claim, Expr, Kind, Property, State, System
from model.lang.expr import And, Or

LEAST_DEPTH = 8
"""Bounded model checking looks at least so far, so that it finds what must be reachable."""


def solved(
    system: System,
    properties: Sequence[Property],
    searched: Report,
    limits: Limits,
    *,
    exact: bool,
) -> Report:
    """What Z3 can decide: induction, and then as far as the longest trace of the search.

    Not ``exact``: there are too many states for a lemma, and those serve that everybody has.
    """
    claims = [item.ground(system) for item in properties if item.kind in BY_Z3]
    traces = [searched.findings[claim.name].trace for claim in claims]
    depth = max([LEAST_DEPTH, *(len(trace) for trace in traces if trace is not None)])
    if not exact:
        return run(Engine.Z3, system, claims, limits, Effort(depth=depth))
    first = prove(system, claims, lemmas=[among(system, reached(system))], limits=limits)
    left = [c for c in claims if first.findings[c.name].verdict is Verdict.UNDETERMINED]
    rest = bounded(system, left, depth=depth, limits=limits.after(first.seconds))
    return replace(first, engine="z3", findings={**first.findings, **rest.findings})


def reached(system: System) -> list[State]:
    """Every reachable state."""
    lowered = Lowered(system)
    known = dict.fromkeys(lowered.pack(state) for state in system.initial_states())
    queue = list(known)
    for packed in queue:  # grows while it is walked
        for action, after in lowered.successors(packed):
            if action >= 0 and after not in known:
                known[after] = None
                queue.append(after)
    return [lowered.unpack(packed) for packed in queue]


def among(system: System, states: Iterable[State]) -> Claim:
    """That a state is one of ``states``; what goes on alike is said once."""
    case = Case("every state", _Said(system).that(frozenset(map(tuple, states)), 0))
    return Claim("reached", Kind.INVARIANT, (case,), "It was found.", "It was not found.")


class _Said:
    """Sets of the last values of states as conditions, each made once."""

    def __init__(self, system: System) -> None:
        self._variables = system.variables
        self._made: dict[tuple[int, frozenset[State]], Expr[bool]] = {}

    def that(self, ends: frozenset[State], at: int) -> Expr[bool]:
        """That the variables from number ``at`` on have values that are among ``ends``."""
        if at == len(self._variables):
            return And(())
        if (at, ends) not in self._made:
            further: dict[object, set[State]] = {}
            for end in ends:
                further.setdefault(end[0], set()).add(end[1:])
            alike: dict[frozenset[State], list[object]] = {}
            for value, rest in further.items():
                alike.setdefault(frozenset(rest), []).append(value)
            variable = self._variables[at]
            self._made[at, ends] = Or(
                And([Or(variable == value for value in values), self.that(rest, at + 1)])
                for rest, values in alike.items()
            )
        return self._made[at, ends]
