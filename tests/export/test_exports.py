"""Exports say the same as the system, as far as that can be seen without other programs."""

from __future__ import annotations

import enum
import random
import re
from collections.abc import Callable, Sequence

import pytest
import z3  # type: ignore[import-untyped]

from model.catalogue import find
from model.checker import check
from model.export import TARGETS, CannotExport, Subject, Wishes
from model.export.names import decode
from model.export.source import in_turn
from model.lang import (
    Action,
    Claim,
    Entity,
    Kind,
    State,
    System,
    Value,
    action,
    field,
    no_deadlock,
    type_invariant,
)
from model.lang.reference import OutOfDomain, apply, evaluate, is_enabled
from model.linux.design import Size
from properties import PROPERTIES
from tests.export.awkward import awkward, swapping
from tests.export.cases import DESIGNS, system_and_claims
from tests.export.checkers import TYPES, ours, subject
from tests.export.machine import Machine
from tests.export.record import recorded
from tests.random_systems import random_system
from tests.toys import counter, peterson, philosophers

EVERYTHING = Wishes(max_states=10_000)


def exported(system: System, claims: Sequence[Claim], target: str) -> str:
    """The files of ``system`` for ``target``, one behind the other."""
    return "".join(TARGETS[target](subject(system, claims), EVERYTHING).values())


def merged(*size: int) -> tuple[System, list[Claim]]:
    """The design that was merged."""
    return system_and_claims("driver_managed_dma", Size(*size))


# -- every target ----------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_every_action_and_every_invariant_is_there_by_its_name(target: str) -> None:
    system, claims = merged(1, 0)
    text = exported(system, claims, target)
    for item in system.actions:
        assert item.title in text
        assert target == "dot" or str(item.source) in text
    for claim in claims:
        if claim.kind is Kind.INVARIANT and target != "dot":
            assert claim.name in text
        if claim.kind is Kind.POSSIBLE:  # which no target can say
            assert f"{claim.name}: {claim.kind.value}" in text


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_about_runs_is_refused_when_it_is_asked_for(target: str) -> None:
    system, claims = merged(1, 0)
    runs = next(claim for claim in claims if claim.kind is Kind.POSSIBLE)
    with pytest.raises(CannotExport, match=f"{runs.name} is about runs"):
        TARGETS[target](subject(system, [runs], named=True), Wishes())


@pytest.mark.parametrize("target", TARGETS)
def test_the_same_system_gives_the_same_text(target: str) -> None:
    assert exported(*merged(1, 0), target) == exported(*merged(1, 0), target)


class Mode(enum.Enum):
    """Two modes."""

    A = "a"
    B = "b"


def test_updates_that_read_each_other_are_made_in_turn_over_kept_values() -> None:
    system, _ = swapping()
    (step,) = system.actions
    kept, ordered = in_turn(step.updates)
    assert [str(update) for update in kept] == ["old.s.left := s.left"]
    state = dict(zip((v.name for v in system.variables), "xyz", strict=True))
    for update in [*kept, *ordered]:
        state[update.variable.name] = state[str(update.value)]
    assert state == {"s.left": "y", "s.right": "x", "s.seen": "x", "old.s.left": "x"}


class Other:
    """A namespace for a second Enum of the same name."""

    class Mode(enum.Enum):
        """Not the other one."""

        A = "a"
        C = "c"


class Both(Entity):
    """Fields over two Enums of one name."""

    one = field(Mode, Mode.A)
    other = field(Other.Mode, Other.Mode.A)


@action
def nothing(b: Both) -> Action:
    """It changes nothing."""
    return Action(guard=[b.one == Mode.A, b.other == Other.Mode.A], update=[])


@pytest.mark.parametrize("target", ["promela", "murphi", "tla", "smtlib"])
def test_two_enums_of_one_name_are_refused(target: str) -> None:
    system = System("both", [Both("b")], [nothing])
    with pytest.raises(CannotExport, match="two different things are called 'Mode"):
        exported(system, [], target)


class Many(Entity):
    """A field that may start as anything."""

    flag = field(bool, False)


@action
def clear(m: Many) -> Action:
    """It is no more."""
    return Action(guard=[m.flag], update=[m.flag.becomes(False)])


