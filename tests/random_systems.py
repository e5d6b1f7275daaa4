"""Small random systems, the same for the same seed, that use every word of the language."""

from __future__ import annotations

import enum
import random
from collections.abc import Callable, Sequence
from typing import Any

from model.lang import (
    Action,
    ActionTemplate,
    Claim,
    Domain,
    Entity,
    Expr,
    Field,
    LeadsTo,
    Possible,
    System,
    Var,
    action,
    all_of,
    any_of,
    count,
    counter,
    field,
    implies,
    invariant,
    ite,
    leads_to,
    no_deadlock,
    possible,
    reachable,
    type_invariant,
    weakly_fair,
)
from model.lang.domains import BOOLEAN, Value, integers
from model.lang.expr import lift
from model.lang.terms import never_both


class Colour(enum.Enum):
    """Three colours."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"


class Mode(enum.Enum):
    """Two modes."""

    SLOW = "slow"
    FAST = "fast"


WARM = Domain("warm", (Colour.RED, Colour.AMBER))
"""A part of the colours, which a step can leave for the rest."""


class Expressions:
    """Random expressions over ``variables``, drawn from ``rng``."""

    def __init__(self, rng: random.Random, variables: Sequence[Var[Any]]) -> None:
        self._rng = rng
        self._variables = variables

    def condition(self, size: int) -> Expr[bool]:
        """A truth value, with ``size`` levels of operators at most."""
        rng = self._rng
        if size <= 0:
            return self._comparison(0)
        smaller = [self.condition(size - 1) for _ in range(rng.randint(2, 3))]
        match rng.randrange(8):
            case 0:
                return ~smaller[0]
            case 1:
                return all_of(smaller)
            case 2:
                return any_of(smaller)
            case 3:
                return implies(smaller[0], smaller[1])
            case 4:
                return ite(smaller[0], smaller[1], smaller[-1])
            case 5:
                return smaller[0] == smaller[1]
            case 6:
                return never_both(smaller[0], smaller[1])
            case _:
                return self._comparison(size)

    def integer(self, size: int) -> Expr[int]:
        """An integer, possibly negative."""
        rng = self._rng
        if size <= 0:
            return self.like(integers(0, 2), 0)
        match rng.randrange(4):
            case 0:
                return self.integer(size - 1) + self.integer(size - 1)
            case 1:
                return self.integer(size - 1) - self.integer(size - 1)
            case 2:
                return count(self.condition(size - 2) for _ in range(rng.randint(0, 3)))
            case _:
                return ite(self.condition(size - 1), self.integer(size - 1), self.integer(size - 1))

    def like(self, domain: Domain, size: int) -> Expr[Any]:
        """An expression of the type of ``domain``, whose values need not be in it."""
        rng = self._rng
        if size > 0 and domain.is_integer:
            return self.integer(size)
        if size > 0 and domain.kind is bool:
            return self.condition(size)
        if size > 0 and rng.random() < 0.5:
            return ite(
                self.condition(size - 1), self.like(domain, size - 1), self.like(domain, size - 1)
            )
        alike = [v for v in self._variables if v.kind is domain.kind]
        if alike and rng.random() < 0.7:
            return rng.choice(alike)
        return lift(rng.choice(domain.values))

    def _comparison(self, size: int) -> Expr[bool]:
        rng = self._rng
        variable = rng.choice(self._variables)
        match rng.randrange(4):
            case 0:
                values = variable.domain.values
                return variable.is_in(*rng.sample(values, rng.randint(1, len(values))))
            case 1:
                return variable == self.like(variable.domain, size - 1)
            case 2:
                return self.integer(size - 1) < self.integer(size - 1)
            case _:
                return variable == rng.choice(variable.domain.values)


def _class(rng: random.Random, number: int) -> type[Entity]:
    """An entity class of two or three random fields."""
    fields: dict[str, Callable[[], Field[Any]]] = {
        "colour": lambda: field(Colour, rng.choice(list(Colour))),
        "warm": lambda: Field(WARM, rng.choice((Colour.RED, Colour.AMBER)), ""),
        "mode": lambda: field(Mode, rng.choice(list(Mode))),
        "flag": lambda: field(bool, rng.choice(BOOLEAN.values) is True),
        "level": lambda: counter(0, 2, rng.randint(0, 2)),
        "depth": lambda: counter(-2, 1, rng.randint(-1, 0)),
    }
    chosen = rng.sample(sorted(fields), 2 + (rng.random() < 0.3))
    made = {name: fields[name]() for name in chosen}
    return type(f"Thing{number}", (Entity,), made)


def _entities(rng: random.Random) -> list[Entity]:
    classes = [_class(rng, number) for number in range(rng.randint(1, 2))]
    entities = []
    for number in range(rng.randint(2, 3)):
        kind = classes[number % len(classes)]
        start: dict[str, Value | tuple[Value, ...]] = {}
        if rng.random() < 0.3:
            variable = rng.choice(kind("x").variables())
            start[variable.name.split(".")[1]] = tuple(rng.sample(variable.domain.values, 2))
        entities.append(kind(f"e{number}", start))
    return entities


def _annotated(function: Callable[..., Any], name: str, **kinds: type) -> Callable[..., Any]:
    """``function`` under another name, its parameters ranging over ``kinds``."""
    function.__name__ = name
    function.__doc__ = f"It is called {name}."
    function.__annotations__ = dict(kinds)
    return function


def _template(rng: random.Random, name: str, entities: Sequence[Entity]) -> ActionTemplate[Any]:
    """An action of one entity, and sometimes of a value, with a guard and updates of its own."""
    made: dict[tuple[object, ...], Action] = {}

    def of(entity: Entity, mode: Mode | None) -> Action:
        if (entity, mode) not in made:
            made[entity, mode] = _action(rng, entity, mode, entities)
        return made[entity, mode]

    def alone(e: Entity) -> Action:
        return of(e, None)

    def moded(e: Entity, m: Mode) -> Action:
        return of(e, m)

    kind = type(rng.choice(entities))
    if rng.random() < 0.2:
        return action(_annotated(moded, name, e=kind, m=Mode))
    return action(_annotated(alone, name, e=kind))


def _action(
    rng: random.Random, entity: Entity, mode: Mode | None, entities: Sequence[Entity]
) -> Action:
    every = [variable for each in entities for variable in each.variables()]
    draw = Expressions(rng, every)
    own = entity.variables()
    guard = [draw.condition(rng.randint(0, 2)) for _ in range(rng.randint(1, 2))]
    targets = rng.sample(own, rng.randint(1, 2))
    if rng.random() < 0.2:
        targets.append(rng.choice([v for v in every if v not in set(targets)]))
    updates = []
    for variable in targets:
        if mode is not None and variable.kind is Mode:
            updates.append(variable.becomes(mode))
        elif rng.random() < 0.5:
            updates.append(variable.becomes(rng.choice(variable.domain.values)))
        elif variable.domain.is_integer and rng.random() < 0.7:
            # Arithmetic that mostly, but not always, stays in the domain.
            step = variable + 1 if rng.random() < 0.5 else variable - 1
            limit = max(v for v in variable.domain.values if isinstance(v, int))
            if rng.random() < 0.7:
                step = ite(variable < limit, variable + 1, variable - draw.like(integers(0, 1), 0))
            updates.append(variable.becomes(step))
        else:
            updates.append(variable.becomes(draw.like(variable.domain, rng.randint(0, 2))))
    return Action(guard, updates)


def random_system(seed: int) -> tuple[System, list[Claim]]:
    """A system of at most a few thousand states, and claims of every kind but FIRES."""
    rng = random.Random(seed)  # noqa: S311  # nobody is to be kept from guessing it
    entities = _entities(rng)
    templates = [_template(rng, f"act{n}", entities) for n in range(rng.randint(3, 8))]
    system = System(f"random{seed}", entities, templates)
    draw = Expressions(rng, system.variables)

    def claimed(size: int) -> Callable[[], Expr[bool]]:
        condition = draw.condition(size)
        return lambda: condition

    goal, when = draw.condition(1), draw.condition(1)
    properties = [
        # Invariants that hold now and then: a random condition alone mostly fails at once.
        *(
            invariant(broken="It does not hold.")(
                _annotated(_weakened(rng, claimed(size)(), claimed(1)()), f"inv{size}")
            )
            for size in (1, 2, 3)
        ),
        type_invariant,
        no_deadlock,
        possible(broken="It cannot happen.")(
            _annotated(lambda: Possible(goal=goal, when=when), "can_happen")
        ),
        reachable(broken="It never happens.")(_annotated(claimed(2), "happens")),
    ]
    return system, [one.ground(system) for one in properties]


def random_ending(seed: int) -> tuple[System, Claim]:
    """A system of ``random_system`` with a claim of what happens in the end there."""
    system, _ = random_system(seed)
    rng = random.Random(-seed)  # noqa: S311  # as above, but not the same numbers
    draw = Expressions(rng, system.variables)
    goal, when = draw.condition(rng.randint(0, 2)), draw.condition(1)
    actors = sorted({action.actor for action in system.actions})
    fair = [
        weakly_fair(f"{actor} goes on", actor=actor, where=draw.condition(1) | ~draw.condition(1))
        for actor in rng.sample(actors, rng.randint(1, len(actors)))
    ]
    happens = leads_to(broken="It never happens.")(
        _annotated(lambda: LeadsTo(when=when, goal=goal, fair=fair), "in_the_end")
    )
    return system, happens.ground(system)


def _weakened(
    rng: random.Random, condition: Expr[bool], excuse: Expr[bool]
) -> Callable[[], Expr[bool]]:
    weaker = implies(excuse, condition) if rng.random() < 0.5 else condition | excuse
    return lambda: weaker
