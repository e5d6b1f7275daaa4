"""Arrays that grow at their end."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Growing:
    """Numbers of one type, appended many at a time."""

    def __init__(self, kind: DTypeLike) -> None:
        self._room: NDArray[Any] = np.empty(1024, kind)
        self.count = 0

    @property
    def all(self) -> NDArray[Any]:
        """What has been appended so far."""
        return self._room[: self.count]

    def append(self, more: NDArray[Any]) -> None:
        """Put ``more`` behind the rest."""
        end = self.count + len(more)
        if end > len(self._room):
            room = np.empty(max(end, 2 * len(self._room)), self._room.dtype)
            room[: self.count] = self.all
            self._room = room
        self._room[self.count : end] = more
        self.count = end

    def cut(self, count: int) -> None:
        """Keep the first ``count`` only."""
        self.count = count

    def make(self, count: int) -> None:
        """Have ``count`` numbers, to be filled in."""
        self._room = np.empty(count, self._room.dtype)
        self.count = count

    @property
    def allocated(self) -> int:
        """The bytes that there is room for."""
        return self._room.nbytes

    def growth(self, more: int) -> int:
        """The bytes that are needed to append so many more: what is there may have to move."""
        moved = self.count if self.count + more > len(self._room) else 0
        return self._room.itemsize * (more + moved)
