"""Explicit-state search: every reachable state, breadth first, so traces are the shortest ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from model.engines.checkpoint import Checkpoint
from model.engines.exercise import goals, never_fired
from model.engines.explorer import Full, MakeExplorer, Run, Watch
from model.engines.memory import peak_bytes
from model.engines.plain import PlainExplorer
from model.engines.result import Finding, Limits, Progress, Report, Verdict
from model.lang import Claim, Kind, System
from model.traces.trace import Trace, replay

INTERRUPTED = "interrupted"
"""Why a search has stopped that Ctrl-C has ended."""
_LOOK_UP_EVERY = 2048  # initial states between two looks at the clock


def explore(
    system: System,
    claims: Sequence[Claim],
    limits: Limits | None = None,
    explorer: MakeExplorer = PlainExplorer,
    checkpoint: Checkpoint | None = None,
) -> Report:
    """Explore ``system`` and decide ``claims``.

    Every reachable state is stored exactly. A violated claim comes with a shortest trace, which
    has been replayed by the reference semantics. A limit or Ctrl-C leaves what is not yet violated
    ``undetermined``. ``explorer`` makes the machine that stores the states; where one stands for
    several, all of them are counted. What is ``forgotten`` makes fewer states. From a
    ``checkpoint`` the search goes on, and it is added to. Raises Misfit for one of another search.
    """
    search = _Search(system, claims, limits or Limits(), explorer, checkpoint)
    try:
        return search.run()
    finally:
        if search.limits.memory:
            search.limits.memory.give_back(search)
        if checkpoint:
            checkpoint.close()


class _Stop(Exception):
    """The search ends before its frontier is empty."""


class _Search:
    def __init__(
        self,
        system: System,
        claims: Sequence[Claim],
        limits: Limits,
        explorer: MakeExplorer,
        checkpoint: Checkpoint | None,
    ) -> None:
        self.system = system
        self.claims = claims
        self.limits, self.checkpoint = limits, checkpoint
        self.started = time.perf_counter()
        self.invariants = [claim for claim in claims if claim.kind is Kind.INVARIANT]
        self.along = [claim for claim in claims if claim.kind is Kind.POSSIBLE]
        self.fair = [claim for claim in claims if claim.kind is Kind.LEADS_TO]
        self.goals = [(claim.name, what, goal) for claim in claims for what, goal in goals(claim)]
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
        self.resumed, self.searched = 0, False  # the latter: whether all states have been found

    def run(self) -> Report:
        """Search, then decide."""
        stopped = self._attempt(self._explore)
        self._take_found()
        if self.levels[-1] < self.explorer.count:  # the level that was being found
            self.levels.append(self.explorer.count)
        stopped = stopped or self._attempt(self._look_along)
        traces: dict[str, Trace] = {}
        stopped = self._attempt(lambda: traces.update(self._traces())) or stopped
        stopped = stopped or self._attempt(lambda: traces.update(self._endless()))
        self.never_fired = never_fired(self.system.actions, self.explorer.fired)
        findings = {claim.name: self._finding(claim, stopped, traces) for claim in self.claims}
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
            hurried=self.explorer.hurries,
            resumed=self.resumed,
            unsaved=self.checkpoint.unwritten if self.checkpoint else "",
            depth=max(0, len(self.levels) - 2),
            complete=not stopped,
            stopped=stopped,
            left_domain=self._left_domain,
            never_fired=() if stopped else self.never_fired,
        )

    @staticmethod
    def _attempt(part: Callable[[], None]) -> str:
        """Do ``part``. Returns what has stopped it, or an empty text."""
        try:
            part()
        except (_Stop, KeyboardInterrupt) as stop:
            return str(stop) or INTERRUPTED
        except MemoryError:
            return "out of memory"
        return ""

    # -- the search ----------------------------------------------------------------------------

    def _explore(self) -> None:
        try:
            if not self._resume():
                self._begin()
            while self.levels[-2] < self.levels[-1] and not self.searched:
                self._expand_level()
                self._end_level()
        except Full:
            raise _Stop(f"--max-states {self.limits.max_states} reached") from None
        if not self.searched:
            self.levels.pop()  # an empty level
            self.searched = True
            if self.checkpoint and (self.checkpoint.is_begun or self.checkpoint.is_due):
                self._save()

    def _begin(self) -> None:
        for number, state in enumerate(self.system.initial_states()):
            if number and not number % _LOOK_UP_EVERY:
                self._look_up()
            self.explorer.add(state)
        self._end_level()

    def _expand_level(self) -> None:
        try:
            while (first := self.explorer.expanded) < self.levels[-1]:
                self._look_up()
                if self.checkpoint and self.checkpoint.is_due:
                    self._save()
                self.explorer.expand(first + self._affordable(self.levels[-1] - first))
        except (_Stop, Full, KeyboardInterrupt):
            self._save()
            raise

    def _affordable(self, wanted: int) -> int:
        """How many states to expand now: no more than all that may come of them has room for."""
        states, memory = min(wanted, self.explorer.at_once), self.limits.memory
        while memory and not memory.grant(self, self.explorer.growth(states)):
            if states == 1:
                raise _Stop(f"{memory} reached")
            states //= 2
        return states

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
            states = self.explorer.count
            of = states - self.explorer.expanded, self.explorer.allocated
            self.limits.progress(Progress(states, len(self.levels) - 2, seconds, *of))
        if self.limits.timeout is not None and seconds > self.limits.timeout:
            raise _Stop(f"--timeout {self.limits.timeout:g} s reached")

    # -- checkpoints ---------------------------------------------------------------------------

    def _resume(self) -> bool:
        """Be where the checkpoint was written; whether there is one."""
        notes = self.checkpoint and self.checkpoint.open()
        if not notes or not self.checkpoint:
            return False
        memory = self.limits.memory
        if memory and not memory.grant(self, 3 * self.checkpoint.size):
            raise _Stop(f"{memory} is too little for what the checkpoint holds")
        self.checkpoint.read(self.explorer)
        self.levels, self.violated = notes["levels"], notes["violated"]
        self.searched = notes["searched"]
        self.resumed = self.explorer.count
        for name in self.violated:
            self.explorer.close(self.names.index(name))
        if 0 < (self.limits.max_states or 0) < self.explorer.count:
            raise Full
        return True

    def _save(self) -> None:
        if self.checkpoint:
            notes = {
                "levels": self.levels,
                "violated": {name: list(states) for name, states in self.violated.items()},
                "searched": self.searched,
            }
            self.checkpoint.add(notes, self.explorer)

    # -- verdicts ------------------------------------------------------------------------------

    def _look_along(self) -> None:
        """Ask the whole graph: only once it is complete."""
        self._look_up()
        if self._left_domain:
            return
        if (memory := self.limits.memory) and not memory.grant(self, self.explorer.questions):
            raise _Stop(f"{memory} reached")
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
            short = "short trace" if self.explorer.hurries else "shortest trace"
            reason = "a fair run never comes to it" if fair else short
            return Finding(Verdict.VIOLATED, reason, traces[claim.name])
        missing = [
            what
            for k, (name, what, _) in enumerate(self.goals)
            if name == claim.name and not self.explorer.met(k)
        ]
        if claim.kind is Kind.REACHABLE and not missing:
            return Finding(Verdict.HOLDS, "reached")
        about_runs = claim.kind in (Kind.POSSIBLE, Kind.LEADS_TO)
        if stopped and (about_runs or not self.searched or claim.name in self.violated):
            return Finding(Verdict.UNDETERMINED, stopped)
        if self._left_domain and claim.kind is not Kind.TYPES:
            return Finding(
                Verdict.UNDETERMINED,
                f"the search is cut where {self._left_domain} leaves a domain",
            )
        if missing:
            return Finding(Verdict.VACUOUS, f"never reached: {'; '.join(missing)}")
        if claim.kind is Kind.FIRES and self.never_fired:
            return Finding(Verdict.VACUOUS, f"never taken: {', '.join(self.never_fired)}")
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
