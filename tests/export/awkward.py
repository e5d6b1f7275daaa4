"""Systems that are hard to export: names that mean something elsewhere, updates in a ring."""

from __future__ import annotations

import enum

from model.lang import Action, Claim, Entity, Expr, System, action, counter, field, invariant


class mtype(enum.Enum):  # noqa: N801  # the point
    """An Enum that is called as Promela calls its own."""

    end = "od"
    True_ = "true"
    État = "état"  # noqa: PLC2401  # the point
    linux = "1"


class Init(Entity):
    """An entity with fields that are keywords elsewhere."""

    rule = field(mtype, mtype.end)
    begin_ = field(bool, False)
    now__ = counter(-2, 1, -1)


@action
def do(x: Init) -> Action:
    """It says */ and (* and "quotes" and 100 %d."""
    return Action(
        guard=[x.now__ < 1, ~x.begin_],
        update=[x.now__.becomes(x.now__ + 1), x.rule.becomes(mtype.État)],
    )


@action(label='"fi" %s \\ */')
def Next(x: Init, value: mtype) -> Action:  # noqa: N802  # the point
    """It takes every value there is."""
    return Action(
        guard=[x.rule != value],
        update=[x.rule.becomes(value), x.begin_.becomes(x.rule == mtype.linux)],
    )


@invariant(broken="It ended.")
def never(x: Init) -> Expr[bool]:
    """It holds until the third step."""
    return (x.now__ < 1) | x.begin_


@invariant(broken="It is true.")
def register(x: Init) -> Expr[bool]:
    """It is broken later."""
    return (x.rule != mtype.True_) | (x.now__ < 0)


@invariant(broken="It is something.")
def trans(x: Init) -> Expr[bool]:
    """It always holds."""
    return x.rule.is_in(*mtype)


def awkward() -> tuple[System, list[Claim]]:
    """The system and its claims."""
    names = ("if", "0", "_a-b_")
    system = System("2 phases; end", [Init(name) for name in names], [do, Next])
    return system, [claim.ground(system) for claim in (never, register, trans)]


class Swapper(Entity):
    """Two fields that take each other's value, and a third that takes one of them."""

    left = counter(0, 2, 1)
    right = counter(0, 2, 2)
    seen = counter(0, 2, 0)


@action
def swap(s: Swapper) -> Action:
    """All at once."""
    return Action(
        guard=[],
        update=[s.left.becomes(s.right), s.right.becomes(s.left), s.seen.becomes(s.left)],
    )


@invariant(broken="They are the same.")
def differ(s: Swapper) -> Expr[bool]:
    """It always holds."""
    return ~(s.left == s.right)


@invariant(broken="Two is seen.")
def never_two(s: Swapper) -> Expr[bool]:
    """It is broken by the second step."""
    return s.seen < 2


def swapping() -> tuple[System, list[Claim]]:
    """A system of three states whose updates read each other."""
    system = System("swapper", [Swapper("s")], [swap])
    return system, [claim.ground(system) for claim in (differ, never_two)]
