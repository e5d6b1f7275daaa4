"""The states and steps of a system as Z3 formulas."""

from __future__ import annotations

from typing import Any

import z3  # type: ignore[import-untyped]  # Z3 ships no type information

from model.engines.translation import (
    Frame,
    Term,
    alike,
    bounds,
    constant,
    equal,
    interval,
    literal,
    member,
    members,
    translate,
    value_of,
)
from model.lang import Domain, Expr, GroundAction, State, System, Var


class Encoding:
    """The formulas of one ``system``, over the constants of the frame ``now``."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.now = self.frame("now")
        self._known: dict[Expr[Any], Term] = {}

    def frame(self, tag: object) -> Frame:
        """A state of fresh constants, whose names end in ``tag``."""
        return {v: constant(f"{v.name}@{tag}", v.domain) for v in self.system.variables}

    def term(self, expression: Expr[Any]) -> Term:
        """The resolved ``expression`` over ``now``."""
        return translate(expression, self.now, self._known)

    def typed(self) -> Term:
        """Whether every variable is in its domain, over ``now``."""
        return z3.And([member(term, v.domain) for v, term in self.now.items()])

    def initial(self) -> Term:
        """Whether ``now`` is an initial state."""
        return z3.And(
            [
                z3.Or([equal(term, literal(value)) for value in v.initial])
                for v, term in self.now.items()
            ]
        )

    def enabled(self, action: GroundAction) -> Term:
        """Whether the guard of ``action`` holds, over ``now``."""
        return z3.And([self.term(condition) for condition in action.guard])

    def leaves(self, action: GroundAction) -> Term:
        """Whether the updates of ``action`` take a variable out of its domain, over ``now``.

        It is the value false itself where the intervals already exclude that.
        """
        return z3.Or(
            [
                z3.Not(member(self.term(u.value), u.variable.domain))
                for u in action.updates
                if not _stays(u.value, u.variable.domain)
            ]
        )

    def after(self, action: GroundAction) -> Frame:
        """What ``action`` makes of the variables it updates, over ``now``.

        It means nothing where ``leaves`` holds: values are cut to the bits of their variable.
        """
        return {u.variable: self._cut(self.term(u.value), u.variable) for u in action.updates}

    def _cut(self, term: Term, variable: Var[Any]) -> Term:
        if not variable.domain.is_integer:
            return term
        bits = self.now[variable].size()
        return z3.Extract(bits - 1, 0, term) if term.size() > bits else alike([term], bits)[0]

    def at(self, term: Term, frame: Frame) -> Term:
        """``term``, given over ``now``, over ``frame`` instead; what it lacks stays as it is."""
        return z3.substitute(term, *((self.now[v], new) for v, new in frame.items()))

    def state(self, model: Term, frame: Frame) -> State:
        """The state that ``frame`` has in a Z3 ``model``."""
        return tuple(
            value_of(model.eval(frame[v], model_completion=True), v.kind)
            for v in self.system.variables
        )


def _stays(expression: Expr[Any], domain: Domain) -> bool:
    """Whether ``expression`` cannot be outside ``domain``, as far as types and intervals tell."""
    if domain.is_integer:
        (low, high), (lowest, highest) = interval(expression), bounds(domain)
        return lowest <= low and high <= highest
    return set(domain.values) == set(members(domain.kind))
