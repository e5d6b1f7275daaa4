"""A condition on named members, split by what has to be known to judge its parts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from model.lang import Expr, Value, Var
from model.lang.expr import And, Implies, NeverBoth, Not, Or
from model.proof.branching import NOBODY, Meaning, Path
from model.proof.family import Family, Rule
from model.proof.quantified import HowMany, Some

Values: TypeAlias = tuple[Value, ...]


class Guard:
    """A guard, split by what has to be known to judge its parts."""

    def __init__(self, guard: Expr[bool], family: Family) -> None:
        self._of_place: list[Expr[bool]] = []
        self._of_named: list[list[Expr[bool]]] = [[] for _ in family.stands]
        rest: list[Expr[bool]] = []
        self._shared = family.shared
        self._stands = family.stands
        whose = {v: k for k, stand in enumerate(family.stands) for v in stand}
        whose.update(dict.fromkeys(family.shared, -1))
        for part in _flat(guard):
            about = _about(part, whose)
            if about == {-1}:
                self._of_place.append(part)
            elif about is not None and len(about) == 1:
                self._of_named[about.pop()].append(part)
            else:
                rest.append(part)
        self.rest = And(rest)
        nodes = set(_everything(self.rest))
        self.asks = any(isinstance(node, Some | HowMany) for node in nodes)
        """Whether ``rest`` asks for others than the named members."""
        self._read = [k for k, v in enumerate(family.shared) if v in nodes]
        self._allowed: dict[Values, bool] = {}
        # By named member: how many local states were looked at, and the mask of those that fit.
        self._fitting = [(0, 0)] * len(family.stands)

    def allows(self, place: Values) -> bool:
        """Whether what the guard says of the place alone is so."""
        if place not in self._allowed:
            known = dict(zip(self._shared, place, strict=True))
            meaning = Meaning(Path(), known, NOBODY)
            self._allowed[place] = all(meaning.value(part) for part in self._of_place)
        return self._allowed[place]

    def of(self, place: Values) -> Values:
        """What ``rest`` reads of a place."""
        return tuple([place[k] for k in self._read])

    def fitting(self, which: int, states: Sequence[Values]) -> int:
        """The mask of the local states in which what the guard says of a named member alone is so.

        ``states`` are all local states; only further ones may have come to them since.
        """
        looked, mask = self._fitting[which]
        for number in range(looked, len(states)):
            known = dict(zip(self._stands[which], states[number], strict=True))
            meaning = Meaning(Path(), known, NOBODY)
            if all(meaning.value(part) for part in self._of_named[which]):
                mask |= 1 << number
        self._fitting[which] = len(states), mask
        return mask


class Reads:
    """What the steps of ``rule`` depend on."""

    def __init__(self, rule: Rule, family: Family) -> None:
        self.split = Guard(rule.guard, family)
        others = [new for _, new in rule.others]
        items = [self.split.rest, *(new for _, new in rule.updates), *others]
        nodes = {node for item in items for node in _everything(item)}
        asks = any(isinstance(node, Some | HowMany) for node in nodes)
        self.alone = not others and not asks
        """Whether nobody but the named members has a part in them."""
        written = {variable for variable, _ in rule.updates}
        self.writes = not written.isdisjoint(family.shared)
        """Whether they lead to another place."""
        self._read = [k for k, v in enumerate(family.shared) if v in nodes]
        self._written = [k for k, v in enumerate(family.shared) if v in written]
        # Of another member: all that decides where it is moved.
        self._others = others
        moving = {node for item in others for node in item.walk()}
        self._of_other = [k for k, v in enumerate(family.stands[-1]) if v in moving]
        self._kinds: dict[Values, int] = {}
        self._kind: dict[int, int] = {}

    def of(self, place: Values) -> Values:
        """What they read of a place."""
        return tuple([place[k] for k in self._read])

    def sorted_out(
        self, occupied: Collection[int], states: Sequence[Values]
    ) -> Iterable[list[int]]:
        """The local states ``occupied``, those together in which others are moved alike."""
        if not self._others:
            return ()
        alike: dict[int, list[int]] = {}
        for number in sorted(occupied):
            if number not in self._kind:
                read = tuple([states[number][k] for k in self._of_other])
                self._kind[number] = self._kinds.setdefault(read, len(self._kinds))
            alike.setdefault(self._kind[number], []).append(number)
        return alike.values()

    def moved(self, place: Values, end: Values) -> Values:
        """Where they lead from ``place``, where from another one they lead to ``end``."""
        values = list(place)
        for k in self._written:
            values[k] = end[k]
        return tuple(values)


def _everything(item: Expr[Any]) -> Iterator[Expr[Any]]:
    """Every node of ``item``, and of what it asks of all others."""
    for node in item.walk():
        yield node
        if isinstance(node, Some | HowMany):
            yield from _everything(node.template)


def _flat(item: Expr[bool]) -> Iterator[Expr[bool]]:
    if isinstance(item, And):
        for child in item.children:
            yield from _flat(child)
    else:
        yield item


def _about(item: Expr[Any], whose: Mapping[Var[Any], int]) -> set[int] | None:
    """Whose variables ``item`` reads; None if it asks for more than fixed values."""
    found: set[int] = set()
    for node in item.walk():
        if isinstance(node, Var):
            if node not in whose:
                return None
            found.add(whose[node])
        elif isinstance(node, Some | HowMany):
            return None
    return found


def denied(item: Expr[bool]) -> Expr[bool]:
    """The opposite of ``item``, with as many parts as can be judged by themselves."""
    match item:
        case Implies(children=(when, then)):
            return And([when, denied(then)])
        case NeverBoth():
            return And(item.children)
        case Or():
            return And(denied(child) for child in item.children)
        case Not(children=(inner,)):
            return inner
        case _:
            return Not(item)
