"""Rules: actions as one entity sees them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from model.engines.residue import Fields, Residues, surely_changes
from model.lang import Expr, GroundAction, Var
from model.lang.expr import And


class Rule:
    """One action, seen from the entity: its guard, what it does to the entity and to others."""

    def __init__(
        self, action: GroundAction, fields: Fields, residues: Residues, *, fair: bool
    ) -> None:
        self.action = action
        own = fields.mask
        self.guard = And(action.guard)
        self.mine = [u for u in action.updates if u.variable in own]
        self.others = [u.value for u in action.updates if u.variable not in own]
        read = variables_of([u.value for u in self.mine])
        self.context = [variable for variable in read if variable not in own]
        """What of others does."""
        self.names = tuple(map(str, self.context))
        self.fields = Fields([*fields.variables, *self.context])
        self.whole = Residues(self.fields) if self.context else residues
        """What becomes of the entity where both are known: those fields, its own ones first."""
        self.idles = fair and not any(
            surely_changes(action, u) for u in action.updates if u.variable not in own
        )
        """Whether it may change nothing at all, which is no step to a fair run."""
        self.is_plain = not self.context
        """Whether what becomes of the entity is its own business."""


def mentions(action: GroundAction, variables: Iterable[Var[Any]]) -> bool:
    """Whether ``action`` reads or writes any of ``variables``."""
    written = {update.variable for update in action.updates}
    read = variables_of([*action.guard, *(update.value for update in action.updates)])
    return not (written | read.keys()).isdisjoint(variables)


def variables_of(items: Iterable[Expr[Any]]) -> dict[Var[Any], None]:
    """What ``items`` read, in the order in which they do."""
    return dict.fromkeys(variable for item in items for variable in item.variables())
