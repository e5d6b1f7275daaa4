"""Runs of a system of growing length, as one growing formula."""

from __future__ import annotations

import z3  # type: ignore[import-untyped]  # Z3 ships no type information

from model.engines.encoding import Encoding
from model.engines.solving import new_solver
from model.engines.translation import Frame, Term
from model.lang import GroundAction
from model.traces.trace import Trace


class Unrolling:
    """All runs of ``length`` steps that start where ``start``, given over ``now``, holds.

    A step that would leave a domain is not taken. ``solver`` knows the run and may be told more.
    """

    def __init__(self, encoding: Encoding, start: Term) -> None:
        self.encoding = encoding
        self.solver = new_solver()
        self._frames: list[Frame] = []
        self._choices: list[list[Term]] = []
        self._next = encoding.frame("next")
        self._taken = [z3.Bool(f"{action.title}@take") for action in encoding.system.actions]
        self._step: Term | None = None
        self._add_frame()
        self.solver.add(self.at(start))

    @property
    def length(self) -> int:
        """How many steps the runs have."""
        return len(self._choices)

    def at(self, term: Term, number: int = -1) -> Term:
        """``term``, given over ``now``, in the state after ``number`` steps; -1 is the last."""
        return self.encoding.at(term, self._frames[number])

    def extend(self) -> None:
        """Make the runs one step longer."""
        if self._step is None:
            self._step = self._transition()
        choices = [z3.Bool(f"{a.title}@{self.length}") for a in self.encoding.system.actions]
        before = self._frames[-1]
        self._add_frame()
        after = self._frames[-1]
        pairs = [
            *((self.encoding.now[v], term) for v, term in before.items()),
            *((self._next[v], term) for v, term in after.items()),
            *zip(self._taken, choices, strict=True),
        ]
        # One call for the whole step: Z3's bindings check every pair anew for each.
        self.solver.add(z3.substitute(self._step, *pairs))
        self._choices.append(choices)

    def trace(self, model: Term, *, stuck: bool = False) -> Trace:
        """The run in a ``model`` of the solver.

        If ``stuck`` it ends with an action that leaves a domain, which the model must allow.
        """
        system = self.encoding.system
        actions = tuple(
            next(a for a, c in zip(system.actions, choices, strict=True) if holds(model, c))
            for choices in self._choices
        )
        last = self._frames[-1]
        return Trace(
            system,
            tuple(self.encoding.state(model, frame) for frame in self._frames),
            actions,
            leaving(self.encoding, model, last) if stuck else None,
        )

    def _add_frame(self) -> None:
        self._frames.append(self.encoding.frame(len(self._frames)))
        self.solver.add(self.at(self.encoding.typed()))

    def _transition(self) -> Term:
        encoding, actions = self.encoding, self.encoding.system.actions
        changed_by: dict[object, list[Term]] = {v: [] for v in encoding.system.variables}
        # One action a step: with two, each would pass for the cause of what the other changed.
        parts: list[Term] = [z3.Or(self._taken), *at_most_one(self._taken)]
        for action, taken in zip(actions, self._taken, strict=True):
            parts.append(z3.Implies(taken, encoding.enabled(action)))
            parts.append(z3.Implies(taken, z3.Not(encoding.leaves(action))))
            for variable, value in encoding.after(action).items():
                parts.append(z3.Implies(taken, self._next[variable] == value))
                changed_by[variable].append(taken)
        for variable, before in encoding.now.items():
            parts.append(z3.Or(self._next[variable] == before, *changed_by[variable]))
        return z3.And(parts)


def at_most_one(terms: list[Term]) -> list[Term]:
    """Conditions that let at most one of ``terms`` hold."""
    return [z3.AtMost(*terms, 1)] if len(terms) > 1 else []


def holds(model: Term, term: Term) -> bool:
    """Whether ``term`` is true in ``model``."""
    return bool(z3.is_true(model.eval(term, model_completion=True)))


def leaving(encoding: Encoding, model: Term, frame: Frame) -> GroundAction:
    """An action that, in the state ``frame`` has in ``model``, leaves a domain; there is one."""
    return next(
        action
        for action in encoding.system.actions
        if holds(
            model, encoding.at(z3.And(encoding.enabled(action), encoding.leaves(action)), frame)
        )
    )
