"""Several groups: they share no variable, so each runs as if it were alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from model.lang import Claim, Expr, System
from model.lang.expr import And
from model.proof.quantified import NotUniform, Renaming, canonical, instantiate, step_text


class Groups:
    """``many``, read as several copies of ``one`` side by side. Raises NotUniform if it is not.

    Steps of different copies then commute, and what holds of one in all its runs holds of each.
    """

    def __init__(self, one: System, many: System) -> None:
        self._one = one
        self._many = many
        size = len(one.entities)
        self._copies: list[Renaming] = []
        for start in range(0, len(many.entities), size):
            pairs = zip(many.entities[start : start + size], one.entities, strict=True)
            self._copies.append(
                {
                    theirs: mine
                    for theirs_, mine_ in pairs
                    for theirs, mine in zip(theirs_.variables(), mine_.variables(), strict=True)
                }
            )
        for copy in self._copies:
            for theirs, mine in copy.items():
                if (theirs.initial, theirs.domain.values) != (mine.initial, mine.domain.values):
                    raise NotUniform(f"{theirs} does not start, or range, as {mine} does")
        told = {
            step_text(a.kind, And(a.guard), [(u.variable, u.value) for u in a.updates])
            for a in one.actions
        }
        said: list[set[str]] = [set() for _ in self._copies]
        for action in many.actions:
            guard = And(action.guard)
            values = [update.value for update in action.updates]
            variables = [update.variable for update in action.updates]
            number = self._number([guard, *values, *variables], action.title)
            back = self._copies[number]
            updates = [(back[u.variable], instantiate(u.value, back, ())) for u in action.updates]
            said[number].add(step_text(action.kind, instantiate(guard, back, ()), updates))
        if any(texts != told for texts in said):
            raise NotUniform("a group's steps are others when there are two groups")

    def alike(self, ground: Callable[[System], Claim]) -> None:
        """Whether a claim says of each copy what it says of one. Raises NotUniform."""
        told = {canonical(case.that) for case in ground(self._one).cases}
        said: list[set[str]] = [set() for _ in self._copies]
        for case in ground(self._many).cases:
            number = self._number([case.that], case.title)
            said[number].add(canonical(instantiate(case.that, self._copies[number], ())))
        if any(texts != told for texts in said):
            raise NotUniform("it claims something else when there are two groups")

    def _number(self, items: Sequence[Expr[Any]], title: str) -> int:
        """The number of the only copy whose variables ``items`` mention."""
        mentioned = [variable for item in items for variable in item.variables()]
        for number, copy in enumerate(self._copies):
            if all(node in copy for node in mentioned):
                return number
        raise NotUniform(f"{title} is about two groups at once")
