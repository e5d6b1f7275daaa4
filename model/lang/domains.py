"""The finite sets of values that a variable ranges over."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from model.lang.errors import ModelError, described

Value: TypeAlias = enum.Enum | bool | int
"""One value of a variable: an enum member, a truth value or a small integer."""


@dataclass(frozen=True)
class Domain:
    """A finite, ordered set of values.

    ``name`` is how messages and exports call it. An integer domain is contiguous.
    """

    name: str
    values: tuple[Value, ...]

    def __contains__(self, value: object) -> bool:
        # True == 1 in Python; the types must agree as well.
        return any(value == known and type(value) is type(known) for known in self.values)

    @property
    def is_integer(self) -> bool:
        """Whether arithmetic makes sense on the values."""
        return type(self.values[0]) is int

    @property
    def kind(self) -> type:
        """The Python type of the values."""
        return type(self.values[0])

    def __str__(self) -> str:
        return self.name


BOOLEAN = Domain("bool", (False, True))
MOST_VALUES = 65536


def integers(low: int, high: int) -> Domain:
    """The integers from ``low`` to ``high``, both included.

    Raises ModelError if there are none, or so many that no search could visit them.
    """
    if type(low) is not int or type(high) is not int:
        raise ModelError(
            f"the range {described(low)}..{described(high)} has a bound that is no integer",
            "write two integers",
        )
    if high - low >= MOST_VALUES:
        raise ModelError(
            f"the range {low}..{high} is too wide to be searched",
            "write the narrowest range that shows the behaviour, such as 0..3",
        )
    if high < low:
        raise ModelError(
            f"the range {low}..{high} is empty", "write the lower bound first, then the upper one"
        )
    return Domain(f"{low}..{high}", tuple(range(low, high + 1)))


def domain_of(kind: Any) -> Domain:
    """The domain meant by ``bool``, an ``Enum`` class or a Domain. Raises ModelError for others."""
    if isinstance(kind, Domain):
        return kind
    if kind is bool:
        return BOOLEAN
    if isinstance(kind, type) and issubclass(kind, enum.Enum) and len(kind):
        _told_apart(kind)
        return Domain(kind.__name__, tuple(kind))
    raise ModelError(
        f"{described(kind)} is no finite domain",
        "use bool, an Enum class with members, or counter(low, high, init)",
    )


def _told_apart(kind: type[enum.Enum]) -> None:
    """Refuse members that Python takes for one, or that a trace would print alike."""
    names: dict[str, str] = {}
    for name, member in kind.__members__.items():
        text = show(member)
        if not text.strip():
            raise ModelError(f"{kind.__name__}.{name} has no text", "give it one that can be read")
        if text in names:
            raise ModelError(
                f"{kind.__name__}.{names[text]} and {kind.__name__}.{name} "
                f"are both shown as {text!r}",
                "give each member a text of its own",
            )
        names[text] = name


def show(value: Value) -> str:
    """A value as messages and traces print it: enum members by their text, else by their name."""
    if isinstance(value, enum.Enum):
        return value.value if isinstance(value.value, str) else value.name
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def show_all(values: Sequence[Value]) -> str:
    """Several values, separated by commas."""
    return ", ".join(show(value) for value in values)


def written(value: Value) -> str:
    """A value as an author writes it."""
    return f"{type(value).__name__}.{value.name}" if isinstance(value, enum.Enum) else repr(value)


def one_of(domain: Domain) -> str:
    """What an author may write for a value of ``domain``."""
    if domain.is_integer:
        return f"an integer from {domain.values[0]} to {domain.values[-1]}"
    return " or ".join(written(value) for value in domain.values)
