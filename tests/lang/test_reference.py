"""The reference semantics, node by node: what every other reader is judged by."""

from __future__ import annotations

import enum
import itertools

import pytest

from model.lang import (
    Action,
    Entity,
    Expr,
    Possible,
    System,
    action,
    all_of,
    any_of,
    count,
    counter,
    enabled,
    field,
    implies,
    invariant,
    ite,
    possible,
)
from model.lang.expr import Const, Enabled
from model.lang.reference import OutOfDomain, apply, evaluate, is_enabled, successors


class Light(enum.Enum):
    RED = "red"
    GREEN = "green"


class Crossing(Entity):
    """One variable of each kind of domain, and a second one of each to compare it with."""

    light = field(Light, Light.RED)
    other = field(Light, Light.GREEN)
    busy = field(bool, init=False)
    shut = field(bool, init=True)
    left = counter(0, 3, 1)
    right = counter(0, 3, 2)


C = Crossing("crossing")


@action
def swap(c: Crossing) -> Action:
    """Each takes the other's value, which only works if both are read before the step."""
    return Action(
        guard=[c.left != c.right],
        update=[c.left.becomes(c.right), c.right.becomes(c.left)],
    )


@action
def arrive(c: Crossing) -> Action:
    """Leave the domain once there are three."""
    return Action(guard=[~c.busy], update=[c.left.becomes(c.left + 1)])


SYSTEM = System("crossing", [C], [swap, arrive])
(START,) = SYSTEM.initial_states()
BOTH = (False, True)


def value(expression: Expr[bool] | Expr[int] | Expr[Light]) -> object:
    """The value in the initial state."""
    return evaluate(SYSTEM.resolve(expression), SYSTEM, START)


def test_a_variable_has_its_initial_value_in_the_initial_state() -> None:
    assert [value(v) for v in SYSTEM.variables] == [Light.RED, Light.GREEN, False, True, 1, 2]


def test_a_state_lists_the_variables_in_the_order_of_the_fields() -> None:
    assert [v.name for v in SYSTEM.variables] == [
        f"crossing.{name}" for name in ("light", "other", "busy", "shut", "left", "right")
    ]


def test_a_tuple_of_initial_values_gives_a_state_for_each_combination() -> None:
    several = Crossing("several", start={"busy": (False, True), "left": (0, 3)})
    states = list(System("several", [several], []).initial_states())
    assert [(s[2], s[4]) for s in states] == [(False, 0), (False, 3), (True, 0), (True, 3)]


def test_equality_compares_values() -> None:
    assert value(C.light == Light.RED) is True
    assert value(C.light == C.other) is False
    assert value(C.light != C.other) is True
    assert value(C.left == C.right - 1) is True


def test_is_in_tells_membership() -> None:
    assert value(C.light.is_in(Light.RED, Light.GREEN)) is True
    assert value(C.left.is_in(0, 2, 3)) is False


@pytest.mark.parametrize(("left", "right"), list(itertools.product(range(4), repeat=2)))
def test_order_and_arithmetic_are_those_of_integers(left: int, right: int) -> None:
    here = System("here", [Crossing("here", start={"left": left, "right": right})], [])
    (state,) = here.initial_states()
    a, b = here.variables[4], here.variables[5]
    for expression, meaning in (
        (a < b, left < right),
        (a <= b, left <= right),
        (a > b, left > right),
        (a >= b, left >= right),
        (a + b, left + right),
        (a - b, left - right),
        (1 + a, 1 + left),
        (3 - a, 3 - left),
        (a < 2, left < 2),
        (2 < a, left > 2),  # noqa: SIM300 - an integer on the left is the point
    ):
        assert evaluate(expression, here, state) == meaning, str(expression)


@pytest.mark.parametrize(("p", "q"), list(itertools.product(BOTH, repeat=2)))
def test_connectives_are_those_of_logic(p: bool, q: bool) -> None:
    a, b = Const(p), Const(q)
    assert value(a & b) is (p and q)
    assert value(a | b) is (p or q)
    assert value(~a) is (not p)
    assert value(implies(a, b)) is (not p or q)
    assert value(all_of([a, b, a])) is (p and q)
    assert value(any_of([a, b, a])) is (p or q)
    assert value(count([a, b, a])) == p + q + p
    assert value(ite(a, 5, 7)) == (5 if p else 7)
    assert value(ite(a, b, ~b)) is (p == q)


def test_nothing_holds_of_none_and_everything_of_all() -> None:
    assert value(all_of([])) is True
    assert value(any_of([])) is False
    assert value(count([])) == 0


def test_swapping_two_variables_reads_both_before_the_step() -> None:
    after = apply(SYSTEM.by_title["swap(crossing)"], SYSTEM, START)
    assert after == (Light.RED, Light.GREEN, False, True, 2, 1)


