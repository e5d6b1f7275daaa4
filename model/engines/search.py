"""Explicit-state search: every reachable state, breadth first, so every trace is a shortest one."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property

from model.engines.fairness import StateGraph, continued, shortest_lasso
from model.engines.graph import Graph
from model.engines.lowering import Condition, Lowered
from model.engines.memory import peak_bytes
from model.engines.readable import fewest_switches
from model.engines.result import Finding, Limits, Progress, Report, Verdict
from model.lang import Claim, Expr, GroundAction, Kind, System
from model.lang.expr import And, Or
from model.traces.trace import Trace, replay

_LOOK_UP_EVERY = 2048  # expanded states between two looks at the clock


def explore(system: System, claims: Sequence[Claim], limits: Limits | None = None) -> Report:
    """Explore ``system`` and decide ``claims``.

    Every reachable state is stored exactly. A violated claim comes with a shortest trace, which
    has been replayed by the reference semantics. A limit or Ctrl-C leaves what is not yet violated
    ``undetermined``.
    """
    return _Search(system, claims, limits or Limits()).run()


class _Stop(Exception):
    """The search ends before its frontier is empty."""


class _Search:
    def __init__(self, system: System, claims: Sequence[Claim], limits: Limits) -> None:
        self.system = system
        self.claims = claims
        self.limits = limits
        self.started = time.perf_counter()
        self.lowered = Lowered(system)
        self.index: dict[int, int] = {}
        self.states: list[int] = []
        self.levels = [0]  # the first state of each depth
        self.level_ends = 0
        self.transitions = 0
        self.fired = bytearray(len(system.actions))
        self.violated: dict[str, tuple[int, GroundAction | None]] = {}
        self.left_domain = ""
        self.offsets = array("q", [0])
        self.targets = array("I")
        self.invariants = [claim for claim in claims if claim.kind is Kind.INVARIANT]
        self.all_hold = self._all_hold()
        self.by_kind = {claim.kind: claim.name for claim in claims}
        self.awaited: dict[tuple[str, str], Condition] = {
            (claim.name, what): self.lowered.condition(goal)
            for claim in claims
            for what, goal in _goals(claim)
        }

    def run(self) -> Report:
        stopped = ""
        try:
            self._explore()
        except _Stop as stop:
            stopped = str(stop)
        except KeyboardInterrupt:
            stopped = "interrupted"
        if self.level_ends < len(self.states):  # the level that was being found
            self.levels.append(self.level_ends)
        del self.targets[self.offsets[-1] :]  # of a state that was being expanded
        findings = {}
        for claim in self.claims:
            try:
                if not stopped:
                    self._look_up()
                findings[claim.name] = self._finding(claim, stopped)
            except (_Stop, KeyboardInterrupt) as stop:
                stopped = str(stop) or "interrupted"
                findings[claim.name] = self._finding(claim, stopped)
        return Report(
            engine="bfs",
            findings=findings,
            seconds=time.perf_counter() - self.started,
            peak_bytes=peak_bytes(),
            states=len(self.states),
            transitions=self.transitions,
            depth=len(self.levels) - 1,
            complete=not stopped,
            stopped=stopped,
            left_domain=self.left_domain,
            never_fired=() if stopped else self._never_fired(),
        )

    # -- the search ----------------------------------------------------------------------------

    def _explore(self) -> None:
        for number, state in enumerate(self.system.initial_states()):
            if number and not number % _LOOK_UP_EVERY:
                self._look_up()
            self._add(self.lowered.pack(state))
        self.level_ends = len(self.states)
        successors, index, fired = self.lowered.successors, self.index, self.fired
        states, targets = self.states, self.targets
        i = 0
        while i < len(states):
            if i == self.level_ends:
                self._next_level()
            if not i % _LOOK_UP_EVERY:
                self._look_up()
            steps = successors(states[i])
            for number, after in steps:
                if number < 0:
                    fired[~number] = 1
                    self._leaves_domain(i, self.system.actions[~number])
                    continue
                fired[number] = 1
                j = index.get(after)
                targets.append(self._add(after) if j is None else j)
            self.offsets.append(len(targets))
            self.transitions += len(steps)
            if not steps:
                self._deadlock(i)
            i += 1

    def _next_level(self) -> None:
        self.levels.append(self.level_ends)
        self.level_ends = len(self.states)
        # Only here, so that all shortest traces to a violation are known when one is chosen.
        if self.claims and all(claim.name in self.violated for claim in self.claims):
            raise _Stop("every claim is decided")

    def _add(self, packed: int) -> int:
        j = len(self.states)
        if j == self.limits.max_states:
            raise _Stop(f"--max-states {j} reached")
        if packed in self.index:  # two initial states may be the same one
            return self.index[packed]
        self.index[packed] = j
        self.states.append(packed)
        if not self.all_hold(packed):
            for claim in self.invariants:
                if not self.lowered.condition(claim.that)(packed):
                    self._violate(claim.name, j)
            self.all_hold = self._all_hold()
        if self.awaited:
            met = [key for key, condition in self.awaited.items() if condition(packed)]
            for key in met:
                del self.awaited[key]
        return j

    def _all_hold(self) -> Condition:
        """Every invariant that is not yet violated, as one condition."""
        self.invariants = [c for c in self.invariants if c.name not in self.violated]
        return self.lowered.condition(And(claim.that for claim in self.invariants))

    def _violate(self, name: str, j: int, stuck_on: GroundAction | None = None) -> None:
        self.violated.setdefault(name, (j, stuck_on))

    def _leaves_domain(self, i: int, action: GroundAction) -> None:
        self.left_domain = self.left_domain or action.title
        if Kind.TYPES in self.by_kind:
            self._violate(self.by_kind[Kind.TYPES], i, action)

    def _deadlock(self, i: int) -> None:
        if Kind.DEADLOCK in self.by_kind:
            self._violate(self.by_kind[Kind.DEADLOCK], i)

    def _look_up(self) -> None:
        seconds = time.perf_counter() - self.started
        if self.limits.progress:
            self.limits.progress(Progress(len(self.states), len(self.levels) - 1, seconds))
        if self.limits.timeout is not None and seconds > self.limits.timeout:
            raise _Stop(f"--timeout {self.limits.timeout:g} s reached")

    def _trace(self, j: int, stuck_on: GroundAction | None = None) -> Trace:
        path, actions = fewest_switches(
            self.graph,
            self._depth,
            j,
            self.states,
            self.index,
            self.lowered.successors,
            self._ranks(),
        )
        trace = Trace(
            self.system,
            tuple(self.lowered.unpack(self.states[i]) for i in path),
            tuple(self.system.actions[number] for number in actions),
            stuck_on,
        )
        replay(trace)
        return trace

    def _ranks(self) -> list[int]:
        """Who takes each action: entities in their order, and before them whoever is none."""
        order = {entity.name: k for k, entity in enumerate(self.system.entities, 1)}
        return [order.get(action.actor, 0) for action in self.system.actions]

    # -- verdicts ------------------------------------------------------------------------------

    def _depth(self, j: int) -> int:
        return bisect_right(self.levels, j) - 1

    def _finding(self, claim: Claim, stopped: str) -> Finding:
        if claim.name in self.violated:
            return Finding(
                Verdict.VIOLATED, "shortest trace", self._trace(*self.violated[claim.name])
            )
        missing = [what for name, what in self.awaited if name == claim.name]
        if claim.kind is Kind.REACHABLE and not missing:
            return Finding(Verdict.HOLDS, "reached")
        if stopped:
            return Finding(Verdict.UNDETERMINED, stopped)
        if self.left_domain and claim.kind is not Kind.TYPES:
            return Finding(
                Verdict.UNDETERMINED, f"the search is cut where {self.left_domain} leaves a domain"
            )
        if claim.kind is Kind.REACHABLE:
            return Finding(Verdict.VACUOUS, f"never reached: {'; '.join(missing)}")
        if missing:
            return Finding(Verdict.VACUOUS, f"never reached: {'; '.join(missing)}")
        if claim.kind is Kind.FIRES and self._never_fired():
            return Finding(Verdict.VACUOUS, f"never taken: {', '.join(self._never_fired())}")
        if claim.kind is Kind.POSSIBLE:
            return self._possible(claim)
        if claim.kind is Kind.LEADS_TO:
            return self._leads_to(claim)
        return Finding(Verdict.HOLDS, "every reachable state was visited")

    def _possible(self, claim: Claim) -> Finding:
        trapped = self._trapped[claim.name]
        if trapped is None:
            return Finding(Verdict.HOLDS, "it stays possible in every reachable state")
        return Finding(Verdict.VIOLATED, "shortest trace", self._trace(trapped))

    @cached_property
    def _trapped(self) -> dict[str, int | None]:
        """For each POSSIBLE claim the first state from which a goal is out of reach."""
        asked = [(c.name, case) for c in self.claims if c.kind is Kind.POSSIBLE for case in c.cases]
        goals, during, when = (
            self.lowered.answers(parts)(self.states)
            for parts in zip(
                *((case.that, case.during, case.when) for _, case in asked), strict=True
            )
        )
        reaching = self.graph.can_reach(goals, during)
        first: dict[str, int | None] = {name: None for name, _ in asked}
        for j, (asks, reached) in enumerate(zip(when, reaching, strict=True)):
            lost = asks & ~reached
            if lost:
                for k, (name, _) in enumerate(asked):
                    if lost >> k & 1 and first[name] is None:
                        first[name] = j
        return first

    def _leads_to(self, claim: Claim) -> Finding:
        lowered, states, index = self.lowered, self.states, self.index

        def holds(expression: Expr[bool]) -> Callable[[int], bool]:
            condition = lowered.condition(expression)
            return lambda j: condition(states[j])

        graph = StateGraph(
            len(states),
            self._depth,
            lambda j: [(n, index[after]) for n, after in lowered.successors(states[j])],
            holds,
        )
        lasso = shortest_lasso(claim, self.system.actions, graph)
        if lasso is None:
            return Finding(Verdict.HOLDS, "every fair run comes to it")
        trace = continued(self._trace(lasso.start), lasso, lambda j: lowered.unpack(states[j]))
        return Finding(Verdict.VIOLATED, "a fair run never comes to it", trace)

    @cached_property
    def graph(self) -> Graph:
        """The explored graph, for the claims that look along runs."""
        return Graph(len(self.states), self.offsets, self.targets)

    def _never_fired(self) -> tuple[str, ...]:
        """Actions no instance of which is ever taken; instances differ in values, not entities."""
        taken: dict[str, bool] = {}
        for action, fired in zip(self.system.actions, self.fired, strict=True):
            kind = action.kind
            taken[kind] = taken.get(kind, False) or bool(fired)
        return tuple(kind for kind, fired in taken.items() if not fired)


def _goals(claim: Claim) -> list[tuple[str, Or]]:
    """What must be reached for ``claim``: its own goals, or what exercises it."""
    if claim.kind is Kind.REACHABLE:
        return [(case.title, Or([case.that])) for case in claim.cases]
    return [(what, Or([goal])) for what, goal in claim.exercised_by()]
