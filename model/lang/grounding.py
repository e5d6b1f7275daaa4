"""Grounding: the argument lists that a parameterised action or property is made for."""

from __future__ import annotations

import dis
import enum
import functools
import inspect
import itertools
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from model.lang.domains import Value, domain_of
from model.lang.entities import Entity
from model.lang.errors import Location, ModelError, described, did_you_mean, raised_at
from model.lang.expr import Expr


def location(function: Callable[..., Any]) -> Location:
    """Where ``function`` is defined."""
    code = function.__code__
    return Location(code.co_filename, code.co_firstlineno)


def plain(function: object, decorator: str) -> None:
    """Refuse what ``decorator`` cannot call once per instance and name in a message."""
    if not inspect.isfunction(function):
        raise ModelError(
            f"{decorator} decorates {described(function)}", "decorate a function made with def"
        )
    if function.__name__ == "<lambda>":
        raise ModelError(
            f"{decorator} decorates a lambda, which has no name", "make it a function with def"
        )
    if inspect.isgeneratorfunction(function) or not _returns(function):
        raise ModelError(
            f"{decorator} decorates {function.__name__}, which is async or has a `yield`",
            "write a plain function that returns what it describes",
        )


def _returns(function: Callable[..., object]) -> bool:
    return not (inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function))


def answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """What ``function`` returns. An error of Python's own becomes a ModelError with its line."""
    try:
        return function(*arguments)
    except ModelError:
        raise
    except AttributeError as error:
        raise ModelError(
            f"{_owner(error.obj)} has no attribute {error.name!r}" if error.name else str(error),
            "only a field of an entity can become something"
            if error.name == "becomes"
            else did_you_mean(error.name or "", _attributes(error.obj)),
            where=raised_at(error),
        ) from error
    except NameError as error:
        raise ModelError(str(error), "define or import it", where=raised_at(error)) from error
    except Exception as error:  # whatever a line of Python can raise, it is a mistake in the model
        raise ModelError(
            f"Python cannot run this line: {type(error).__name__}: {error}",
            "the language has == != < <= > >= + - & | ~, is_in(), becomes(), ite(c, a, b), "
            "all_of([...]), any_of([...]), count([...]) and Action(guard=[...], update=[...])",
            where=raised_at(error),
        ) from error


def _owner(item: object) -> str:
    return f"`{item}`" if isinstance(item, Expr) else described(item)


def _attributes(item: object) -> list[str]:
    if isinstance(item, type) and issubclass(item, enum.Enum):
        return list(item.__members__)
    if isinstance(item, Expr):
        return ["becomes", "is_in"]
    return [name for name in dir(item) if not name.startswith("_")]


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
    choices = [_choices(name, kind, entities, values) for name, kind in kinds.items()]
    for arguments in itertools.product(*choices):
        things = [a for a in arguments if isinstance(a, Entity)]
        if len(set(things)) == len(things):
            yield arguments


@functools.cache
def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    """The types of its parameters. Raises ModelError."""
    try:
        hints = typing.get_type_hints(function)
    except Exception as error:  # noqa: BLE001  # an annotation is Python code and can raise anything
        raise ModelError(
            f"a type in its signature is unknown: {error}",
            "define or import it at the top of the file, not under TYPE_CHECKING",
        ) from None
    used = _used(function)
    parameters = inspect.signature(function).parameters
    for name, parameter in parameters.items():
        if parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
            raise ModelError(
                f"parameter {name!r} is {parameter.kind.description}",
                "write one parameter for each entity or value that the instance is about",
            )
        if parameter.default is not inspect.Parameter.empty:
            raise ModelError(
                f"parameter {name!r} has a default, which is never taken",
                "remove it: there is an instance for every value",
            )
        if name not in hints:
            raise ModelError(
                f"parameter {name!r} has no type",
                "annotate it with an entity or Enum class, such as `d: Device`",
            )
        if name not in used:
            raise ModelError(
                f"parameter {name!r} is never used, so every instance would be the same",
                "use it or remove it",
            )
    return {name: hints[name] for name in parameters}


def _used(function: Callable[..., Any]) -> set[str]:
    """The local names that ``function`` reads, itself or in a function inside it."""
    used = set(function.__code__.co_cellvars)
    for instruction in dis.get_instructions(function):
        # Newer Pythons load two names at once and save names that a comprehension shadows.
        if "LOAD_FAST" in instruction.opname and "CLEAR" not in instruction.opname:
            loaded = instruction.argval
            used.update(loaded if isinstance(loaded, tuple) else (loaded,))
    return used


def _choices(
    name: str,
    kind: Any,
    entities: Sequence[Entity],
    values: Mapping[type, Sequence[Value]],
) -> Sequence[object]:
    if isinstance(kind, type) and issubclass(kind, Entity):
        return [entity for entity in entities if isinstance(entity, kind)]
    if kind in values:
        return values[kind]
    if kind is bool or (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        return domain_of(kind).values
    origin = typing.get_origin(kind)
    written = f"{origin.__name__}[...]" if isinstance(origin, type) else described(kind)
    raise ModelError(
        f"parameter {name!r} is annotated with {written}",
        "annotate it with an entity class, an Enum class or bool",
    )
