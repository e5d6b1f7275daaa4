"""Reading a packed state by parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from model.engines.lowering import Lowered
from model.lang import State

_T = TypeVar("_T")


class Part(Generic[_T]):
    """What is read off some variables of a packed state: once for all states alike in them."""

    def __init__(
        self, lowered: Lowered, positions: Sequence[int], read: Callable[[State], _T]
    ) -> None:
        layout = lowered.layout
        variables = [layout.system.variables[k] for k in positions]
        self._mask = sum(layout.mask(v) << layout.shift[v] for v in variables)
        self._unpack, self._read = lowered.unpack, read
        self._known: dict[int, _T] = {}

    def __call__(self, packed: int) -> _T:
        """What is read off this state."""
        bits = packed & self._mask
        if bits not in self._known:
            self._known[bits] = self._read(self._unpack(packed))
        return self._known[bits]
