"""The members of one system of a family, and whom its actions and claims name."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from model.lang import Entity, GroundAction, System, Var
from model.proof.quantified import NotUniform, Renaming

Stand = Sequence[Var[Any]]
"""The variables of a member that others are written with."""


def kind_of_members(system: System, count: int) -> type[Entity]:
    """The class that the ``count`` interchangeable entities are of. Raises NotUniform."""
    kinds = [k for k, n in Counter(map(type, system.entities)).items() if n == count]
    if len(kinds) != 1:
        raise NotUniform(f"{system.name} has no kind of entity of which there are {count}")
    return kinds[0]


class Members:
    """``system`` with its entities of class ``kind``, which must be ``count``; all else is shared.

    Members go by their number. Raises NotUniform.
    """

    def __init__(self, system: System, kind: type[Entity], count: int) -> None:
        self.system = system
        self.count = count
        self.entities = [e for e in system.entities if type(e) is kind]
        self.shared: list[Var[Any]] = [
            v for e in system.entities if type(e) is not kind for v in e.variables()
        ]
        self._variables = [e.variables() for e in self.entities]
        self._number = {e.name: k for k, e in enumerate(self.entities)}
        if len(self.entities) != count:
            raise NotUniform(f"with {count} members {system.name} has {len(self.entities)}")

    def variables(self, number: int) -> list[Var[Any]]:
        """The variables of a member."""
        return self._variables[number]

    def named(self, action: GroundAction) -> list[int]:
        """The members that ``action`` was grounded with."""
        return [
            self._number[e.name]
            for e in action.arguments
            if isinstance(e, Entity) and e.name in self._number
        ]

    def told(self, title: str) -> list[int]:
        """The members that a case's title names."""
        return [self._number[word] for word in title.split(", ") if word in self._number]

    def choices(self, named: int) -> Iterator[tuple[int, ...]]:
        """Every choice of ``named`` different members, in order."""
        return itertools.permutations(range(self.count), named)

    def to(self, stands: Sequence[Stand], named: Sequence[int]) -> Renaming:
        """From the variables of the members ``named`` to those they are written with."""
        return {
            mine: stand
            for number, stand_ in zip(named, stands, strict=False)
            for mine, stand in zip(self.variables(number), stand_, strict=True)
        }

    def others_to(self, stand: Stand, named: Sequence[int]) -> list[Renaming]:
        """From the variables of each further member to those that stand for all of them."""
        return [self.to([stand], [k]) for k in range(self.count) if k not in named]

    def shared_from(self, theirs: Sequence[Var[Any]]) -> Renaming:
        """From another system's shared variables to the ones of this system."""
        return dict(zip(theirs, self.shared, strict=True))


def inverse(renaming: Renaming) -> Renaming:
    """The renaming the other way."""
    return {new: old for old, new in renaming.items()}
