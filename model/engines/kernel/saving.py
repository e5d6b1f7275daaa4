"""A search of the kernel's as bytes that only grow, and the way back."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

from model.engines.explorer import Saved
from model.engines.kernel.store import Store

_NAMES = ("states", "offsets", "targets", "perms", "actions")


def saved(store: Store, since: Mapping[str, int]) -> Saved:
    """What has been found, of each column only what is behind its first ``since`` bytes.

    The columns are the kernel's own memory: they must be used before it expands further states.
    """
    numbers = store.numbers()
    edges = store.sizes()[2]
    notes = {
        "numbers": list(numbers),
        "edges": edges,
        "fired": list(store.fired),
        "met": list(store.met),
        "found": store.found_pairs(),
        "forgets": store.forgets,
    }
    return Saved(notes, _columns(store, numbers.stored, numbers.expanded, edges, since))


def reserve(store: Store, notes: Mapping[str, Any]) -> Mapping[str, memoryview]:
    """Room for the columns of a search with these ``notes``, to be filled in."""
    stored, expanded, *_ = notes["numbers"]
    store.check(store.c.search_reserve(store.handle, stored, notes["edges"]))
    return _columns(store, stored, expanded, notes["edges"], {})


def resume(store: Store, notes: Mapping[str, Any]) -> None:
    """Go on from there, once the columns are filled in."""
    numbers = (ctypes.c_uint64 * len(notes["numbers"]))(*notes["numbers"])
    address = ctypes.addressof(numbers)
    store.check(store.c.search_resume(store.handle, address, notes["edges"]))
    store.fired[:] = bytes(notes["fired"])
    store.met[:] = bytes(notes["met"])
    for claim, state in notes["found"]:
        store.check(store.c.search_note(store.handle, claim, state))
    for first, keep in notes["forgets"]:
        store.forget_from(first, keep)


def _columns(
    store: Store, stored: int, expanded: int, edges: int, since: Mapping[str, int]
) -> dict[str, memoryview]:
    widths = (
        (8 * store.layout.words, stored),
        (8 if store.edge_bytes else 0, expanded + 1),
        (4 if store.edge_bytes else 0, edges),
        (1 if store.edge_bytes and store.parts else 0, edges),
        (2 if store.keeps_actions else 0, edges),
    )
    places = (ctypes.c_void_p * len(_NAMES))()
    store.c.search_columns(store.handle, ctypes.addressof(places))
    found = {}
    for name, place, (width, length) in zip(_NAMES, places, widths, strict=True):
        first, end = since.get(name, 0), width * length
        if first < end:
            view = (ctypes.c_char * (end - first)).from_address(place + first)
            found[name] = memoryview(view).cast("B")
    return found
