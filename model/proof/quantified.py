"""What a rule says of members that it does not name: all alike, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from model.lang import Expr, Var
from model.lang.expr import Add, And, Const, Count, Equal, Not, Or


class NotUniform(Exception):
    """Something singles out a member, or does not look alike at every size; the message says it."""


class Some(Expr[bool]):
    """Whether ``template`` holds of at least one member that is not named."""

    __slots__ = ("template",)

    def __init__(self, template: Expr[bool]) -> None:
        super().__init__(bool)
        self.template = template

    def __str__(self) -> str:
        return f"some({self.template})"


class HowMany(Expr[int]):
    """Of how many members that are not named ``template`` holds."""

    __slots__ = ("template",)

    def __init__(self, template: Expr[bool]) -> None:
        super().__init__(int)
        self.template = template

    def __str__(self) -> str:
        return f"how_many({self.template})"


Renaming = Mapping[Var[Any], Var[Any]]
"""From the variables of one member to those of another; what it lacks keeps its name."""


class Reading:
    """Reads an expression of one system as one that speaks of any number of members.

    ``named`` renames the variables of the members that are named, ``others`` those of each further
    one to the variables of the one that stands for all. There must be at least two others: what
    is said of one of them is then never what is said of all.
    """

    def __init__(self, named: Renaming, others: Sequence[Renaming]) -> None:
        self._named = named
        self._others = others
        self._of = {variable: k for k, one in enumerate(others) for variable in one}
        self._mentioned: dict[Expr[Any], frozenset[int]] = {}

    def read(self, item: Expr[Any], current: int | None = None) -> Expr[Any]:
        """``item`` with every condition on all others as ``Some`` or ``HowMany``.

        ``current`` is the other that an update is about. Raises NotUniform for whatever
        singles out another.
        """
        about = self._about(item)
        if isinstance(item, Var):
            return self._variable(item, current)
        if about and isinstance(item, And | Or | Count):
            return self._quantified(item, current)
        if not item.children:
            return item
        return item.rebuild(tuple(self.read(child, current) for child in item.children))

    def _variable(self, item: Var[Any], current: int | None) -> Var[Any]:
        other = self._of.get(item)
        if other is None:
            return self._named.get(item, item)
        if other != current:
            raise NotUniform(f"it reads {item} alone, and not of every member")
        return self._others[other][item]

    def _quantified(self, item: Expr[Any], current: int | None) -> Expr[Any]:
        """The node ``item``, some of whose operands say the same of each other member."""
        plain: list[Expr[Any]] = []
        said: list[list[Expr[Any]]] = [[] for _ in self._others]
        for child in item.children:
            about = self._about(child)
            if len(about) == 1:
                said[next(iter(about))].append(child)
            else:
                plain.append(self.read(child, current))
        if current is not None and not any(s for k, s in enumerate(said) if k != current):
            plain += [self.read(child, current) for child in said[current]]
            said = [[] for _ in self._others]
        templates = [[self.read(c, k) for c in children] for k, children in enumerate(said)]
        texts = [sorted(map(canonical, t)) for t in templates]
        for k, text in enumerate(texts):
            if text != texts[0]:
                odd = next(iter(said[k] or said[0]))
                raise NotUniform(f"`{odd}` is not said of every other member alike")
        return _over_all(item, plain, templates[0])

    def _about(self, item: Expr[Any]) -> frozenset[int]:
        """The numbers of the others that ``item`` mentions."""
        found = self._mentioned.get(item)
        if found is None:
            if isinstance(item, Var):
                found = frozenset({self._of[item]} if item in self._of else ())
            else:
                found = frozenset().union(*map(self._about, item.children))
            self._mentioned[item] = found
        return found


def _over_all(
    item: Expr[Any], plain: Sequence[Expr[Any]], templates: Sequence[Expr[Any]]
) -> Expr[Any]:
    match item:
        case Or():
            return Or([*plain, *map(Some, templates)])
        case And():
            return And([*plain, *(Not(Some(Not(t))) for t in templates)])
        case _:
            sum_: Expr[int] = Count(plain)
            for template in templates:
                sum_ = sum_ + HowMany(template)
            return sum_


def instantiate(
    item: Expr[Any], named: Renaming, others: Sequence[Renaming], current: int | None = None
) -> Expr[Any]:
    """The opposite of ``Reading.read``: ``item`` as a system with these members says it."""

    def leaf(node: Expr[Any]) -> Expr[Any]:
        match node:
            case Some():
                return Or(_each(node.template))
            case HowMany():
                return Count(_each(node.template))
            case Var():
                mine = others[current].get(node) if current is not None else None
                return mine if mine is not None else named.get(node, node)
            case _:
                return node

    def _each(template: Expr[bool]) -> Iterator[Expr[bool]]:
        for k in range(len(others)):
            yield instantiate(template, named, others, k)

    return item.rewrite(leaf)


def canonical(item: Expr[Any]) -> str:
    """A text that is the same for expressions that differ in order and nesting only."""
    match item:
        case Not(children=(inner,)):
            match inner:
                case Not(children=(same,)):
                    return canonical(same)
                case Or():
                    return canonical(And(Not(child) for child in inner.children))
                case And():
                    return canonical(Or(Not(child) for child in inner.children))
                case Const():
                    return "false" if inner.value else "true"
                case _:
                    return f"~[{canonical(inner)}]"
        case And():
            return _several("&", item, "true", "false")
        case Or():
            return _several("|", item, "false", "true")
        case Add() | Count():
            return _sum(item)
        case Some() | HowMany():
            return f"{type(item).__name__}[{canonical(item.template)}]"
        case Equal():
            return f"[{' == '.join(sorted(map(canonical, item.children)))}]"
        case _ if item.children:
            values = getattr(item, "values", "")
            parts = ", ".join(map(canonical, item.children))
            return f"{type(item).__name__}[{parts}{values}]"
        case _:
            return str(item)


def _sum(item: Expr[int]) -> str:
    """A sum, in which what is counted is counted at once."""
    counted: list[str] = []
    added: list[str] = []
    open_: list[Expr[int]] = [item]
    while open_:
        match open_.pop():
            case Add(children=(left, right)):
                open_ += [left, right]
            case Count() as one:
                counted += [t for t in map(canonical, one.children) if t != "false"]
            case other:
                added.append(canonical(other))
    if counted:
        added.append(f"count[{', '.join(sorted(counted))}]")
    return f"[{' + '.join(sorted(added))}]" if len(added) > 1 else (added or ["0"])[0]


def _several(symbol: str, item: Expr[Any], neutral: str, final: str) -> str:
    kept = set(_operands(And if isinstance(item, And) else Or, item))
    kept.discard(neutral)
    if final in kept:
        return final
    texts = sorted(kept)
    if len(texts) > 1:
        return f"[{f' {symbol} '.join(texts)}]"
    return texts[0] if texts else neutral


def _operands(kind: type[And | Or], item: Expr[Any]) -> Iterator[str]:
    """The operands of ``item`` with those of the same kind opened."""
    opposite = Or if kind is And else And
    for child in item.children:
        opened: Expr[Any] = child
        while isinstance(opened, Not) and isinstance(opened.children[0], Not):
            opened = opened.children[0].children[0]
        if isinstance(opened, kind):
            yield from _operands(kind, opened)
        elif isinstance(opened, Not) and isinstance(opened.children[0], opposite):
            yield from _operands(kind, kind(Not(c) for c in opened.children[0].children))
        else:
            yield canonical(opened)


Assignment = tuple[Var[Any], Expr[Any]]


def step_text(name: str, guard: Expr[bool], updates: Iterable[Assignment]) -> str:
    """A step as a text that does not depend on order; none for a step that is never taken."""
    condition = canonical(guard)
    return "" if condition == "false" else f"{name}: {condition} / {updates_text(updates)}"


def updates_text(updates: Iterable[Assignment]) -> str:
    """Updates as a text that does not depend on their order."""
    return "; ".join(sorted(f"{v.name} := {canonical(e)}" for v, e in updates))
