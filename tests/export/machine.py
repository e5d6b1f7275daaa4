"""A BTOR2 file as a machine that can be run: an evaluator of its own, to hold ours to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from model.export.names import decode

_TWO: Mapping[str, Callable[[int, int], int]] = {
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "eq": lambda a, b: a == b,
}


class Machine:
    """The states, by the names they had before the export, and the properties of a file."""

    def __init__(self, text: str) -> None:
        self.lines: list[list[str]] = [
            line.split() for line in text.splitlines() if line and not line.startswith(";")
        ]
        self.width = {int(n): int(rest[1]) for n, what, *rest in self.lines if what == "sort"}
        self.sort = {
            int(n): int(rest[0])
            for n, what, *rest in self.lines
            if what not in ("sort", "init", "next", "bad", "constraint")
        }
        self.states = {decode(rest[1]): int(n) for n, what, *rest in self.lines if what == "state"}

    def initial(self) -> dict[int, int]:
        """The initial value of each state that has a fixed one, by its line."""
        constants = self._values({}, 0)
        return {
            int(rest[1]): constants[int(rest[2])] for _, what, *rest in self.lines if what == "init"
        }

    def step(self, state: Mapping[int, int], action: int) -> dict[int, int]:
        """The state after the input ``action``."""
        values = self._values(state, action)
        return {
            int(rest[1]): values[int(rest[2])] for _, what, *rest in self.lines if what == "next"
        }

    def bad(self, state: Mapping[int, int], action: int) -> set[str]:
        """The properties that are broken in ``state``, with the input ``action``."""
        values = self._values(state, action)
        found = [rest for _, what, *rest in self.lines if what == "bad"]
        return {decode(symbol) for node, symbol in found if values[int(node)]}

    def allowed(self, state: Mapping[int, int]) -> bool:
        """Whether every constraint holds in ``state``."""
        values = self._values(state, 0)
        return all(values[int(rest[0])] for _, what, *rest in self.lines if what == "constraint")

    def _values(self, state: Mapping[int, int], action: int) -> dict[int, int]:
        values: dict[int, int] = {}
        for number, what, *rest in self.lines:
            if what in ("sort", "init", "next", "bad", "constraint"):
                continue
            node, width = int(number), self.width[int(rest[0])]
            if what == "state":
                values[node] = state.get(node, 0)
            elif what == "input":
                values[node] = action
            else:
                made = self._made(what, rest, [values.get(int(word), 0) for word in rest[1:]])
                values[node] = made % (1 << width)
        return values

    def _made(self, what: str, words: list[str], operands: list[int]) -> int:
        if what == "constd":
            return int(words[1])
        if what == "not":
            return ~operands[0]
        if what == "ite":
            return operands[1] if operands[0] else operands[2]
        if what == "slt":
            half = 1 << self.width[self.sort[int(words[1])]] - 1
            one, other = ((value + half) % (2 * half) for value in operands)
            return one < other
        return _TWO[what](*operands)
