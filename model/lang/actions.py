"""Actions: guarded commands as data.

A function decorated with ``@action`` is called once per instance when a system is built, never
once per state. What it returns is the action for those entities and values, or ``None`` if there
is none for them.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar, overload

from model.lang.domains import Value, show
from model.lang.entities import Entity
from model.lang.errors import Location, ModelError, building, described
from model.lang.expr import Expr, Var, truth
from model.lang.grounding import answer, instances, location, plain

R_co = TypeVar("R_co", bound="Action | None", covariant=True)


@dataclass(frozen=True, eq=False)
class Update:
    """One assignment of a step: ``variable`` takes ``value``, evaluated before the step."""

    variable: Var[Any]
    value: Expr[Any]

    def __str__(self) -> str:
        return f"{self.variable} := {self.value}"

    def __bool__(self) -> bool:
        raise ModelError(
            f"`{self}` was used as a Python truth value", "list updates in an action's update="
        )


@dataclass(frozen=True)
class Source:
    """What an action stands for, so that a reader can look it up.

    ``function`` and ``file`` name the code, ``version`` the release it was read in, ``lock`` what
    is held while it runs and ``errno`` what it returns if it fails.
    """

    function: str
    file: str
    version: str
    lock: str = ""
    errno: str = ""

    def __str__(self) -> str:
        text = f"{self.version}:{self.file}:{self.function}()"
        if self.errno:
            text += f" = {self.errno}"
        return text + (f" [{self.lock}]" if self.lock else "")


@dataclass(frozen=True, eq=False)
class Action:
    """A step: where every condition of ``guard`` holds, every ``update`` happens at once.

    What no update mentions is unchanged. ``actor`` names who takes the step; unless it is given
    that is the first entity the action was grounded with.
    """

    guard: Sequence[Expr[bool]]
    update: Sequence[Update]
    actor: str = ""


@dataclass(frozen=True, eq=False)
class GroundAction:
    """An action for particular entities and values, ready for every reader.

    ``name`` is the action's, ``title`` adds the arguments, ``label`` is what a trace prints.
    """

    name: str
    arguments: tuple[object, ...]
    guard: tuple[Expr[bool], ...]
    updates: tuple[Update, ...]
    actor: str
    label: str
    doc: str = ""
    source: Source | None = None
    where: Location | None = field(default=None, compare=False)

    @property
    def title(self) -> str:
        """The name with its arguments: unique within a system."""
        return f"{self.name}({', '.join(_text(a) for a in self.arguments)})"

    @property
    def kind(self) -> str:
        """The title without entities: the same for every device, say."""
        return f"{self.name}({', '.join(map(_text, self.values))})" if self.values else self.name

    @property
    def values(self) -> tuple[Value, ...]:
        """The arguments that are values and not entities."""
        return tuple(a for a in self.arguments if isinstance(a, enum.Enum | bool | int))

    def __str__(self) -> str:
        return self.title


@dataclass(frozen=True, eq=False, repr=False)
class ActionTemplate(Generic[R_co]):
    """An action before it is grounded: the decorated function and what was said about it."""

    function: Callable[..., R_co]
    source: Source | None
    label: str

    def __repr__(self) -> str:
        return f"the action {self.name}"

    @property
    def name(self) -> str:
        """The function's name, by which designs and claims refer to the action."""
        return self.function.__name__

    @property
    def doc(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").split("\n")[0]

    @property
    def where(self) -> Location:
        """Where the function is defined."""
        return location(self.function)

    def ground(
        self, entities: Sequence[Entity], values: Mapping[type, Sequence[Value]]
    ) -> Iterator[GroundAction]:
        """One action for every choice of arguments that the function has an answer for.

        ``values`` limits what a parameter of an Enum class ranges over. Raises ModelError for
        whatever is malformed.
        """
        with building(f"action {self.name}", self.where):
            for arguments in instances(self.function, entities, values):
                made = answer(self.function, arguments)
                if made is not None:
                    yield self._checked(made, arguments)

    def _checked(self, made: object, arguments: tuple[object, ...]) -> GroundAction:
        if not isinstance(made, Action):
            raise ModelError(
                f"the function returned {described(made)}",
                "return Action(guard=[...], update=[...]), or None for no such step",
            )
        if not isinstance(made.actor, str):
            raise ModelError(f"actor= is {described(made.actor)}", "name the actor in a text")
        guard = tuple(truth(item, "guard") for item in _items(made.guard, "guard"))
        updates = tuple(_items(made.update, "update"))
        seen: set[Var[Any]] = set()
        for update in updates:
            if not isinstance(update, Update):
                raise ModelError(
                    f"`{update}` stands in the update list"
                    if isinstance(update, Expr)
                    else f"{described(update)} stands in the update list",
                    "`==` compares; write variable.becomes(value)"
                    if isinstance(update, Expr | bool)
                    else "write variable.becomes(value)",
                )
            if update.variable in seen:
                raise ModelError(f"{update.variable} is updated twice", "keep one of the two")
            seen.add(update.variable)
        actor = made.actor or next((a.name for a in arguments if isinstance(a, Entity)), "")
        return GroundAction(
            self.name,
            arguments,
            guard,
            updates,
            actor,
            self._label(arguments),
            self.doc,
            self.source,
            self.where,
        )

    def _label(self, arguments: tuple[object, ...]) -> str:
        text = self.label or f"{self.source.function if self.source else self.name}()"
        shown = ", ".join(_text(a) for a in arguments if not isinstance(a, Entity))
        if shown and text.endswith("()"):
            text = f"{text[:-1]}{shown})"
        if self.source and self.source.errno and "=" not in text:
            text += f" = {self.source.errno}"
        return text

    def citing(self, source: Source, label: str = "") -> ActionTemplate[R_co]:
        """The same action, where another design has it in another place."""
        return replace(self, source=source, label=label or self.label)

    def __call__(self, *arguments: Any) -> R_co:
        """The action for ``arguments``, so that a design can extend another's action."""
        return self.function(*arguments)


@overload
def action(function: Callable[..., R_co]) -> ActionTemplate[R_co]: ...
@overload
def action(
    *, source: Source | None = None, label: str = ""
) -> Callable[[Callable[..., R_co]], ActionTemplate[R_co]]: ...
def action(
    function: Callable[..., R_co] | None = None,
    *,
    source: Source | None = None,
    label: str = "",
) -> ActionTemplate[R_co] | Callable[[Callable[..., R_co]], ActionTemplate[R_co]]:
    """Make a function an action. ``source`` cites what it models.

    ``label`` is what traces print, if it is not ``function()`` with the errno of the source.
    """

    def decorate(decorated: Callable[..., R_co]) -> ActionTemplate[R_co]:
        plain(decorated, "@action")
        return ActionTemplate(decorated, source, label)

    if source is not None and not isinstance(source, Source):
        raise ModelError(
            f"source= is {described(source)}", "write Source(function, file, version, ...)"
        )
    return decorate if function is None else decorate(function)


def _text(item: object) -> str:
    return show(item) if isinstance(item, enum.Enum | bool | int) else str(item)


def _items(items: object, word: str) -> Sequence[Any]:
    if not isinstance(items, list | tuple):
        shown = f"`{items}`" if isinstance(items, Expr | Update) else described(items)
        raise ModelError(f"{word}= is {shown}", f"write a list, {word}=[...], even for one item")
    return items
