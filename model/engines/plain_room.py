"""How much memory the explorer in Python takes, and how much more it may come to need.

The sizes are CPython's; that of what comes after the search was measured and rounded up.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping, Sequence

_ENTRY, _POINTER, _NUMBER = 24, 8, 32
_COPIED = 32 * 2**20  # up to here malloc may copy what it enlarges; beyond, pages are moved
AFTERWARDS = 250
"""Bytes for each state, for traces and again for questions about runs."""


def allocated(
    index: Mapping[int, int], states: Sequence[int], steps: Sequence[array[int]], bits: int
) -> int:
    """The bytes that the stored states, of so many ``bits``, and ``steps`` have now."""
    tables = sum(map(sys.getsizeof, (index, states, *steps)))
    return tables + len(states) * (_NUMBER + _packed(bits))


def growth(index: Mapping[int, int], most: int, more: int, edges: array[int], bits: int) -> int:
    """The bytes that may be needed beyond what is held for ``more`` steps, to ``most`` states."""
    fresh = min(more, most - len(index))
    needed = fresh * (_NUMBER + _packed(bits) + 2 * _POINTER)
    needed += min(_COPIED, _POINTER * len(index)) + min(_COPIED, sys.getsizeof(edges))
    needed += edges.itemsize * (2 * more + len(edges))  # the same ones, turned round
    power = 3
    while _dict_bytes(power) < sys.getsizeof(index) - _POINTER * _ENTRY:
        power += 1
    larger = power
    while 2 * (1 << larger) // 3 < len(index) + fresh:
        larger += 1
    if larger > power:  # the old table is held meanwhile
        needed += _dict_bytes(larger) + (_dict_bytes(larger - 1) if larger > power + 1 else 0)
    return needed + AFTERWARDS * (len(index) + fresh)


def _packed(bits: int) -> int:
    """The bytes of a state, as an integer of so many ``bits``."""
    return -(-sys.getsizeof(1 << bits) // 16) * 16


def _dict_bytes(power: int) -> int:
    """The bytes of a dict of 1 << power slots."""
    width = next(width for width in (1, 2, 4, 8) if power < 8 * width)
    slots = 1 << power
    return slots * width + 2 * slots // 3 * _ENTRY
