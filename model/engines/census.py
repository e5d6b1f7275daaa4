"""The set of reachable states as a few figures that any other program can find again.

The digest is a sum, so that it does not depend on the order in which states are found: of each
state, the values of all variables as text, in the order of the system's variables and separated
by one space; of each text, SHA-256 as a number, first byte highest; of these numbers, the sum
modulo 2**256. It tells sets apart that differ by a mistake. It is no seal: two sets of one digest
could be made up on purpose, which is why whoever doubts a set finds it again.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from model.engines.explorer import Watch
from model.engines.kernel.store import Store
from model.engines.layout import WORD, Layout, stored
from model.engines.lowering import Lowered
from model.engines.symmetry import NONE
from model.lang import State, System, Var, show

_AT_ONCE = 32_768
_MODULUS = 2**256
_Columns: TypeAlias = Sequence[Sequence[int]]
"""Of some states, all their first words, then all their second words, and so on."""
_T = TypeVar("_T")
_NOTHING = Watch([], [], domains=False, deadlocks=False)


@dataclass(frozen=True)
class Census:
    """All reachable states of a system: every one counts, and none stands for another.

    ``transitions`` are pairs of a state and an action whose guard holds there; ``depth`` is how
    many steps the farthest state is from the nearest state to start in.
    """

    states: int
    transitions: int
    depth: int
    digest: str


def text(state: State) -> bytes:
    """A state as the digest reads it."""
    return " ".join(map(show, state)).encode()


def digest(texts: Iterable[bytes]) -> str:
    """The digest of a set of states, each of them given once by its text."""
    return _written(_sum(texts))


def by_kernel(system: System) -> Census:
    """The census of ``system``, taken by the explorer in C. Raises Unsuitable."""
    store = Store(system, _NOTHING, None, NONE, (), 0, skips=True)
    starts = map(store.layout.pack, system.initial_states())
    depth = _fill(starts, store.add, store.expand, lambda: store.numbers().stored)
    numbers = store.numbers()
    total = _digested(store.layout, numbers.stored, functools.partial(_words, store))
    return Census(numbers.stored, numbers.steps, depth, total)


def by_numpy(system: System) -> Census:
    """The census of ``system``, taken by the explorer that uses NumPy. Raises Unsuitable."""
    from model.engines.vector.explorer import VectorExplorer  # NumPy need not be installed

    explorer = VectorExplorer(system, _NOTHING)
    starts = system.initial_states()
    depth = _fill(starts, explorer.add, explorer.expand, lambda: explorer.count)
    states, transitions = explorer.unfolded()
    total = _digested(Layout(system), states, explorer.columns)
    return Census(states, transitions, depth, total)


def by_python(system: System) -> Census:
    """The census of ``system``, taken with nothing but Python."""
    lowered = Lowered(system)
    level = list({lowered.pack(state): None for state in system.initial_states()})
    seen = set(level)
    texts = _Texts(lowered.layout, lowered.layout.bits)
    depth, total, transitions = -1, 0, 0
    while level:
        depth += 1
        total += _sum(texts.of([level]))
        later: list[int] = []
        for state in level:
            steps = lowered.successors(state)
            transitions += len(steps)
            for action, after in steps:
                if action >= 0 and after not in seen:
                    seen.add(after)
                    later.append(after)
        level = later
    return Census(len(seen), transitions, depth, _written(total))


def _fill(
    starts: Iterable[_T],
    add: Callable[[_T], None],
    expand: Callable[[int], None],
    count: Callable[[], int],
) -> int:
    """Have every reachable state stored; how far the farthest one is."""
    for state in starts:
        add(state)
    depth, end = -1, 0
    while end < (last := count()):
        depth += 1
        for start in range(end, last, _AT_ONCE):
            expand(min(start + _AT_ONCE, last))
        end = last
    return depth


def _digested(layout: Layout, count: int, words: Callable[[int, int], _Columns]) -> str:
    """The digest of so many states, whose ``words`` are asked for some at a time."""
    texts = _Texts(layout, WORD)
    parts = range(0, count, _AT_ONCE)
    return _written(sum(_sum(texts.of(words(at, min(at + _AT_ONCE, count)))) for at in parts))


class _Texts:
    """The texts of states that are given in words of so many bits.

    What an entity has in a state is looked up as a whole, where it lies within a word: there are
    few such parts, and many states.
    """

    def __init__(self, layout: Layout, word: int) -> None:
        self._parts = [(shift // word, shift % word, part) for shift, part in _parts(layout)]

    def of(self, columns: _Columns) -> Iterator[bytes]:
        """The text of each state."""
        texts = [
            [part[word >> shift & part.mask] for word in columns[column]]
            for column, shift, part in self._parts
        ]
        return map(b" ".join, zip(*texts, strict=True))


class _Part(dict[int, bytes]):
    """The text of neighbouring fields, by their bits; each is written when it is first met."""

    def __init__(self, layout: Layout, variables: Sequence[Var[Any]]) -> None:
        first = layout.shift[variables[0]]
        self._fields = [
            (
                layout.shift[variable] - first,
                layout.mask(variable),
                {stored(variable, v): show(v).encode() for v in variable.domain.values},
            )
            for variable in variables
        ]
        self.mask = (1 << sum(layout.width[variable] for variable in variables)) - 1

    def __missing__(self, bits: int) -> bytes:
        text = b" ".join(values[bits >> shift & mask] for shift, mask, values in self._fields)
        self[bits] = text
        return text


def _parts(layout: Layout) -> Iterator[tuple[int, _Part]]:
    """Each part with its shift, in the order of the system's variables."""
    for entity in layout.system.entities:
        variables = entity.variables()
        whole = entity.name in layout.part
        for some in [variables] if whole else [[variable] for variable in variables]:
            if some:
                yield layout.shift[some[0]], _Part(layout, some)


def _words(store: Store, start: int, end: int) -> _Columns:
    words = store.layout.words
    at = store.c.search_states(store.handle) + 8 * words * start
    found = (ctypes.c_uint64 * (words * (end - start))).from_address(at)
    return [found[k::words] for k in range(words)]


def _sum(texts: Iterable[bytes]) -> int:
    sha256 = hashlib.sha256
    return sum(int.from_bytes(sha256(text).digest(), "big") for text in texts)


def _written(total: int) -> str:
    return f"{total % _MODULUS:064x}"