@pytest.mark.parametrize("target", ["promela", "murphi"])
def test_more_initial_states_than_can_be_listed_are_refused(target: str) -> None:
    several = [Many(f"m{i}", {"flag": (False, True)}) for i in range(11)]
    system = System("many", several, [clear])
    with pytest.raises(CannotExport, match="many has 2048 initial states, and no more than 1024"):
        exported(system, [], target)


def test_more_names_than_spin_has_room_for_are_refused() -> None:
    big = enum.Enum("Big", [f"V{i}" for i in range(256)])  # type: ignore[misc]  # made here
    kind = type("Thing", (Entity,), {"value": field(big, next(iter(big)))})

    def stay(t: Entity) -> Action:
        """It changes nothing."""
        return Action(guard=[t.value == next(iter(big))], update=[])

    stay.__annotations__["t"] = kind
    system = System("big", [kind("t")], [action(stay)])
    with pytest.raises(CannotExport, match="big has more than 255 enum members"):
        exported(system, [], "promela")


# -- DOT -------------------------------------------------------------------------------------


def swapped() -> tuple[System, list[Claim]]:
    """A lock that does not exclude."""
    system = peterson.broken()
    return system, [peterson.mutual_exclusion.ground(system)]


@pytest.mark.parametrize("made", [lambda: merged(1, 0), swapped], ids=["merged", "peterson"])
def test_dot_draws_every_state_and_every_step(
    made: Callable[[], tuple[System, list[Claim]]],
) -> None:
    system, claims = made()
    text = exported(system, claims, "dot")
    expected = ours(system, claims)
    assert len(re.findall(r"^    s\d+ \[", text, re.MULTILINE)) == expected.states
    assert len(re.findall(r"^    s\d+ -> s\d+ \[", text, re.MULTILINE)) == expected.transitions
    assert ("color=red" in text) == bool(expected.violated)


def test_dot_refuses_what_nobody_could_look_at() -> None:
    with pytest.raises(CannotExport, match="driver_managed_dma has more than 463 reachable states"):
        TARGETS["dot"](subject(*merged(1, 0)), Wishes(max_states=463))
    assert TARGETS["dot"](subject(*merged(1, 0)), Wishes(max_states=464))


# -- BTOR2 -----------------------------------------------------------------------------------


def number(value: Value) -> int:
    """A value as BTOR2 has it, before it is cut to its width."""
    return list(type(value)).index(value) if isinstance(value, enum.Enum) else int(value)


@pytest.mark.parametrize("seed", range(30))
def test_btor2_takes_the_same_random_walk(seed: int) -> None:
    system, claims = random_system(seed)
    asked = subject(system, claims)
    machine = Machine(exported(system, claims, "btor2"))
    rng = random.Random(seed)  # noqa: S311  # a walk
    state = rng.choice(list(system.initial_states()))

    def packed(state: State, *, started: bool) -> dict[int, int]:
        made = {}
        for variable, value in zip(system.variables, state, strict=True):
            line = machine.states[variable.name]
            made[line] = number(value) % (1 << machine.width[machine.sort[line]])
        if "started" in machine.states:
            made[machine.states["started"]] = started
        return made

    mine = packed(state, started=False)
    assert machine.allowed(mine)
    assert machine.initial().items() <= mine.items()
    for _ in range(20):
        broken = {c.name for c in asked.checks if evaluate(c.broken, system, state)}
        assert machine.bad(mine, len(system.actions)) - {TYPES} == broken
        choices = list(enumerate(system.actions))
        rng.shuffle(choices)
        after = state
        for chosen, item in choices:
            if not is_enabled(item, system, state):
                expected, leaves = state, False
            else:
                try:
                    expected, leaves = apply(item, system, state), False
                    after = expected
                except OutOfDomain:
                    expected, leaves = state, True
            assert machine.step(mine, chosen) == packed(expected, started=True)
            assert (TYPES in machine.bad(mine, chosen)) == leaves
        state, mine = after, packed(after, started=True)


def test_btor2_refuses_states_that_are_not_initial_at_the_start() -> None:
    system, claims = merged(0, 1)
    machine = Machine(exported(system, claims, "btor2"))
    line, start = machine.states["dev0.stage"], machine.initial()
    (stage,) = (v for v in system.variables if v.name == "dev0.stage")
    allowed = [v for v in stage.domain.values if machine.allowed({**start, line: number(v)})]
    assert set(allowed) == set(stage.initial)
    assert len(allowed) == 2


