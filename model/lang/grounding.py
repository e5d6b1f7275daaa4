"""Grounding: the argument lists that a parameterised action or property is made for."""

from __future__ import annotations

import dis
import enum
import inspect
import itertools
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from model.lang.domains import Value, domain_of
from model.lang.entities import Entity
from model.lang.errors import Location, ModelError


def location(function: Callable[..., Any]) -> Location:
    """Where ``function`` is defined."""
    code = function.__code__
    return Location(code.co_filename, code.co_firstlineno)


def instances(
    function: Callable[..., Any],
    entities: Sequence[Entity],
    values: Mapping[type, Sequence[Value]],
) -> Iterator[tuple[Any, ...]]:
    """Every choice of arguments for ``function``'s annotated parameters.

    Two parameters of one entity class never get the same entity. ``values`` limits what a
    parameter of an Enum class ranges over. Raises ModelError for a parameter without a usable
    type, or that the function never uses.
    """
    kinds = _parameters(function)
    choices = [_choices(kind, entities, values, location(function)) for kind in kinds.values()]
    for arguments in itertools.product(*choices):
        things = [a for a in arguments if isinstance(a, Entity)]
        if len(set(things)) == len(things):
            yield arguments


def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    where = location(function)
    try:
        hints = typing.get_type_hints(function)
    except NameError as error:
        raise ModelError(
            f"a parameter's type is unknown: {error}", "import it at the top of the file",
            where=where,
        ) from None
    used = set(function.__code__.co_cellvars)
    for instruction in dis.get_instructions(function):
        if "LOAD" in instruction.opname:
            loaded = instruction.argval
            used.update(loaded if isinstance(loaded, tuple) else (loaded,))
    names = list(inspect.signature(function).parameters)
    for name in names:
        if name not in hints:
            raise ModelError(
                f"parameter {name!r} has no type",
                "annotate it with an entity or Enum class, such as `d: Device`",
                where=where,
            )
        if name not in used:
            raise ModelError(
                f"parameter {name!r} is never used, so every instance would be the same",
                "use it or remove it",
                where=where,
            )
    return {name: hints[name] for name in names}


def _choices(
    kind: Any,
    entities: Sequence[Entity],
    values: Mapping[type, Sequence[Value]],
    where: Location,
) -> Sequence[object]:
    if isinstance(kind, type) and issubclass(kind, Entity):
        return [entity for entity in entities if isinstance(entity, kind)]
    if kind in values:
        return values[kind]
    if kind is bool or (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        return domain_of(kind).values
    raise ModelError(
        f"a parameter is annotated with {kind!r}",
        "annotate it with an entity class, an Enum class or bool",
        where=where,
    )
