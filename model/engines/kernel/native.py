"""The C library: where it is, whether it is the right one, and its functions for Python."""

from __future__ import annotations

import ctypes
import functools
from array import array
from collections.abc import MutableSequence
from typing import Any

from model.engines.kernel.build import LIBRARY, digest
from model.engines.kernel.tables import Tables

_INT, _U64 = ctypes.c_int32, ctypes.c_uint64
_POINTER = ctypes.c_void_p

_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "kernel_digest": (ctypes.c_char_p, ()),
    "search_new": (_POINTER, (_POINTER, _U64, ctypes.c_int, _POINTER, _POINTER)),
    "search_free": (None, (_POINTER,)),
    "search_watch": (
        ctypes.c_int,
        (
            *(*[_POINTER] * 4, _INT, *[_POINTER] * 5, _INT),
            *(_POINTER, _INT, _POINTER, _INT, _POINTER),
        ),
    ),
    "search_add": (ctypes.c_int, (_POINTER, _POINTER)),
    "search_expand": (ctypes.c_int, (_POINTER, _U64)),
    "search_find": (ctypes.c_int, (_POINTER, _POINTER, _POINTER, _POINTER)),
    "search_steps": (
        ctypes.c_int,
        (_POINTER, _POINTER, _U64, ctypes.c_int, *[_POINTER] * 4),
    ),
    "search_kept": (ctypes.c_int, (_POINTER, _U64, _POINTER, _POINTER)),
    "search_answers": (ctypes.c_int, (*[_POINTER] * 3, ctypes.c_int)),
    "search_frontier": (_U64, (_POINTER,)),
    "search_lost": (ctypes.c_int, (*[_POINTER] * 3, ctypes.c_int, _POINTER)),
    "search_starving": (
        ctypes.c_int,
        (*[_POINTER] * 4, ctypes.c_int, *[_POINTER] * 2, _INT, _POINTER),
    ),
    "search_mark": (None, (_POINTER, _U64, _U64, _U64, _POINTER)),
    "search_first": (_U64, (_POINTER, ctypes.c_int, _U64, _U64)),
    "search_collect": (_U64, (_POINTER, ctypes.c_int, _U64, _U64, _U64, _POINTER)),
    "search_switches": (
        None,
        (
            *(_POINTER, _U64, _U64, _U64, _POINTER, _U64),
            *(_POINTER, _POINTER, _POINTER, _INT, _POINTER),
        ),
    ),
    "search_states": (_POINTER, (_POINTER,)),
    "search_found": (_POINTER, (_POINTER,)),
    "search_numbers": (None, (_POINTER, _POINTER)),
    "search_forget_found": (None, (_POINTER,)),
    "search_sizes": (None, (_POINTER, _POINTER)),
    "search_columns": (None, (_POINTER, _POINTER)),
    "search_reserve": (ctypes.c_int, (_POINTER, _U64, _U64)),
    "search_resume": (ctypes.c_int, (_POINTER, _POINTER, _U64)),
    "search_note": (ctypes.c_int, (_POINTER, _INT, _U64)),
    "search_forget_from": (ctypes.c_int, (_POINTER, _U64, _POINTER)),
}


_LONG = frozenset(
    f"search_{name}"
    for name in ("expand", "answers", "lost", "starving", "mark", "switches", "first", "free")
)
"""Functions during which other threads may run Python. The others are called thousands of times,
and getting Python back after each of those calls would take longer than the call."""

_PROGRAMS = ("code", "code_at", "fields", "fields_at")
_TABLES = (
    *_PROGRAMS,
    *("guard_mask", "guard_value", "keep_mask", "set_value"),
    *("tests", "tests_at", "updates", "updates_at", "valid"),
    *("bundle", "bundle_at", "rank", "dispatch", "rows", "row", "slot", "fold", "folded"),
    *("through", "ends", "taken", "through_at", "ends_at", "taken_at", "whose"),
    "entity",
)


_COUNTS = (
    *("words", "actions", "programs", "bundles", "dispatches"),
    *("slots", "folds", "hurries", "ways", "forks", "always", "others", "entities"),
)


class Model(ctypes.Structure):
    """``struct model`` of kernel.c."""

    _fields_ = [
        *((name, _INT) for name in _COUNTS),
        *((name, _POINTER) for name in _TABLES),
    ]


class Moves(ctypes.Structure):
    """``struct moves`` of kernel.c."""

    _fields_ = [("mask", _POINTER), ("by", _POINTER), ("most", _INT)]


class Questions(ctypes.Structure):
    """``struct questions`` of kernel.c."""

    _fields_ = [
        *((name, _POINTER) for name in ("program", "bit", "at")),
        *((name, _INT) for name in ("groups", "n")),
    ]


def pointer(numbers: MutableSequence[int]) -> int:
    """The address of ``numbers``, an array or bytearray that outlives its use and does not grow."""
    if isinstance(numbers, array):
        return numbers.buffer_info()[0]
    if not isinstance(numbers, bytearray):
        raise TypeError(type(numbers).__name__)
    return ctypes.addressof((ctypes.c_char * len(numbers)).from_buffer(numbers))


def model_of(tables: Tables) -> Model:
    """``tables`` as the kernel reads them; they must outlive it."""
    made = Model(
        words=tables.layout.words,
        actions=len(tables.layout.system.actions),
        programs=len(tables.programs.code_at) - 1,
        bundles=len(tables.bundle_at) - 1,
        dispatches=len(tables.dispatch) // 4,
        slots=len(tables.parts),
        folds=len(tables.fold) // 5,
        hurries=tables.hurries,
        ways=len(tables.taken_at) - 1,
        forks=tables.forks,
        always=tables.always,
        others=len(tables.row),
        entities=len(tables.layout.system.entities),
    )
    for name in _TABLES:
        holder = tables.programs if name in _PROGRAMS else tables
        setattr(made, name, pointer(getattr(holder, name)))
    return made


@functools.cache
def library() -> ctypes.CDLL | None:
    """The kernel, or None if it was not built, or from another source than is there now."""
    try:
        found, short = ctypes.CDLL(str(LIBRARY)), ctypes.PyDLL(str(LIBRARY))
    except OSError:
        return None
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(found if name in _LONG else short, name, None)
        if function is None:
            return None
        function.restype, function.argtypes = result, arguments
        setattr(found, name, function)
    return found if found.kernel_digest().decode() == digest() else None
