"""Folding: local states of an entity that nothing can tell apart, of which one is enough.

What an entity's variables say matters through what reads them: guards, updates and claims. Where
two of its local states leave the same of every one of them, and each step leads from both to
local states of which that is true again, the rest of the system behaves the same beside either.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from operator import itemgetter
from typing import TypeAlias

from model.engines.local import LEFT, Ends, LocalStates

_Reader: TypeAlias = Callable[[Sequence[Hashable]], Hashable]


def blocks(local: LocalStates) -> list[int]:
    """By local state, the number of its block: nothing tells the members of a block apart.

    It is the coarsest partition in which members look alike and lead to the same blocks.
    """
    numbers: dict[Hashable, int] = {}
    looks = zip(local.asked, map(tuple, local.seen), strict=True)
    block = [numbers.setdefault(look, len(numbers)) for look in looks]
    wide: dict[Ends, int] = {}
    onward = [_reader(leads, wide, len(block)) for leads in local.ends]
    while True:
        finer: dict[Hashable, int] = {}
        where = [*block, *(_blocks_of(ends, block) for ends in wide), LEFT]
        parted = [
            finer.setdefault((here, to(where)), len(finer))
            for here, to in zip(block, onward, strict=True)
        ]
        if len(finer) == len(numbers):
            return block
        block, numbers = parted, finer


def _reader(leads: Mapping[int, Ends], wide: dict[Ends, int], states: int) -> _Reader:
    """Tells which blocks a local state's steps lead to, from a list that has them.

    The blocks of all ``states`` are there, then those of ``wide`` ends, of which there are several,
    and at last ``LEFT``.
    """
    places = [
        ends[0] if len(ends) == 1 else states + wide.setdefault(ends, len(wide))
        for ends in leads.values()
    ]
    return itemgetter(*places, LEFT, LEFT)  # at least two are read, to get a tuple


def _blocks_of(ends: Ends, block: Sequence[int]) -> Hashable:
    to = [LEFT if end == LEFT else block[end] for end in ends]
    return to[0] if len(set(to)) == 1 else tuple(to)