def test_an_action_changes_nothing_that_it_does_not_mention() -> None:
    after = apply(SYSTEM.by_title["arrive(crossing)"], SYSTEM, START)
    assert [i for i, (old, new) in enumerate(zip(START, after, strict=True)) if old != new] == [4]


def test_an_action_can_be_taken_only_where_its_whole_guard_holds() -> None:
    same = (*START[:4], 2, 2)
    assert is_enabled(SYSTEM.by_title["swap(crossing)"], SYSTEM, START)
    assert not is_enabled(SYSTEM.by_title["swap(crossing)"], SYSTEM, same)
    assert [a.name for a, _ in successors(SYSTEM, same)] == ["arrive"]


def test_a_step_out_of_a_domain_has_no_state_after_it() -> None:
    full = (*START[:4], 3, 2)
    with pytest.raises(OutOfDomain) as error:
        apply(SYSTEM.by_title["arrive(crossing)"], SYSTEM, full)
    assert str(error.value) == "arrive(crossing) takes crossing.left to 4, outside 0..3"
    assert (error.value.variable, error.value.value) == (C.left, 4)


def test_enabled_means_the_guard_of_the_action() -> None:
    assert value(enabled(swap, C)) is True
    assert value(enabled("swap", C) & (C.left == C.right)) is False


def test_enabled_has_no_value_before_it_is_resolved() -> None:
    with pytest.raises(TypeError, match="Enabled has no value in a state: resolve it first"):
        evaluate(Enabled("swap", (C,)), SYSTEM, START)


def test_a_claim_has_a_case_for_each_instance() -> None:
    @invariant(broken="Two lights are green.")
    def one_green(c: Crossing, d: Crossing) -> Expr[bool]:
        """At most one of two lights is green."""
        return ~((c.light == Light.GREEN) & (d.light == Light.GREEN))

    east, west = Crossing("east"), Crossing("west")
    claim = one_green.ground(System("two", [east, west], []))
    assert [case.title for case in claim.cases] == ["east, west", "west, east"]
    assert claim.doc == "At most one of two lights is green."


def test_a_claim_without_an_instance_is_exercised_by_nothing() -> None:
    @invariant(broken="It broke.")
    def never(c: Crossing) -> Expr[bool] | None:
        """Nothing."""
        return None if c else ~c.busy

    claim = never.ground(SYSTEM)
    assert claim.cases == ()
    ((what, goal),) = claim.exercised_by()
    assert what == "any instance of it"
    assert value(goal) is False


def test_a_possible_claim_keeps_its_three_conditions_apart() -> None:
    @possible(broken="It is stuck.")
    def gets_green(c: Crossing) -> Possible:
        """A light can turn green."""
        return Possible(goal=c.light == Light.GREEN, when=c.shut, during=~c.busy)

    (case,) = gets_green.ground(SYSTEM).cases
    assert (str(case.that), str(case.when), str(case.during)) == (
        "crossing.light == green",
        "crossing.shut",
        "~crossing.busy",
    )


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (C.light == Light.RED, "crossing.light == red"),
        (C.light != Light.RED, "~(crossing.light == red)"),
        (C.light.is_in(Light.RED, Light.GREEN), "crossing.light in {red, green}"),
        (C.left < 2, "crossing.left < 2"),
        (C.left >= 2, "~(crossing.left < 2)"),
        (C.left + C.right - 1, "(crossing.left + crossing.right) - 1"),
        (C.busy & ~C.shut, "crossing.busy & ~crossing.shut"),
        (C.busy | (C.shut & C.busy), "crossing.busy | (crossing.shut & crossing.busy)"),
        (implies(C.busy, C.shut), "crossing.busy => crossing.shut"),
        (ite(C.busy, 1, C.left), "ite(crossing.busy, 1, crossing.left)"),
        (count([C.busy, C.shut]), "count(crossing.busy, crossing.shut)"),
        (enabled(swap, C), "enabled(swap(crossing))"),
        (all_of([]), "true"),
        (any_of([]), "false"),
    ],
    ids=str,
)
def test_an_expression_reads_as_it_was_written(expression: Expr[bool], text: str) -> None:
    assert str(expression) == text


@pytest.mark.parametrize(
    "expression",
    [
        C.light == C.other,
        C.light.is_in(Light.RED),
        C.left < C.right,
        C.left + 1,
        C.left - 1,
        ~C.busy,
        C.busy & C.shut,
        C.busy | C.shut,
        implies(C.busy, C.shut),
        ite(C.busy, C.left, C.right),
        count([C.busy, C.shut]),
    ],
    ids=str,
)
def test_rewriting_no_leaf_gives_the_same_tree(expression: Expr[bool]) -> None:
    again = expression.rewrite(lambda leaf: leaf)
    assert again is not expression
    assert (str(again), type(again), again.kind) == (
        str(expression),
        type(expression),
        expression.kind,
    )
