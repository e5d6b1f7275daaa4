"""Which conditions hold in stored states: bits for all of them."""

from __future__ import annotations

import ctypes
import itertools
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from model.engines.kernel.native import Questions, pointer
from model.engines.kernel.scopes import read_by
from model.engines.kernel.store import Store
from model.lang import Expr, Var

_BITS = 64
_KEY_BITS = 16  # as in kernel.c
_CODES = {array(code).itemsize: code for code in "HIQ"}


def answers(store: Store, conditions: Sequence[Expr[bool]]) -> array[int]:
    """For each state, which conditions hold: a bit for each."""
    out = bits_for(len(conditions), store.numbers().stored)
    asked, _kept = questions(store, [conditions])
    store.check(store.c.search_answers(store.handle, asked, pointer(out), out.itemsize))
    return out


def bits_for(asked: int, states: int) -> array[int]:
    """No bits yet for each state, with room for so many."""
    code = _CODES[width(asked)]
    return array(code, bytes(width(asked) * states))


def width(asked: int) -> int:
    """How many bytes have room for so many bits."""
    return next(size for size in _CODES if size * 8 >= asked)


def questions(store: Store, columns: Sequence[Sequence[Expr[bool]]]) -> tuple[int, object]:
    """The address of a ``struct questions``, and what must outlive its use.

    Each column is a list of conditions, which are numbered for themselves.
    """
    wanted: dict[int, list[int]] = {}
    reads: dict[int, set[Var[Any]]] = {}
    for column, conditions in enumerate(columns):
        for k, item in enumerate(conditions):
            program = store.programs[id(item)]
            wanted.setdefault(program, []).append(_BITS * column + k)
            if program not in reads:
                reads[program] = read_by([item])
    groups, others = _grouped(store.layout.width, reads)
    ordered = [program for some in (*groups, others) for program in some]
    programs = array("i", [program for program in ordered for _ in wanted[program]])
    bits = array("i", [bit for program in ordered for bit in wanted[program]])
    sizes = [sum(len(wanted[program]) for program in group) for group in groups]
    places = array("i", itertools.accumulate(sizes, initial=0))
    made = Questions(*map(pointer, (programs, bits, places)), len(groups), len(bits))
    return ctypes.addressof(made), (made, programs, bits, places)


def _grouped(
    width: Mapping[Var[Any], int], reads: Mapping[int, set[Var[Any]]]
) -> tuple[list[list[int]], list[int]]:
    """Programs in groups that read much the same few bits, and those that read too many."""

    def bits(some: Iterable[Var[Any]]) -> int:
        return sum(width[variable] for variable in some)

    groups: list[tuple[set[Var[Any]], list[int]]] = []
    others: list[int] = []
    for program, read in sorted(reads.items(), key=lambda pair: -bits(pair[1])):
        if bits(read) > _KEY_BITS:
            others.append(program)
            continue
        fits = [group for group in groups if bits(group[0] | read) <= _KEY_BITS]
        near = min(fits, key=lambda group: bits(read - group[0]), default=None)
        if near is None or 2 * bits(read - near[0]) > bits(read):
            near = (set(), [])
            groups.append(near)
        near[0].update(read)
        near[1].append(program)
    return [some for _, some in groups], others
