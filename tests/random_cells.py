"""Small random systems of a hub and of cells that are all alike, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from model.lang import (
    Action,
    ActionTemplate,
    Claim,
    Entity,
    Expr,
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
    type_invariant,
    weakly_fair,
)
from tests.random_systems import Colour, Expressions


class Hub(Entity):
    """What there is once."""

    colour = field(Colour, Colour.RED)
    level = counter(0, 4, 0)

    cells: list[Cell]


class Cell(Entity):
    """What there are several of."""

    colour = field(Colour, Colour.RED)
    flag = field(bool, False)

    hub: Hub


class Noted(Cell):
    """A cell that notes something at its steps, which few of them look at."""

    note = field(Colour, Colour.RED)


class _Notes:
    """What steps do to notes: nothing for cells that have none."""

    def __init__(self, seed: int, *, wanted: bool) -> None:
        self._rng = random.Random(-seed)  # noqa: S311  # as below
        self._wanted = wanted

    def added_to(self, made: Callable[[Cell], Action]) -> Callable[[Cell], Action]:
        """``made``, which may also write the note, and now and then looks at it."""
        if not self._wanted:
            return made
        note, other = self._rng.choice(list(Colour)), self._rng.choice(list(Colour))
        writes, reads = self._rng.random() < 0.7, self._rng.random() < 0.3

        def noting(c: Cell) -> Action:
            plain = made(c)
            if not isinstance(c, Noted):
                raise TypeError(c)
            guard = [*plain.guard, *([c.note != other] if reads else [])]
            return Action(guard, [*plain.update, *([c.note.becomes(note)] if writes else [])])

        return noting


class Busy(Cell):
    """A cell that takes notes, which few look at, and has errands, which are its own business."""

    note = field(Colour, Colour.RED)
    errand = counter(0, 2, 0)


class _Business(_Notes):
    """What steps do to notes and errands: nothing for cells that have none."""

    def added_to(self, made: Callable[[Cell], Action]) -> Callable[[Cell], Action]:
        """``made``, which may also write and read the note, start an errand, or wait for one."""
        if not self._wanted:
            return made
        rng = self._rng
        note, other = rng.choice(list(Colour)), rng.choice(list(Colour))
        writes, reads, waits = rng.random() < 0.7, rng.random() < 0.3, rng.random() < 0.9
        errand = rng.choice([None, 1, 2])

        def added(c: Cell) -> Action:
            plain = made(c)
            if not isinstance(c, Busy):
                raise TypeError(c)
            guard = [*plain.guard, *([c.note != other] if reads else [])]
            update = [*plain.update, *([c.note.becomes(note)] if writes else [])]
            if waits:
                guard.append(c.errand == 0)
                update += [c.errand.becomes(errand)] if errand else []
            return Action(guard, update)

        return added

    def errands(self) -> list[ActionTemplate[Action]]:
        """Steps that do an errand, now and then one that others see, or that takes two ways."""
        if not self._wanted:
            return []
        ways = [(k, way) for k in (1, 2) for way in range(self._rng.choice([1, 1, 2]))]
        return [self._errand(k, way) for k, way in ways]

    def _errand(self, left: int, way: int) -> ActionTemplate[Action]:
        note, colour = self._rng.choice(list(Colour)), self._rng.choice(list(Colour))
        seen = self._rng.random() < 0.15

        def step(c: Busy) -> Action:
            shown = [c.colour.becomes(colour)] if seen else []
            done = [c.errand.becomes(left - 1), c.note.becomes(note)]
            return Action([c.errand == left], [*done, *shown])

        step.__name__ = f"errand{left}_{way}"
        return action(step)


class _Draw:
    """Random expressions that treat every cell alike: drawn about one, said of another."""

    def __init__(self, rng: random.Random, hub: Hub) -> None:
        self._rng = rng
        self._one = hub.cells[0]
        own = [v for v in self._one.variables() if not v.name.endswith((".note", ".errand"))]
        self._draw = Expressions(rng, [*own, *hub.variables()])

    def said_of(self, cell: Cell, item: Expr[Any]) -> Expr[Any]:
        """``item``, which is about one cell and its hub, of ``cell`` and its hub."""
        old = [*self._one.variables(), *self._one.hub.variables()]
        new = dict(zip(old, [*cell.variables(), *cell.hub.variables()], strict=True))

        def leaf(node: Expr[Any]) -> Expr[Any]:
            return new.get(node, node) if isinstance(node, Var) else node

        return item.rewrite(leaf)

    def condition(self) -> Callable[[Cell], Expr[bool]]:
        """A condition for any cell, about itself, its hub and all cells of that."""
        own, each = self._draw.condition(1), self._draw.condition(0)
        over, how, most = (self._rng.randrange(n) for n in (3, 4, 3))

        def said(c: Cell) -> Expr[bool]:
            mine = self.said_of(c, own)
            cells = [self.said_of(e, each) for e in c.hub.cells]
            every = [all_of(cells), any_of(cells), count(cells) > most][over]
            return [mine, mine & every, mine | every, implies(every, mine)][how]

        return said

    def action(self) -> Callable[[Cell], Action]:
        """A step of any cell, which may reach its hub and all cells of that."""
        rng = self._rng
        guard, when = self.condition(), self.condition()
        colour, other = rng.choice(list(Colour)), rng.choice(list(Colour))
        own = self._draw.condition(1)
        reach = rng.randrange(4)

        def made(c: Cell) -> Action:
            hub = c.hub
            updates = [c.colour.becomes(ite(when(c), colour, c.colour))]
            if reach == 0:
                updates.append(c.flag.becomes(self.said_of(c, own)))
            elif reach == 1:
                updates.append(hub.level.becomes(ite(hub.level < 4, hub.level + 1, 0)))
            elif reach == 2:
                updates += [hub.colour.becomes(other), c.flag.becomes(~c.flag)]
            else:
                updates = [e.colour.becomes(ite(e.flag, other, e.colour)) for e in hub.cells]
            return Action([guard(c)], updates)

        return made


def _hub(name: str, cells: int, kind: type[Cell], *, alike: bool) -> Hub:
    hub = Hub(name)
    hub.cells = [
        kind(f"{name}-{k}", {"flag": (False, True)} if alike or k == cells - 1 else {})
        for k in range(cells)
    ]
    for cell in hub.cells:
        cell.hub = hub
    return hub


def random_cells(
    seed: int,
    cells: int,
    hubs: int = 1,
    *,
    notes: bool = False,
    busy: bool = False,
    alike: bool = False,
) -> tuple[System, list[Claim]]:
    """``hubs`` with ``cells`` cells each, and claims that treat them alike.

    Of each hub the last cell may start otherwise than the rest, or any cell if they are ``alike``.
    """
    rng = random.Random(seed)  # noqa: S311  # nobody is to be kept from guessing it
    kind = Busy if busy else Noted if notes else Cell
    every = [_hub(f"hub{k}", cells, kind, alike=alike) for k in range(hubs)]
    draw = _Draw(rng, every[0])
    noting = _Notes(seed, wanted=notes)
    business = _Business(seed, wanted=busy)

    def template(number: int) -> ActionTemplate[Action]:
        made = business.added_to(noting.added_to(draw.action()))

        def step(c: Cell) -> Action:
            return made(c)

        step.__name__ = f"step{number}"
        return action(step)

    templates = [template(number) for number in range(rng.randint(2, 5 if hubs == 1 else 3))]
    templates += business.errands()
    entities = [entity for hub in every for entity in (hub, *hub.cells)]
    system = System(f"cells{seed}", entities, templates)
    holds, goal, when, ends = (draw.condition() for _ in range(4))

    def never_wrong(c: Cell) -> Expr[bool]:
        """A condition of each cell."""
        return holds(c)

    def can_happen(c: Cell) -> Possible:
        """Something each cell can come to."""
        return Possible(goal=goal(c), when=when(c))

    def happens(c: Cell) -> LeadsTo:
        """Something each cell comes to in the end."""
        fair = [weakly_fair("each goes on", actor=c), weakly_fair("all go on", templates[0])]
        return LeadsTo(when=when(c), goal=ends(c), fair=fair)

    properties = [
        invariant(broken="It is wrong.")(never_wrong),
        possible(broken="It cannot happen.")(can_happen),
        leads_to(broken="It never happens.")(happens),
        type_invariant,
        no_deadlock,
    ]
    return system, [one.ground(system) for one in properties]
