"""Folding: local states of an entity that nothing can tell apart, of which one is enough.

What an entity's variables say matters through what reads them: guards, updates and claims. Where
two of its local states leave the same of every one of them, and each step leads from both to
local states of which that is true again, the rest of the system behaves the same beside either.
"""

from __future__ import annotations

from collections.abc import Hashable

from model.engines.local import LEFT, LocalStates


def blocks(local: LocalStates) -> list[int]:
    """By local state, the number of its block: nothing tells the members of a block apart.

    It is the coarsest partition in which members look alike and lead to the same blocks.
    """
    numbers: dict[Hashable, int] = {}
    looks = zip(local.asked, map(tuple, local.seen), strict=True)
    block = [numbers.setdefault(look, len(numbers)) for look in looks]
    while True:
        finer: dict[Hashable, int] = {}
        parted = []
        for k, leads in enumerate(local.ends):
            to = [
                tuple([end if end == LEFT else block[end] for end in ends])
                for ends in leads.values()
            ]
            whole = tuple(ends[:1] if len(set(ends)) == 1 else ends for ends in to)
            parted.append(finer.setdefault((block[k], whole), len(finer)))
        if len(finer) == len(numbers):
            return block
        block, numbers = parted, finer
