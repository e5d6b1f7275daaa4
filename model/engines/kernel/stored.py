"""What is asked of stored states, one by one, to unfold runs of them into real ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from model.engines.kernel.store import RawStep
from model.engines.kernel.tables import Part
from model.engines.layout import Layout
from model.lang import System


class Stored(Protocol):
    """Stored states, which may stand for others. Numbered from 0, each one packed."""

    @property
    def system(self) -> System:
        """Whose states they are."""

    @property
    def layout(self) -> Layout:
        """How they are packed."""

    @property
    def parts(self) -> Sequence[Part]:
        """The interchangeable parts of a state; none if each state stands for itself."""

    def state(self, i: int) -> int:
        """The ``i``-th state."""

    def find(self, packed: int) -> list[tuple[int, list[int]]]:
        """The numbers of the states that stand for one; none if there is none.

        The list beside each says where each interchangeable part is in it.
        """

    def steps(self, packed: int, *, hurried: bool = False) -> Iterator[RawStep]:
        """The steps from a state, stored or not; if ``hurried``, those that the search takes."""

    def kept(self, i: int, packed: int) -> list[int]:
        """What is kept of ``packed``, a state after the ``i``-th one: any of these.

        Parts are not yet sorted.
        """
