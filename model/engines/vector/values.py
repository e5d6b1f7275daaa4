"""What programs give for many states at once: looked up where they read few bits, else computed."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from model.engines.kernel.programs import (
    ADD,
    AND,
    CALL,
    CONST,
    EQUAL,
    FIELD,
    IF_ELSE,
    LESS,
    MEMBER,
    NOT,
    OR,
    SUBTRACT,
    TABLE_BITS,
    Programs,
)

Word = np.uint64
Words: TypeAlias = list[NDArray[np.uint64]]
"""States as columns: the k-th words of all of them in one array."""
Bits: TypeAlias = NDArray[np.uint64]
Numbers: TypeAlias = NDArray[np.int64]
Truths: TypeAlias = NDArray[np.bool_]
Field: TypeAlias = tuple[int, int, int]
"""Bits of a state: the number of the word, where they begin in it, and how many they are."""

_BINARY = {
    ADD: np.add,
    SUBTRACT: np.subtract,
    LESS: np.less,
    EQUAL: np.equal,
    AND: np.logical_and,
    OR: np.logical_or,
}


def numbers_of(numbers: array[int]) -> NDArray[Any]:
    """``numbers`` as an array of NumPy's, which shares nothing with it."""
    return np.array(numbers, dtype=numbers.typecode)


class Values:
    """The values of ``programs``, over states of so many ``words``."""

    def __init__(self, programs: Programs, words: int) -> None:
        self._programs = programs
        self._words = words
        self.table = cache(self._table)
        self._truths = cache(self._table_of_truths)

    def of(self, program: int, words: Words) -> Numbers:
        """By state, what the program gives."""
        table = self.table(program)
        if table is None:
            return self._run(program, words)
        return table.take(self.index(program, words))

    def true(self, program: int, words: Words) -> Truths:
        """By state, whether the program gives a number other than 0."""
        table = self._truths(program)
        if table is None:
            return _true(self._run(program, words))
        return table.take(self.index(program, words))

    def index(self, program: int, words: Words) -> Numbers:
        """By state, the place of the program's result in its table."""
        found: NDArray[np.uint64] | None = None
        place = 0
        for word, shift, width in self.fields(program):
            field = words[word] >> Word(shift) if shift else words[word]
            field = field & Word((1 << width) - 1)
            if found is None:
                found = field
            else:
                found |= field << Word(place)
            place += width
        if found is None:
            return np.zeros(len(words[0]), np.int64)
        return found.view(np.int64)

    def fields(self, program: int) -> list[Field]:
        """What the program reads."""
        at, fields = self._programs.fields_at, self._programs.fields
        return [
            (fields[3 * k], fields[3 * k + 1], fields[3 * k + 2])
            for k in range(at[program], at[program + 1])
        ]

    def _table(self, program: int) -> Numbers | None:
        """The results for every value of the bits that are read, if those are few."""
        fields = self.fields(program)
        bits = sum(width for _, _, width in fields)
        if bits > TABLE_BITS:
            return None
        index = np.arange(1 << bits, dtype=Word)
        words = [np.zeros(1 << bits, Word) for _ in range(self._words)]
        place = 0
        for word, shift, width in fields:
            words[word] |= (index >> Word(place) & Word((1 << width) - 1)) << Word(shift)
            place += width
        return self._run(program, words)

    def _table_of_truths(self, program: int) -> Truths | None:
        table = self.table(program)
        return None if table is None else _true(table)

    def _run(self, program: int, words: Words) -> Numbers:
        """Runs the bytecode, on a stack of arrays and of single numbers."""
        start, end = self._programs.code_at[program : program + 2]
        code = self._programs.code[start:end]
        stack: list[Any] = []
        at = 0
        while at < len(code):
            word = code[at]
            at += 1
            if word in _BINARY:
                right = stack.pop()
                stack[-1] = np.asarray(_BINARY[word](stack[-1], right)).astype(np.int64)
            elif word == CONST:
                stack.append(np.int64(code[at]))
                at += 1
            elif word == FIELD:
                stack.append(_field(words, code[at : at + 4]))
                at += 4
            elif word == CALL:
                stack.append(self.of(code[at], words))
                at += 1
            elif word == MEMBER:
                members = code[at + 1 : at + 1 + code[at]]
                stack[-1] = np.isin(stack[-1], members).astype(np.int64)
                at += 1 + len(members)
            elif word == NOT:
                stack[-1] = np.asarray(stack[-1] == 0).astype(np.int64)
            elif word == IF_ELSE:
                no, yes = stack.pop(), stack.pop()
                stack[-1] = np.where(stack[-1] != 0, yes, no)
        return np.broadcast_to(stack[-1], len(words[0]))


def _true(numbers: Numbers) -> Truths:
    return np.not_equal(numbers, 0)


def _field(words: Words, place: Sequence[int]) -> Numbers:
    word, shift, width, base = place
    return (words[word] >> Word(shift) & Word((1 << width) - 1)).view(np.int64) + base
