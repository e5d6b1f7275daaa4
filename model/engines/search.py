"""Explicit-state search: every reachable state, breadth first, so every trace is a shortest one."""

from __future__ import annotations

import time
from collections.abc import Sequence

from model.engines.explorer import Full, MakeExplorer, Run, Watch
from model.engines.memory import peak_bytes
from model.engines.plain import PlainExplorer
from model.engines.result import Finding, Limits, Progress, Report, Verdict
from model.lang import Claim, Kind, System
from model.lang.expr import Or
from model.traces.trace import Trace, replay

_LOOK_UP_EVERY = 2048  # initial states between two looks at the clock


def explore(
    system: System,
    claims: Sequence[Claim],
    limits: Limits | None = None,
    explorer: MakeExplorer = PlainExplorer,
) -> Report:
    """Explore ``system`` and decide ``claims``.

    Every reachable state is stored exactly. A violated claim comes with a shortest trace, which
    has been replayed by the reference semantics. A limit or Ctrl-C leaves what is not yet violated
    ``undetermined``. ``explorer`` makes the machine that stores the states; where one stands for
    several, all of them are counted. What is ``forgotten`` makes fewer states.
    """
    return _Search(system, claims, limits or Limits(), explorer).run()


class _Stop(Exception):
    """The search ends before its frontier is empty."""


