"""Asking Z3, within a time limit and with an answer to Ctrl-C."""

from __future__ import annotations

import time

import z3  # type: ignore[import-untyped]  # Z3 ships no type information

from model.engines.result import Limits
from model.engines.translation import Term


class GaveUp(Exception):
    """The solver stopped before it had an answer; the message says why."""


class Clock:
    """Wall time since an engine started, and the limit it must keep."""

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.timeout
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        """How long the engine has run."""
        return time.perf_counter() - self._start

    def check(self) -> None:
        """Raises GaveUp once the limit is over."""
        if self._limit is not None and self.seconds >= self._limit:
            raise self._late()

    def satisfiable(self, solver: Term, *assumptions: Term) -> bool:
        """Whether what ``solver`` was told can be true together with ``assumptions``.

        Raises GaveUp if that is unknown and KeyboardInterrupt if Z3 took a Ctrl-C for itself.
        """
        if self._limit is not None:
            left = self._limit - self.seconds
            if left <= 0:
                raise self._late()
            # Rounded up: an answer that is broken off is then seen to be late.
            solver.set("timeout", int(left * 1000) + 2)
        try:
            answer = solver.check(*assumptions)
        except z3.Z3Exception as error:
            raise self._unknown(str(error)) from None
        if answer == z3.unknown:
            raise self._unknown(str(solver.reason_unknown()))
        return bool(answer == z3.sat)

    def _unknown(self, why: str) -> BaseException:
        if self._limit is not None and ("timeout" in why or self.seconds >= self._limit):
            return self._late()
        # Z3 handles SIGINT while it works, and Python never hears of it.
        if "interrupt" in why or "cancel" in why:
            return KeyboardInterrupt()
        return GaveUp(f"the solver gave up: {why}")

    def _late(self) -> GaveUp:
        return GaveUp(f"not decided within {self._limit:g} s")


def new_solver() -> Term:
    """A solver for what ``encoding`` writes: Booleans and bit-vectors of fixed width."""
    return z3.SolverFor("QF_FD")
