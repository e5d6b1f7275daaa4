"""What decision diagrams say of properties of states, for a group of so many devices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from model.diagrams.bags import EMPTY
from model.diagrams.changes import Node, Total
from model.diagrams.reach import Reached
from model.diagrams.weights import Unsuitable
from model.engines.memory import peak_bytes
from model.engines.result import Finding, Limits, Report, Verdict
from model.engines.search import INTERRUPTED
from model.lang import Case, Claim, Kind, Property, System
from model.lang.expr import Not
from model.proof.counting import CounterSystem
from model.proof.family import Condition, Family, Systems
from model.proof.quantified import NotUniform
from model.proof.steps import Place

_REACHED = "reached"


class _Stop(Exception):
    """Time or memory is used up; the message says which."""


def decide(
    systems: Systems, devices: int, properties: Sequence[Property], limits: Limits = Limits()
) -> Report:
    """What holds in every state of the system of ``systems`` with so many ``devices``.

    What is VIOLATED comes without a trace. Where the systems are no family, or the diagrams cannot
    speak of them, and for properties of runs, the verdict is UNDETERMINED with the reason.
    """
    started = time.perf_counter()

    def look() -> None:
        if limits.timeout is not None and time.perf_counter() - started > limits.timeout:
            raise _Stop(f"--timeout {limits.timeout:g} s reached")
        if limits.memory and not limits.memory.grant(look, 0):
            raise _Stop(f"{limits.memory} reached")

    report = Report("diagrams", {}, 0, 0, complete=False)
    findings: dict[str, Finding] = {}
    try:
        counting = CounterSystem(Family(systems))
        look()
        answers = Answers(systems, Reached(counting, devices, look))
        report = replace(
            report,
            states=answers.states,
            transitions=answers.transitions,
            stored=answers.nodes,
            machine=f"{answers.nodes} nodes",
            complete=True,
            left_domain=answers.left_domain,
            never_fired=answers.never_fired,
        )
        for item in properties:
            findings[item.name] = answers.finding(item)
    except (_Stop, NotUniform, Unsuitable) as reason:
        report = replace(report, stopped=str(reason))
    except KeyboardInterrupt:
        report = replace(report, stopped=INTERRUPTED)
    finally:
        if limits.memory:
            limits.memory.give_back(look)
    for item in properties:
        findings.setdefault(item.name, Finding(Verdict.UNDETERMINED, report.stopped))
    seconds = time.perf_counter() - started
    return replace(report, findings=findings, seconds=seconds, peak_bytes=peak_bytes())


class Answers:
    """What can be told from all reachable states."""

    def __init__(self, systems: Systems, reached: Reached) -> None:
        self._reached = reached
        self._bags = reached.bags
        self._family = reached.counting.family
        self.states = sum(map(self._bags.count, reached.at.values()))
        self.nodes = self._bags.size(reached.at.values())
        self.transitions = 0
        self.left_domain = ""
        self._stuck: dict[Place, Node] = {}
        fired: dict[str, bool] = {rule.name: False for rule in self._family.rules}
        for place, node in reached.at.items():
            self._stuck[place] = node
            for taken in reached.steps.taken(place, reached.states(place)):
                rule, named = taken.step.rule, taken.step.named
                there = self._beside(node, named, taken.totals)
                if there == EMPTY:
                    continue
                self.transitions += (reached.devices if named else 1) * self._bags.count(there)
                self._free(place, named, taken.totals)
                if taken.leaves:
                    self.left_domain = self.left_domain or rule.title
                else:
                    fired[rule.name] = True
        self.never_fired = tuple(name for name, once in fired.items() if not once)
        if self.never_fired:  # of the actions that there are with so many devices
            there_are = {action.kind for action in systems(reached.devices).actions}
            self.never_fired = tuple(name for name in self.never_fired if name in there_are)

    def finding(self, item: Property) -> Finding:
        """The verdict on ``item``."""
        if item.kind in (Kind.POSSIBLE, Kind.LEADS_TO):
            return Finding(Verdict.UNDETERMINED, "diagrams are for what holds in every state")
        try:
            found = self._of_states(item)
        except NotUniform as error:
            return Finding(Verdict.UNDETERMINED, f"{item.name}: {error}")
        if self.left_domain and found.verdict is not Verdict.VIOLATED and found.reason != _REACHED:
            told = f"the search is cut where {self.left_domain} leaves a domain"
            return Finding(Verdict.UNDETERMINED, told)
        return found

    def _of_states(self, item: Property) -> Finding:
        match item.kind:
            case Kind.INVARIANT if self._met(self._family.conditions(item.ground)):
                return Finding(Verdict.VIOLATED)
            case Kind.TYPES if self.left_domain:
                return Finding(Verdict.VIOLATED)
            case Kind.DEADLOCK if any(self._stuck.values()):
                return Finding(Verdict.VIOLATED)
            case Kind.FIRES if self.never_fired:
                return Finding(Verdict.VACUOUS, f"never taken: {', '.join(self.never_fired)}")
            case Kind.REACHABLE:
                return self._reachable(item)
        if missing := self._unexercised(item):
            return Finding(Verdict.VACUOUS, f"never reached: {'; '.join(missing)}")
        return Finding(Verdict.HOLDS, "every reachable state was visited")

    def _reachable(self, item: Property) -> Finding:
        wanted = self._family.conditions(lambda system: _denying(item.ground(system).cases, item))
        if all(self._met([condition]) for condition in wanted):
            return Finding(Verdict.HOLDS, _REACHED)
        return Finding(Verdict.VACUOUS, "never reached")

    def _unexercised(self, item: Property) -> list[str]:
        """What would have to be reached lest the property be vacuous, and is not."""

        def goal(what: str) -> Callable[[System], Claim]:
            return lambda system: _denying(
                dict(item.ground(system).exercises()).get(what, ()), item
            )

        needed = [what for what, _ in item.ground(self._family.of_size(2).system).exercises()]
        return [what for what in needed if not self._met(self._family.conditions(goal(what)))]

    def _met(self, conditions: Iterable[Condition]) -> bool:
        """Whether one of ``conditions`` does not hold in some reachable state."""
        reached = self._reached
        for condition in conditions:
            for place, node in reached.at.items():
                states = reached.states(place)
                occupied = [n for n in range(states.bit_length()) if states >> n & 1]
                for named, facts in reached.counting.broken(condition, place, occupied):
                    left = reached.steps.asked(named, facts)
                    totals = reached.steps.totals(left, place, states)
                    if self._beside(node, named, totals) != EMPTY:
                        return True
        return False

    def _free(self, place: Place, named: Sequence[int], totals: Iterable[Total]) -> None:
        """Note that nothing is stuck where devices in the states ``named`` can take a step."""
        stuck = self._stuck[place]
        if stuck != EMPTY:
            here = [Total(-1, {number: 1}, self._reached.steps.weights.nothing) for number in named]
            free = self._bags.where(stuck, [*totals, *here])
            self._stuck[place] = self._bags.difference(stuck, free)

    def _beside(self, node: Node, named: Sequence[int], totals: Iterable[Total]) -> Node:
        """Where no total is negative, what there is beside devices in the states ``named``."""
        node = self._bags.where(node, totals)
        for number in named:
            node = self._bags.without(node, number)
        return node


def _denying(cases: Iterable[Case], item: Property) -> Claim:
    """A claim that is broken where one of ``cases`` holds."""
    denied = tuple(Case(case.title, Not(case.that)) for case in cases)
    return Claim(item.name, Kind.INVARIANT, denied, item.doc, item.broken)