class _Search:
    def __init__(
        self, system: System, claims: Sequence[Claim], limits: Limits, explorer: MakeExplorer
    ) -> None:
        self.system = system
        self.claims = claims
        self.limits = limits
        self.started = time.perf_counter()
        self.invariants = [claim for claim in claims if claim.kind is Kind.INVARIANT]
        self.along = [claim for claim in claims if claim.kind is Kind.POSSIBLE]
        self.fair = [claim for claim in claims if claim.kind is Kind.LEADS_TO]
        self.goals = [(claim.name, what, goal) for claim in claims for what, goal in _goals(claim)]
        kinds = {claim.kind: claim.name for claim in claims}
        # What the explorer calls by number, beginning with the invariants.
        self.names = [
            *(claim.name for claim in self.invariants),
            kinds.get(Kind.TYPES, ""),
            kinds.get(Kind.DEADLOCK, ""),
        ]
        watch = Watch(
            [[case.that for case in claim.cases] for claim in self.invariants],
            [goal for _, _, goal in self.goals],
            Kind.TYPES in kinds,
            Kind.DEADLOCK in kinds,
            [claim.cases for claim in self.along],
            self.fair,
        )
        self.explorer = explorer(system, watch, limits.max_states)
        self.levels = [0]
        """The first state of each depth; at the end also the number of all states."""
        self.violated: dict[str, Sequence[int]] = {}

    def run(self) -> Report:
        """Search, then decide."""
        stopped = ""
        try:
            self._explore()
        except _Stop as stop:
            stopped = str(stop)
        except KeyboardInterrupt:
            stopped = "interrupted"
        self._take_found()
        if self.levels[-1] < self.explorer.count:  # the level that was being found
            self.levels.append(self.explorer.count)
        findings: dict[str, Finding] = {}
        try:
            if not stopped:
                self._look_up()
                self._look_along()
        except (_Stop, KeyboardInterrupt) as stop:
            stopped = str(stop) or "interrupted"
        traces = self._traces()
        traces |= {} if stopped else self._endless()
        for claim in self.claims:
            findings[claim.name] = self._finding(claim, stopped, traces)
        states, transitions = self.explorer.unfolded()
        return Report(
            engine="bfs",
            findings=findings,
            seconds=time.perf_counter() - self.started,
            peak_bytes=peak_bytes(),
            states=states,
            transitions=transitions,
            stored=self.explorer.count,
            forgotten=tuple(self.explorer.forgotten),
            folded=tuple(self.explorer.folded),
            depth=len(self.levels) - 2,
            complete=not stopped,
            stopped=stopped,
            left_domain=self._left_domain,
            never_fired=() if stopped else self._never_fired(),
        )

    # -- the search ----------------------------------------------------------------------------

    def _explore(self) -> None:
        try:
            for number, state in enumerate(self.system.initial_states()):
                if number and not number % _LOOK_UP_EVERY:
                    self._look_up()
                self.explorer.add(state)
            self._end_level()
            while self.levels[-2] < self.levels[-1]:
                for end in range(self.levels[-2], self.levels[-1], self.explorer.at_once):
                    self._look_up()
                    self.explorer.expand(min(end + self.explorer.at_once, self.levels[-1]))
                self._end_level()
            self.levels.pop()  # an empty level
        except Full:
            raise _Stop(f"--max-states {self.limits.max_states} reached") from None

    def _end_level(self) -> None:
        self.levels.append(self.explorer.count)
        self._take_found()
        # Only here, so that all shortest traces to a violation are known when one is chosen.
        if self.claims and all(claim.name in self.violated for claim in self.claims):
            raise _Stop("every claim is decided")
        self.explorer.forget()

    def _take_found(self) -> None:
        for claim, states in self.explorer.found().items():
            self.violated[self.names[claim]] = states
            self.explorer.close(claim)

    def _look_up(self) -> None:
        seconds = time.perf_counter() - self.started
        if self.limits.progress:
            self.limits.progress(Progress(self.explorer.count, len(self.levels) - 2, seconds))
        if self.limits.timeout is not None and seconds > self.limits.timeout:
            raise _Stop(f"--timeout {self.limits.timeout:g} s reached")

    # -- verdicts ------------------------------------------------------------------------------

    def _look_along(self) -> None:
        """Ask the whole graph: only once it is complete."""
        if self._left_domain:
            return
        for k, claim in enumerate(self.along):
            lost = self.explorer.lost(k, self.levels)
            if lost:
                self.violated[claim.name] = lost

    def _traces(self) -> dict[str, Trace]:
        """A readable shortest trace, taken again by the reference semantics, for each violation."""
        runs = self.explorer.runs(list(self.violated.values()), self.levels)
        return {
            name: self._trace(run, stuck=name == self.names[-2])
            for name, run in zip(self.violated, runs, strict=True)
        }

    def _endless(self) -> dict[str, Trace]:
        """A fair run that never comes to its goal, for each LEADS_TO claim that has one."""
        if self._left_domain:
            return {}
        runs = {claim.name: self.explorer.endless(claim, self.levels) for claim in self.fair}
        return {name: self._trace(run) for name, run in runs.items() if run is not None}

    def _trace(self, run: Run, *, stuck: bool = False) -> Trace:
        actions = self.system.actions
        leaving = actions[self.explorer.leaving(run.states[-1])] if stuck else None
        taken = tuple(actions[k] for k in run.actions)
        trace = Trace(self.system, tuple(run.states), taken, leaving, run.loop)
        replay(trace)
        return trace

    def _finding(self, claim: Claim, stopped: str, traces: dict[str, Trace]) -> Finding:
        if claim.name in traces:
            fair = claim.kind is Kind.LEADS_TO
            reason = "a fair run never comes to it" if fair else "shortest trace"
            return Finding(Verdict.VIOLATED, reason, traces[claim.name])
        missing = [
            what
            for k, (name, what, _) in enumerate(self.goals)
            if name == claim.name and not self.explorer.met(k)
        ]
        if claim.kind is Kind.REACHABLE and not missing:
            return Finding(Verdict.HOLDS, "reached")
        if stopped:
            return Finding(Verdict.UNDETERMINED, stopped)
        if self._left_domain and claim.kind is not Kind.TYPES:
            return Finding(
                Verdict.UNDETERMINED,
                f"the search is cut where {self._left_domain} leaves a domain",
            )
        if missing:
            return Finding(Verdict.VACUOUS, f"never reached: {'; '.join(missing)}")
        if claim.kind is Kind.FIRES and self._never_fired():
            return Finding(Verdict.VACUOUS, f"never taken: {', '.join(self._never_fired())}")
        if claim.kind is Kind.POSSIBLE:
            return Finding(Verdict.HOLDS, "it stays possible in every reachable state")
        if claim.kind is Kind.LEADS_TO:
            return Finding(Verdict.HOLDS, "every fair run comes to it")
        return Finding(Verdict.HOLDS, "every reachable state was visited")

    @property
    def _left_domain(self) -> str:
        """The title of the first action that took a variable outside its domain."""
        action = self.explorer.left_domain
        return "" if action is None else self.system.actions[action].title

    def _never_fired(self) -> tuple[str, ...]:
        """Actions no instance of which is ever taken; instances differ in values, not entities."""
        taken: dict[str, bool] = {}
        for action, fired in zip(self.system.actions, self.explorer.fired, strict=True):
            taken[action.kind] = taken.get(action.kind, False) or bool(fired)
        return tuple(kind for kind, fired in taken.items() if not fired)


def _goals(claim: Claim) -> list[tuple[str, Or]]:
    """What must be reached for ``claim``: its own goals, or what exercises it."""
    if claim.kind is Kind.REACHABLE:
        return [(case.title, Or([case.that])) for case in claim.cases]
    return [(what, Or([goal])) for what, goal in claim.exercised_by()]
