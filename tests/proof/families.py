"""Small random families of systems: one hub, and members that are all alike."""

from __future__ import annotations

import enum
import random
from collections.abc import Callable, Sequence
from typing import Any

from model.lang import (
    Action,
    ActionTemplate,
    Entity,
    Expr,
    Property,
    System,
    Update,
    action,
    all_of,
    any_of,
    count,
    counter,
    field,
    implies,
    invariant,
    ite,
    no_deadlock,
    type_invariant,
)


class Light(enum.Enum):
    """Three colours."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"


class Hub(Entity):
    """What the members share."""

    light = field(Light, Light.RED)
    lamp = field(bool, False)
    total = counter(0, lambda h: len(h.members) + 1, 0)

    members: list[Member]


class Member(Entity):
    """One of many."""

    light = field(Light, Light.RED)
    busy = field(bool, False)

    hub: Hub


def family(actions: Sequence[ActionTemplate[Any]], name: str) -> Callable[..., System]:
    """The systems with so many members, and so many hubs, each with as many."""

    def system(size: int, hubs: int = 1) -> System:
        entities: list[Entity] = []
        for k in range(hubs):
            hub = Hub("hub" if hubs == 1 else f"hub{k}")
            hub.members = [
                Member(f"m{k}-{j}", {"busy": (False, True)} if name.endswith("0") else {})
                for j in range(size)
            ]
            for member in hub.members:
                member.hub = hub
            entities += [hub, *hub.members]
        return System(name, entities, actions)

    return system


class Draw:
    """Random conditions and updates that treat all members of a hub alike.

    Every choice is made when the family is made: ``condition`` gives a function that writes the
    same condition for any hub and any named member.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def plain(
        self, *, named: bool, own: bool = False
    ) -> Callable[[Hub, Member | None], Expr[bool]]:
        rng = self._rng
        light, total = rng.choice(list(Light)), rng.randint(0, 2)
        shared = [] if own else ["hub", "lamp", "low", "total"]
        kind = rng.choice([*shared, *(["light", "busy", "same"] * 2 if named or own else [])])

        def write(h: Hub, m: Member | None) -> Expr[bool]:
            mine = h if m is None else m
            return {
                "hub": lambda: h.light == light,
                "lamp": lambda: h.lamp == True,
                "low": lambda: h.total < total + 1,
                "total": lambda: h.total == total,
                "light": lambda: mine.light == light,
                "busy": lambda: m.busy == False if m else h.lamp == False,
                "same": lambda: mine.light == h.light,
            }[kind]()

        return write

    def condition(self, *, named: bool) -> Callable[[Hub, Member | None], Expr[bool]]:
        rng = self._rng
        plain, inner = self.plain(named=named), self.plain(named=True, own=True)
        bound, kind = rng.randint(1, 2), rng.choice(["plain"] * 3 + ["some", "all", "count", "not"])
        everybody = rng.random() < 0.5

        def write(h: Hub, m: Member | None) -> Expr[bool]:
            those = [e for e in h.members if everybody or e is not m]
            return {
                "plain": lambda: plain(h, m),
                "not": lambda: ~plain(h, m),
                "some": lambda: any_of(inner(h, e) for e in those) | plain(h, m),
                "all": lambda: all_of([plain(h, m), *(inner(h, e) for e in those)]),
                "count": lambda: count([*(inner(h, e) for e in those), h.lamp == True]) < bound,
            }[kind]()

        return write

    def updates(self, *, named: bool) -> Callable[[Hub, Member | None], list[Update]]:
        rng = self._rng
        when, other = self.condition(named=named), self.condition(named=named)
        each = self.plain(named=True, own=True)
        light, step = rng.choice(list(Light)), rng.choice([-1, 1])
        chosen = rng.sample(["light", "lamp", "total", "all"], rng.randint(0, 2))

        def write(h: Hub, m: Member | None) -> list[Update]:
            made: list[Update] = []
            if "light" in chosen:
                made.append(h.light.becomes(ite(when(h, m), light, h.light)))
            if "lamp" in chosen:
                made.append(h.lamp.becomes(other(h, m)))
            if "total" in chosen:
                less = ite(h.total == 0, h.total, h.total - 1)
                made.append(h.total.becomes(h.total + 1 if step > 0 else less))
            if m is not None:
                made.append(m.light.becomes(light))
                made.append(m.busy.becomes(~m.busy))
            if "all" in chosen:
                mine = () if m is None else (m,)
                made += [
                    e.light.becomes(ite(each(h, e), light, e.light))
                    for e in h.members
                    if e not in mine
                ]
            return made

        return write


def random_family(seed: int) -> tuple[Callable[..., System], list[Property]]:
    """A family, and claims about it; the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311  # nobody is to be kept from guessing it
    draw = Draw(rng)
    actions = [_action(draw, f"act{n}", named=rng.random() < 0.7) for n in range(rng.randint(2, 5))]
    claims = [_claim(draw, f"claim{n}", named=bool(n % 2)) for n in range(4)]
    return family(actions, f"family{seed}"), [*claims, type_invariant, no_deadlock]


def _action(draw: Draw, name: str, *, named: bool) -> ActionTemplate[Any]:
    guards = [draw.condition(named=named), draw.condition(named=named)]
    updates = draw.updates(named=named)

    def one(m: Member) -> Action:
        return Action([g(m.hub, m) for g in guards], updates(m.hub, m))

    def whole(h: Hub) -> Action:
        return Action([g(h, None) for g in guards], updates(h, None))

    made = one if named else whole
    made.__name__ = name
    return action(made)


def _claim(draw: Draw, name: str, *, named: bool) -> Property:
    when, then, also = (draw.condition(named=named) for _ in range(3))

    def one(m: Member) -> Expr[bool]:
        return implies(when(m.hub, m) & also(m.hub, m), then(m.hub, m))

    def whole(h: Hub) -> Expr[bool]:
        return implies(when(h, None), then(h, None) | also(h, None))

    made = one if named else whole
    made.__name__, made.__doc__ = name, f"It is {name}."
    return invariant(broken="It does not hold.")(made)
