"""Where a search's checkpoint is, and what has to be the same for it to be taken up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from model.catalogue import Entry
from model.edition import edition
from model.engines.checkpoint import About, Checkpoint
from model.lang import Claim, Expr, System
from model.linux.design import Size


def path_of(folder: Path, entry: Entry, size: Size) -> Path:
    """The file of one design at one size."""
    return folder / f"{entry.design.name}-{size.short}.checkpoint"


def checkpoint_of(
    path: Path, system: System, claims: Sequence[Claim], size: Size, machine: str
) -> Checkpoint:
    """The checkpoint at ``path`` of a search by ``machine``, the reductions included."""
    names = tuple(claim.name for claim in claims)
    definition = hashlib.sha256("\n".join(_told(system, claims)).encode()).hexdigest()
    about = About(system.name, str(size), names, machine, definition, edition())
    return Checkpoint(path, about)


def _told(system: System, claims: Iterable[Claim]) -> Iterator[str]:
    """All that a search rests on, in its order."""
    for variable in system.variables:
        yield f"{variable.name}: {variable.domain.values} from {variable.initial}"
    for action in system.actions:
        yield f"{action.title} of {action.actor} if {_written(action.guard)}"
        for update in action.updates:
            yield f"{update.variable.name} becomes {_written([update.value])}"
    for claim in claims:
        yield f"{claim.name}: {claim.kind}"
        for case in claim.cases:
            yield f"{case.title}: {_written([case.that, case.when, case.during])}"
            for fair in case.fair:
                yield f"fair: {[a.title for a in fair.actions]} where {_written([fair.where])}"


def _written(expressions: Iterable[Expr[Any]]) -> str:
    """``expressions`` in prefix notation."""
    return " ".join(
        f"{type(node).__name__}/{len(node.children)}"
        f"{[getattr(node, name, '') for name in ('name', 'value', 'values')]}"
        for expression in expressions
        for node in expression.walk()
    )
