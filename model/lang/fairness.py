"""Weak fairness: which steps are not put off for ever.

A claim that something happens in the end is about runs without end, and a run may always stop
for no reason. So it says which steps it relies on: a set of steps is *weakly fair* if one of
them is taken in the end where, from some point on, always one of them can be taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from model.lang.actions import ActionTemplate, GroundAction
from model.lang.entities import Entity
from model.lang.errors import ModelError, described, did_you_mean
from model.lang.expr import Const, Expr, truth
from model.lang.system import System

_ALWAYS: Expr[bool] = Const(True)


@dataclass(frozen=True, eq=False)
class Fairness:
    """A weakly fair set of steps: ``actions`` taken where ``where`` holds; ``words`` say why."""

    words: str
    actions: tuple[GroundAction, ...]
    where: Expr[bool]
    told: str

    def __str__(self) -> str:
        return f"{self.words} (weakly fair: {self.told})"


@dataclass(frozen=True, eq=False)
class WeaklyFair:
    """A weakly fair set before it is grounded; ``weakly_fair`` makes one."""

    words: str
    templates: tuple[ActionTemplate[Any], ...]
    actor: str
    where: Expr[bool]

    def ground(self, system: System) -> Fairness:
        """The set in ``system``. Raises ModelError if it is empty there."""
        names = [template.name for template in self.templates]
        chosen = tuple(
            action
            for action in system.actions
            if (not names or action.name in names) and self.actor in ("", action.actor)
        )
        if not chosen and self.actor and not names:
            raise ModelError(
                f"no step of {system} is taken by {self.actor!r}",
                did_you_mean(self.actor, {action.actor for action in system.actions}),
            )
        if not chosen:
            by = f" by {self.actor}" if self.actor else ""
            raise ModelError(
                f"{system} has no step {' or '.join(names)}{by}, so nothing is assumed",
                "name actions that it has",
            )
        taken = dict.fromkeys(action.name for action in chosen)
        steps = ", ".join(taken) if names else "every step"
        told = f"{steps} by {self.actor}" if self.actor else steps
        where = system.resolve(self.where)
        if not isinstance(where, Const):
            told += f" where {where}"
        return Fairness(self.words, chosen, where, told)

    def __bool__(self) -> bool:
        raise ModelError(
            f"weakly_fair({self.words!r}) was used as a Python truth value", "list it in fair=[...]"
        )


def weakly_fair(
    words: str,
    *actions: ActionTemplate[Any],
    actor: Entity | str = "",
    where: Expr[bool] = _ALWAYS,
) -> WeaklyFair:
    """Assume that a set of steps is weakly fair; ``words`` say why that can be relied on.

    The set is every step of ``actor``, or of ``actions``, or of ``actions`` by ``actor``, that is
    taken where the condition ``where`` holds. An action that a system lacks adds nothing to it.
    Each call makes one set: where two threads must both go on, there are two.
    """
    if not isinstance(words, str) or not words:
        raise ModelError(
            f"weakly_fair() starts with {described(words)}", "first say in words what is assumed"
        )
    for item in actions:
        if not isinstance(item, ActionTemplate):
            raise ModelError(
                f"weakly_fair() lists {described(item)}", "list functions decorated with @action"
            )
    if not isinstance(actor, Entity | str):
        raise ModelError(f"actor= is {described(actor)}", "give an entity or the actor's name")
    name = actor.name if isinstance(actor, Entity) else actor
    if not actions and not name:
        raise ModelError(
            "weakly_fair() names no steps", "name actions, or whose steps they are in actor="
        )
    return WeaklyFair(words, tuple(actions), name, truth(where, "where"))


def grounded(fair: Sequence[WeaklyFair], system: System) -> tuple[Fairness, ...]:
    """What a claim assumes, in ``system``. Raises ModelError for whatever is malformed."""
    if not isinstance(fair, list | tuple):
        shown = f"`{fair}`" if isinstance(fair, Expr) else described(fair)
        raise ModelError(f"fair= is {shown}", "write a list, fair=[weakly_fair(...)]")
    if not fair:
        raise ModelError(
            "fair= is empty, so every run may stop wherever it is",
            "say what goes on: fair=[weakly_fair(...)]",
        )
    for item in fair:
        if not isinstance(item, WeaklyFair):
            raise ModelError(f"fair= lists {described(item)}", "list weakly_fair(...) there")
    return tuple(item.ground(system) for item in fair)
