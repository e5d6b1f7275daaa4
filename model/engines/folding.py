"""Folding: local states of an entity that nothing can tell apart, of which one is enough.

What an entity's variables say matters through what reads them: guards, updates and claims. Where
two of its local states leave the same of every one of them, and each step leads from both to
local states of which that is true again, the rest of the system behaves the same beside either.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from operator import itemgetter
from typing import TypeAlias

from model.engines.local import LEFT, Ends, LocalStates

_Reader: TypeAlias = Callable[[Sequence[int]], Hashable]


def blocks(local: LocalStates) -> list[int]:
    """By local state, the number of its block: nothing tells the members of a block apart.

    It is the coarsest partition in which members look alike and lead to the same blocks.
    """
    numbers: dict[Hashable, int] = {}
    looks = zip(local.asked, map(tuple, local.seen), strict=True)
    block = [numbers.setdefault(look, len(numbers)) for look in looks]
    divided = {k for leads in local.ends for k, ends in leads.items() if len(ends) > 1}
    onward = [_reader(leads, divided) for leads in local.ends]
    while True:
        finer: dict[Hashable, int] = {}
        block.append(LEFT)  # what LEFT is the place of
        parted = [
            finer.setdefault((block[k], to(block)), len(finer)) for k, to in enumerate(onward)
        ]
        block.pop()
        if len(finer) == len(numbers):
            return block
        block, numbers = parted, finer


def _reader(leads: Mapping[int, Ends], divided: Collection[int]) -> _Reader:
    """Tells which blocks a local state's steps lead to.

    It is one for each rule, or several for rules whose ends are ``divided``.
    """
    # At least two are read, to get a tuple.
    read = itemgetter(*[ends[0] for k, ends in leads.items() if k not in divided], LEFT, LEFT)
    several = [ends for k, ends in leads.items() if k in divided]
    if not several:
        return read
    return lambda block: (read(block), *[_blocks_of(ends, block) for ends in several])


def _blocks_of(ends: Ends, block: Sequence[int]) -> Hashable:
    to = [block[end] for end in ends]
    return to[0] if len(set(to)) == 1 else tuple(to)
