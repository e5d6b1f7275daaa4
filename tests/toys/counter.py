"""One counter that goes up and down: the smallest system there is."""

from __future__ import annotations

from model.lang import Action, Entity, Expr, Possible, System, action, counter, invariant, possible


class Counter(Entity):
    """A number from 0 to 3."""

    value = counter(0, 3, 0)


@action
def up(c: Counter) -> Action:
    """Count one more, up to three."""
    return Action(guard=[c.value < 3], update=[c.value.becomes(c.value + 1)])


@action
def down(c: Counter) -> Action:
    """Count one less, down to zero."""
    return Action(guard=[c.value > 0], update=[c.value.becomes(c.value - 1)])


@action
def up_blindly(c: Counter) -> Action:
    """Count one more without looking: takes the counter out of its range."""
    return Action(guard=[], update=[c.value.becomes(c.value + 1)])


@invariant(broken="The counter is at three.")
def stays_below_three(c: Counter) -> Expr[bool]:
    """The counter never reaches three."""
    return c.value < 3


@possible(broken="The counter cannot return to zero.")
def returns_to_zero(c: Counter) -> Possible:
    """Wherever the counter is, it can return to zero."""
    return Possible(goal=c.value == 0)


def good() -> System:
    """The counter that stays in its range."""
    return System("counter", [Counter("counter")], [up, down])


def one_way() -> System:
    """Like good(), but it never counts down."""
    return System("one-way", [Counter("counter")], [up])


def blind() -> System:
    """Like good(), but it counts up without a look at its range."""
    return System("blind", [Counter("counter")], [up_blindly, down])