# -- SMT-LIB ---------------------------------------------------------------------------------


def answered(system: System, claim: Claim, k: int) -> str:
    """What z3 says of the script that asks for a violation after exactly ``k`` steps."""
    (text,) = TARGETS["smtlib"](subject(system, [claim]), Wishes(k=k)).values()
    solver = z3.Solver()
    solver.from_string(text)
    return str(solver.check())


@pytest.mark.parametrize("seed", range(12))
def test_smtlib_is_satisfiable_at_the_length_of_the_counterexample_and_not_before(
    seed: int,
) -> None:
    system, claims = random_system(seed)
    expected = ours(system, claims).violated
    for claim in subject(system, claims).claims:
        if claim.name not in expected:
            assert answered(system, claim, 2) == "unsat"
            continue
        # A step that leaves a domain is asked about where it starts.
        length = expected[claim.name] - (claim.name == TYPES)
        assert answered(system, claim, length) == "sat"
        assert length == 0 or answered(system, claim, length - 1) == "unsat"


def test_smtlib_finds_the_shortest_counterexample_of_a_design() -> None:
    system = find("viability_check").design.system(Size(1, 0))
    name = "no_member_on_kernel_domain_in_user_owned_group"
    (claim,) = (p.ground(system) for p in PROPERTIES if p.name == name)
    length = len(check("viability_check", name, hotplug=0)[name].finding.trace or ())
    assert answered(system, claim, length) == "sat"
    assert answered(system, claim, length - 1) == "unsat"


@pytest.mark.parametrize("k", [1, 2])
def test_smtlib_keeps_its_own_words_apart_from_a_systems(k: int) -> None:
    system, claims = awkward()
    first = ours(system, claims).violated["never"]
    assert answered(system, claims[0], k) == ("sat" if k == first else "unsat")


# -- the page ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DESIGNS)
def test_the_page_shows_what_our_search_finds(name: str) -> None:
    found = ours(*system_and_claims(name, Size(1, 0)))
    assert recorded(name, Size(1, 0)) == found, "python -m tests.export.record rewrites it"


# -- texts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [lambda: merged(1, 1), awkward], ids=["merged", "awkward"])
def test_promela_declares_every_variable_under_a_name_that_can_be_read_back(
    made: Callable[[], tuple[System, list[Claim]]],
) -> None:
    system, claims = made()
    declared = re.findall(
        r"^(?:mtype:\w+|byte|short|bool) (\w+) = ",
        exported(system, claims, "promela"),
        re.MULTILINE,
    )
    names = {decode(name) for name in declared}
    assert names >= {variable.name for variable in system.variables}
    assert len(names) == len(declared)


@pytest.mark.parametrize("made", [lambda: merged(1, 1), awkward], ids=["merged", "awkward"])
def test_tla_defines_every_action_under_a_name_that_can_be_read_back(
    made: Callable[[], tuple[System, list[Claim]]],
) -> None:
    system, claims = made()
    asked = subject(system, claims)
    text = exported(system, claims, "tla")
    defined = re.findall(r"^(\w+) ==$", text, re.MULTILINE)
    names = {decode(name) for name in defined}
    assert names >= {step.name for step in asked.steps}
    assert len(names) == len(defined)
    # `=` binds tighter than most operators, so that a new value stands in brackets.
    values = re.findall(r"^  /\\ \w+' = (.*)$", text, re.MULTILINE)
    assert all(re.fullmatch(r'\(.*\)|\w+|"\w+"', value) for value in values)


def test_a_comment_cannot_end_before_its_end() -> None:
    asked = Subject(counter.good(), [], title="a */ b /* c")
    ((_, text),) = TARGETS["promela"](asked, Wishes()).items()
    assert text.startswith("/* a * / b / * c\n")


def test_philosophers_of_every_kind_are_one_rule_each_in_murphi() -> None:
    system = philosophers.table(3)
    claims = [no_deadlock.ground(system), type_invariant.ground(system)]
    text = exported(system, claims, "murphi")
    assert text.count("\nendrule;") == len(system.actions)
    assert "--deadlock-detection stuck" in text
