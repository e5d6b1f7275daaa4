"""The counter system and the proofs against the search, on small random families."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from model.engines.result import Limits, Verdict
from model.engines.search import explore
from model.engines.solving import Clock
from model.lang import State, System
from model.lang.reference import OutOfDomain, apply, is_enabled
from model.proof.counting import CounterSystem
from model.proof.family import Family
from model.proof.induction import Invariant
from model.proof.linear import CONST, Form, Hull, worth
from model.proof.prove import prove
from model.proof.steps import Place
from tests.proof.families import random_family

Systems = Callable[..., System]
Counts = tuple[Place, frozenset[tuple[int, int]]]
SEEDS = range(60)
MOST_STATES = 400


def reachable(system: System) -> Iterator[State]:
    """Reachable states by the reference semantics, up to MOST_STATES."""
    queue = list(system.initial_states())
    seen = set(queue)
    for state in queue:
        yield state
        for after in steps(system, state):
            if after not in seen and len(seen) < MOST_STATES:
                seen.add(after)
                queue.append(after)


def steps(system: System, state: State) -> Iterator[State]:
    """The states after ``state``, without those outside a domain."""
    for action in system.actions:
        if is_enabled(action, system, state):
            try:
                yield apply(action, system, state)
            except OutOfDomain:
                continue


def counted(counting: CounterSystem, system: System, state: State) -> Counts:
    """``state`` as counts: its place, and the vector without its constant."""
    hub, *members = system.entities
    value = dict(zip(system.variables, state, strict=True))
    by_name = {v.name: value[v] for v in hub.variables()}
    place = counting.place(tuple(by_name[v.name] for v in counting.family.shared))
    vector: dict[int, int] = {}
    for variable, column in counting.grown.items():
        vector[column] = int(by_name[variable.name])  # type: ignore[arg-type]  # an integer
    for member in members:
        number = counting.number(tuple(value[v] for v in member.variables()))
        vector[number] = vector.get(number, 0) + 1
    return place, frozenset((column, n) for column, n in vector.items() if n)


def counted_steps(counting: CounterSystem, size: int, here: Counts) -> set[Counts]:
    """What the counter system has after ``here``, without what is outside a domain."""
    place, counts = here
    vector: Form = {CONST: 1, **dict(counts)}
    occupied = [column for column in vector if 0 <= column < min(counting.grown.values())]
    found = set()
    for step in counting.steps(place, occupied):
        if any(worth(fact, vector) < 0 for fact in step.facts):
            continue
        if any(all(worth(f, vector) >= 0 for f in facts) for _, facts in step.leaves):
            continue
        columns = {step.moves.get(c, c) for c in occupied} | set(step.after)
        columns |= set(counting.grown.values())
        after = {c: int(worth(step.before({c: 1}), vector)) for c in columns}
        if all(0 <= after[c] <= size + 1 for c in counting.grown.values()):
            found.add((step.place, frozenset((c, n) for c, n in after.items() if n)))
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_the_counter_system_has_the_steps_of_each_system_of_the_family(seed: int) -> None:
    systems, _ = random_family(seed)
    counting = CounterSystem(Family(systems))
    for size in (1, 2, 3):
        system = systems(size)
        known: dict[Counts, set[Counts]] = {}
        for state in reachable(system):
            here = counted(counting, system, state)
            if here not in known:
                known[here] = counted_steps(counting, size, here)
            real = {counted(counting, system, after) for after in steps(system, state)}
            assert known[here] == real


@pytest.mark.parametrize("seed", SEEDS)
def test_the_invariant_holds_in_every_reachable_state(seed: int) -> None:
    systems, _ = random_family(seed)
    counting = CounterSystem(Family(systems))
    invariant = Invariant(counting, [], Clock(Limits(timeout=60)))
    for size in (1, 2, 3):
        system = systems(size)
        for state in reachable(system):
            place, counts = counted(counting, system, state)
            vector: Form = {CONST: 1, **dict(counts)}
            cells = [hull for cell, hull in invariant.hulls.items() if cell[0] == place]
            assert any(all(worth(f, vector) == 0 for f in zeros(h, vector)) for h in cells)


def zeros(hull: Hull, vector: Form) -> list[Form]:
    """The forms that are 0 in ``hull``, those of columns of ``vector`` that it lacks with them."""
    missing: list[Form] = [{column: 1} for column in set(vector) - hull.columns()]
    return [*hull.equalities(), *missing]


def verdicts(seed: int) -> tuple[dict[str, Verdict], dict[str, Verdict]]:
    """What is proved of a family, and what the search finds with up to three members."""
    systems, claims = random_family(seed)
    proof = prove(systems, systems(2, 2), claims, Limits(timeout=60))
    assert not proof.stopped
    searched = {claim.name: Verdict.HOLDS for claim in claims}
    for size in (1, 2, 3):
        system = systems(size)
        report = explore(system, [claim.ground(system) for claim in claims])
        for name, finding in report.findings.items():
            if finding.verdict is Verdict.VIOLATED:
                searched[name] = Verdict.VIOLATED
    return {name: finding.verdict for name, finding in proof.findings.items()}, searched


def test_nothing_is_proved_that_the_search_finds_violated() -> None:
    both = [verdicts(seed) for seed in SEEDS]
    pairs = [(proved[name], searched[name]) for proved, searched in both for name in searched]
    assert (Verdict.PROVED, Verdict.VIOLATED) not in pairs
    holding = [proved for proved, searched in pairs if searched is Verdict.HOLDS]
    # Enough of either kind that something is compared.
    assert holding.count(Verdict.PROVED) > len(holding) / 2
    assert len(pairs) - len(holding) > len(SEEDS)
