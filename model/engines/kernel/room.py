"""How much more memory the kernel may come to need."""

from __future__ import annotations

from model.engines.explorer import Watch
from model.engines.kernel import along
from model.engines.kernel.answers import width
from model.engines.kernel.store import Store

_WORD = 8
_NUMBER = 4
_ACTION = 2
_COPIED = 32 * 2**20  # up to here malloc may copy what it enlarges; beyond, pages are moved
_IN_A_WORD = 4  # numbers of local states
_ROWS = 80  # bytes for a state of the rows it may be in, and of the table they are found by, twice
_LARGE_PAGES = 3 * 2**21  # what three tables may hold of pages that they only begin
_NOTED = 60  # bytes for a violation that is still to be taken over, here and in Python


def allocated(store: Store) -> int:
    """The bytes that the stored states and steps have now."""
    room, slots, _, edge_room, numbered = store.sizes()
    words = store.layout.words + bool(store.edge_bytes)
    each = _WORD * words + _ACTION * bool(store.repeats)
    return each * room + _WORD * slots + store.edge_bytes * edge_room + numbered


def growth(store: Store, states: int, most: int | None, actors: int) -> int:
    """The bytes that may be needed beyond what is held if so many more ``states`` are expanded.

    That is if every action can be taken in each of them and leads to a new state, of which there
    are ``most`` at the most. So many ``actors`` are told apart in traces.
    """
    room, slots, edges, edge_room, numbered = store.sizes()
    numbers = store.numbers()
    words = store.layout.words
    steps = states * len(store.system.actions)
    count = numbers.stored + steps
    if most is not None:
        count = min(count, max(most, numbers.stored))
    in_rows = not (store.edge_bytes or store.parts)
    key = _WORD * -(-len(store.system.entities) // _IN_A_WORD)
    each = _WORD * (words + 1) + _ACTION * bool(store.repeats) + key + _ROWS * in_rows
    needed = each * (count - numbers.stored) + store.edge_bytes * steps
    if not numbered:  # but may be from now on
        needed += key * numbers.stored
    if count > room:
        needed += min(_COPIED, _WORD * words * numbers.stored)
        needed += min(_COPIED, key * numbers.stored)
        needed += min(_COPIED, _WORD * numbers.expanded)
        needed += min(_COPIED, _ACTION * bool(store.repeats) * numbers.stored)
    if edges + steps > edge_room:
        needed += min(_COPIED, store.edge_bytes * edges)
    larger = slots
    while 2 * count > larger:
        larger *= 2
    table = 0
    if larger > slots:  # the old table is held meanwhile
        table = larger + (larger // 2 if larger > 2 * slots else 0)
    if not in_rows:  # for traces, there is another one, in which states are not found by their keys
        table = max(table, 2 * larger - slots)
    needed += _WORD * table
    return needed + _LARGE_PAGES + _NOTED * numbers.found + (_WORD + actors + 1) * count


def questions(watch: Watch, states: int) -> int:
    """The bytes that answers to questions about runs take, of so many ``states``."""
    possible = [width(len(batch)) for batch in along.batches(watch.along)]
    endless = [width(len(batch)) for batch in along.batches([claim.cases for claim in watch.fair])]
    meanwhile = [2 * each + _NUMBER for each in possible] + [
        3 * each + 2 * _NUMBER for each in endless
    ]
    return states * (sum(possible) + 2 * sum(endless) + max(meanwhile, default=0))
