"""Z3 and the reference give every expression the same value."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
import z3  # type: ignore[import-untyped]  # Z3 ships no type information
from hypothesis import given, settings
from hypothesis import strategies as st

from model.engines.encoding import Encoding
from model.engines.translation import constant, interval, literal, member, value_of, width
from model.lang import (
    Action,
    Domain,
    Entity,
    Expr,
    Field,
    State,
    System,
    action,
    all_of,
    any_of,
    count,
    counter,
    enabled,
    field,
    implies,
    ite,
)
from model.lang.domains import BOOLEAN, domain_of, integers
from model.lang.expr import Const, Enabled, Infix, lift
from model.lang.reference import OutOfDomain, apply, evaluate, is_enabled
from model.lang.terms import never_both
from tests.random_systems import WARM, Colour, Expressions, Mode, random_system


class Thing(Entity):
    """One field of every type."""

    colour = field(Colour, Colour.RED)
    warm = Field(WARM, Colour.RED, "")
    flag = field(bool, False)
    other = field(bool, True)
    low = counter(-2, 1, 0)
    high = counter(0, 3, 0)


THING = Thing("t")


@action
def stay(t: Thing) -> Action:
    """Nothing happens."""
    return Action([t.flag], [])


SYSTEM = System("one thing", [THING], [stay])

T = THING
NODES: dict[str, Expr[Any]] = {
    "Const": lift(3) - 5,
    "Var": T.low,
    "Equal of integers of different widths": T.low == T.high,
    "Equal of an integer and one beyond its bits": T.high == lift(7) - 5 + T.low,
    "Equal of enums with different domains": T.colour == T.warm,
    "Equal of truth values": T.flag == T.other,
    "Not Equal": T.colour != Colour.AMBER,
    "OneOf an enum": T.colour.is_in(Colour.RED, Colour.GREEN),
    "OneOf an integer, with values it never has": (T.low + T.high).is_in(-2, 4, 17),
    "OneOf a truth value": T.flag.is_in(True),
    "Less": T.low < T.high,
    "Less, with a negative difference": T.high - 1 < 0,
    "Less, both sides negative": T.low - 3 < lift(0) - T.high,
    "Not Less": T.low >= T.high,
    "Not": ~T.flag,
    "And": T.flag & T.other,
    "And of none": all_of([]),
    "Or": T.flag | T.other,
    "Or of none": any_of([]),
    "Implies": implies(T.flag, T.other),
    "NeverBoth": never_both(T.flag, T.other),
    "IfElse of integers of different widths": ite(T.flag, T.low, T.high + 9),
    "IfElse of enums": ite(T.flag, T.colour, T.warm),
    "IfElse of truth values": ite(T.low < 0, T.flag, T.other),
    "Add": T.low + T.high,
    "Add, beyond the bits of either side": T.high + T.high + T.high + 100,
    "Subtract": T.low - T.high,
    "Subtract to less than either side": lift(0) - T.high - T.high - 100,
    "Subtract what is equal": T.high - T.high,
    "Count": count([T.flag, T.other, T.low < 0, T.colour == Colour.RED]),
    "Count of none": count([]),
    "Count in a sum": count([T.flag, T.other]) - T.high,
}


def states(system: System) -> Iterator[State]:
    """Every assignment of values in their domains, reachable or not."""
    yield from itertools.product(*(v.domain.values for v in system.variables))


def in_z3(encoding: Encoding, term: Any, state: State) -> Any:
    """What ``term``, over ``now``, comes to in ``state``."""
    values = (
        literal_like(encoding.now[v], value)
        for v, value in zip(encoding.system.variables, state, strict=True)
    )
    frame = dict(zip(encoding.system.variables, values, strict=True))
    return z3.simplify(encoding.at(term, frame))


def literal_like(of: Any, value: Any) -> Any:
    """The Z3 value for ``value``, of the same sort as the constant ``of``."""
    return z3.BitVecVal(value, of.size()) if type(value) is int else literal(value)


@pytest.mark.parametrize("what", NODES)
def test_every_node_has_the_value_that_the_reference_gives_it(what: str) -> None:
    expression, encoding = NODES[what], Encoding(SYSTEM)
    term = encoding.term(expression)
    for state in states(SYSTEM):
        expected = evaluate(expression, SYSTEM, state)
        assert value_of(in_z3(encoding, term, state), expression.kind) == expected


def kinds(base: type) -> Iterator[type]:
    """Every class below ``base``."""
    kind: type
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_node_of_the_language_is_among_those_tried() -> None:
    tried = {type(node) for expression in NODES.values() for node in expression.walk()}
    # Enabled is replaced before anybody reads the expression, and Infix only shares code.
    ours = {kind for kind in kinds(Expr) if kind.__module__ == Expr.__module__}
    assert tried == ours - {Enabled, Infix}


@given(st.integers(0, 10**9), st.sampled_from((BOOLEAN, integers(0, 1), domain_of(Colour))))
@settings(max_examples=150, deadline=None)
def test_random_expressions_have_the_value_that_the_reference_gives_them(
    seed: int, domain: Domain
) -> None:
    rng = random.Random(seed)  # noqa: S311  # nobody is to be kept from guessing it
    expression = Expressions(rng, SYSTEM.variables).like(domain, 4)
    encoding = Encoding(SYSTEM)
    term = encoding.term(expression)
    for state in rng.sample(list(states(SYSTEM)), 12):
        expected = evaluate(expression, SYSTEM, state)
        assert value_of(in_z3(encoding, term, state), expression.kind) == expected
        if type(expected) is int:
            low, high = interval(expression)
            assert low <= expected <= high


@pytest.mark.parametrize("seed", range(40))
def test_steps_are_those_of_the_reference(seed: int) -> None:
    system, _ = random_system(seed)
    encoding = Encoding(system)
    rng = random.Random(seed)  # noqa: S311  # nobody is to be kept from guessing it
    every = list(itertools.islice(states(system), 5000))
    for state in rng.sample(every, min(10, len(every))):
        for step in system.actions:
            can = z3.is_true(in_z3(encoding, encoding.enabled(step), state))
            assert can == is_enabled(step, system, state)
            leaves = z3.is_true(in_z3(encoding, encoding.leaves(step), state))
            try:
                after = apply(step, system, state)
            except OutOfDomain:
                assert leaves
                continue
            assert not leaves
            for variable, term in encoding.after(step).items():
                assert term.sort() == encoding.now[variable].sort()
                value = value_of(in_z3(encoding, term, state), variable.kind)
                assert value == after[system.index[variable]]


@pytest.mark.parametrize(
    "domain",
    [BOOLEAN, Domain("yes", (True,)), domain_of(Colour), domain_of(Mode), WARM, integers(-3, 4),
     integers(2, 2), Domain("turned", (Colour.GREEN, Colour.RED, Colour.AMBER))],
    ids=str,
)  # fmt: skip
def test_a_constant_in_its_domain_takes_exactly_the_values_of_the_domain(domain: Domain) -> None:
    term, solver, found = constant("x", domain), z3.Solver(), []
    solver.add(member(term, domain))
    while solver.check() == z3.sat:
        value = solver.model().eval(term, model_completion=True)
        found.append(value_of(value, domain.kind))
        solver.add(term != value)
    assert len(found) == len(domain.values)
    assert set(found) == set(domain.values)


def test_initial_states_are_those_of_the_system() -> None:
    thing = Thing("t", {"low": (-2, 1), "colour": (Colour.AMBER, Colour.GREEN)})
    system = System("several starts", [thing], [stay])
    encoding, initial = Encoding(system), set(system.initial_states())
    term = encoding.initial()
    for state in states(system):
        assert z3.is_true(in_z3(encoding, term, state)) == (state in initial)


def test_a_model_is_read_back_as_a_state() -> None:
    encoding = Encoding(SYSTEM)
    for state in itertools.islice(states(SYSTEM), 0, None, 97):
        solver = z3.Solver()
        for variable, value in zip(SYSTEM.variables, state, strict=True):
            term = encoding.now[variable]
            solver.add(term == literal_like(term, value))
        assert solver.check() == z3.sat
        assert encoding.state(solver.model(), encoding.now) == state


def test_a_width_holds_both_ends_and_not_one_bit_more() -> None:
    for low, high in itertools.combinations_with_replacement(range(-20, 21), 2):
        bits = width(low, high)
        assert -(2 ** (bits - 1)) <= low <= high < 2 ** (bits - 1)
        if bits > 1:
            assert not -(2 ** (bits - 2)) <= low <= high < 2 ** (bits - 2)


def test_what_was_not_resolved_has_no_translation() -> None:
    with pytest.raises(TypeError, match="resolve it first"):
        Encoding(SYSTEM).term(enabled(stay, THING))


def test_a_truth_value_has_no_interval() -> None:
    with pytest.raises(TypeError, match="no integer"):
        interval(all_of([Const(True)]))
