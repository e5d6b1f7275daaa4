"""Which conditions hold in stored states: bits for all of them."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Sequence

from model.engines.kernel.native import pointer
from model.engines.kernel.scopes import bundles, read_by
from model.engines.kernel.store import Store
from model.lang import Expr


def answers(
    store: Store,
    conditions: Sequence[Expr[bool]],
    states: int,
    *,
    among: array[int] | None = None,
    without: array[int] | None = None,
) -> array[int]:
    """For each state, which conditions hold: a bit for each, of those that are asked there.

    They are all, or those ``among``, but for those in ``without``.
    """
    scopes, others = bundles(store.system, [read_by([item]) for item in conditions])
    bits = array("i", [k for some in (*scopes, others) for k in some])
    programs = array("i", [store.programs[id(conditions[k])] for k in bits])
    places = array("i", itertools.accumulate(map(len, scopes), initial=0))
    out = array("Q", bytes(8 * states))
    store.check(
        store.c.search_answers(
            *(store.handle, pointer(programs), pointer(bits), len(bits)),
            *(pointer(places), len(scopes), states),
            *(among and pointer(among), without and pointer(without), pointer(out)),
        )
    )
    return out
