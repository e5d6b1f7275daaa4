"""Entities: the things a system is made of, and the fields that become its variables."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast, overload

from model.lang.domains import Domain, Value, domain_of, integers, one_of
from model.lang.errors import ModelError, building, described, did_you_mean
from model.lang.expr import Var

T = TypeVar("T", bound=Value)
_NAME = re.compile(r"[A-Za-z0-9_-]+")


class Field(Generic[T]):
    """A field of an entity class; on an entity it is that entity's variable."""

    def __init__(self, domain: Domain | Callable[[Any], Domain], init: T, doc: str) -> None:
        self._domain = domain
        self._init = init
        self._doc = doc
        self.name = ""
        self.places: list[str] = []

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.places.append(f"{owner.__name__}.{name}")

    @overload
    def __get__(self, entity: None, owner: type) -> Field[T]: ...
    @overload
    def __get__(self, entity: Entity, owner: type) -> Var[T]: ...
    def __get__(self, entity: Entity | None, owner: type) -> Field[T] | Var[T]:
        if entity is None:
            return self
        known = entity.__dict__.setdefault("_variables", {})
        if self.name not in known:
            with building(f"{entity.name}.{self.name}"):
                known[self.name] = self._variable(entity)
        return cast("Var[T]", known[self.name])

    def _variable(self, entity: Entity) -> Var[T]:
        domain = self._domain(entity) if callable(self._domain) else self._domain
        initial = entity.start.get(self.name, self._init)
        several = initial if isinstance(initial, tuple) else (initial,)
        return Var(f"{entity.name}.{self.name}", domain, cast("tuple[T, ...]", several), self._doc)

    def __set__(self, entity: Entity, value: object) -> None:
        raise ModelError(
            f"{entity.name}.{self.name} was assigned with `=`, which changes no state",
            f"write {self.name}.becomes(...) in the update of an action, "
            f"or pass start={{{self.name!r}: ...}} for another initial value",
        )


def field(kind: type[T], init: T, doc: str = "") -> Field[T]:
    """A field over ``bool`` or an Enum class, starting as ``init``. ``doc`` says what it means."""
    return _field(domain_of(kind), init, doc)


def counter(low: int, high: int | Callable[[Any], int], init: int, doc: str = "") -> Field[int]:
    """An integer field from ``low`` to ``high``; ``high`` may be computed from the entity."""
    if callable(high):
        upper = high
        return Field(lambda entity: integers(low, upper(entity)), init, doc)
    return _field(integers(low, high), init, doc)


def _field(domain: Domain, init: T, doc: str) -> Field[T]:
    if init not in domain:
        raise ModelError(
            f"a field of {domain} starts as {described(init)}", f"write {one_of(domain)}"
        )
    return Field(domain, init, doc)


class Entity:
    """One thing with fields, such as a device or a process.

    ``name`` starts its variables' names. ``start`` gives fields other initial values than their
    class does; a tuple means that each of its values is possible. Further attributes (links to
    other entities) are set freely and are not part of the state.
    """

    def __init__(
        self, name: str, start: dict[str, Value | tuple[Value, ...]] | None = None
    ) -> None:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ModelError(
                f"an entity is called {described(name)}",
                "use letters, digits, - and _, such as 'dev0': traces are built from names",
            )
        self.name = name
        self.start = dict(start or {})
        for key in self.start:
            if key not in self.field_names():
                raise ModelError(
                    f"{name} is started with a field {key!r} that {type(self).__name__} lacks",
                    did_you_mean(key, self.field_names()),
                )

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Refuse fields that would be mistaken for something else."""
        super().__init_subclass__(**arguments)
        inherited = {name for base in cls.__bases__ for name in _fields(base)}
        for name, item in vars(cls).items():
            if not isinstance(item, Field):
                if name in inherited:
                    raise ModelError(
                        f"{cls.__name__}.{name} hides a field of a base class",
                        "give it another name, or make it a field as well",
                    )
                continue
            if name in {"name", "start"} or name.startswith("_") or hasattr(Entity, name):
                raise ModelError(
                    f"the field {cls.__name__}.{name} has a name that every entity uses itself",
                    "give it another name",
                )
            if len(item.places) > 1:
                raise ModelError(
                    f"{' and '.join(item.places)} are one and the same field",
                    "call field() or counter() once for each",
                )

    @classmethod
    def field_names(cls) -> list[str]:
        """The names of the fields, base classes first, in the order of their definition."""
        return _fields(cls)

    def variables(self) -> list[Var[Any]]:
        """This entity's variables, in the order of their fields."""
        return [getattr(self, name) for name in self.field_names()]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        links = [key for key in self.__dict__ if not key.startswith("_")]
        raise ModelError(
            f"{type(self).__name__} has no field or link {name!r}",
            did_you_mean(name, self.field_names() + links),
        )

    def __str__(self) -> str:
        return self.name

    __repr__ = __str__


def _fields(kind: type) -> list[str]:
    # A dict and not a list: a field that a subclass defines anew keeps its first place.
    return list(
        dict.fromkeys(
            name
            for base in reversed(kind.__mro__)
            for name, item in vars(base).items()
            if isinstance(item, Field)
        )
    )
