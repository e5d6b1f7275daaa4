"""Fleeting local states: those that an entity may as well leave at once, whatever others do.

Where all that an entity can do is its own business, that it is done sooner or later makes no
difference: the steps commute with everybody else's, and no claim sees them. Of all interleavings
those are enough in which it is done first. This is partial order reduction; the entity's own
steps are an ample set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from model.engines.explorer import Watch
from model.engines.local import LEFT, Ends, LocalStates
from model.engines.residue import TRUE
from model.lang import Expr, GroundAction

Steps: TypeAlias = dict[int, int]
"""Where rules lead: one local state for each."""


def fleeting(local: LocalStates, block: Sequence[int], watch: Watch) -> set[int]:
    """The numbers of the blocks of fleeting local states.

    Members of one ``block`` count as the same, and one of them stands for all. What else may be
    done while the entity stands in a fleeting state keeps its own steps there as they are, and
    they lead round no cycle of fleeting states, so that nobody else is put off for ever.
    """
    fair = [
        (frozenset(some.actions), some.where)
        for claim in watch.fair
        for case in claim.cases
        for some in case.fair
    ]
    steps = {
        number: found for number in range(len(local.states)) if (found := own_steps(local, number))
    }
    left = {
        number
        for number in steps
        if _unseen(local, block, steps, number) and _is_fair(local, steps, number, fair)
    }
    while gone := {k for k in left if not _stays_within(local, steps, left, k)}:
        left -= gone
    missed = {block[number] for number in range(len(block)) if number not in left}
    onward: dict[int, set[int]] = {}
    for number in sorted(left):
        after = {block[end] for end in steps[number].values()}
        if block[number] not in missed:
            onward.setdefault(block[number], set()).update(after)
    return onward.keys() - _cut(onward)


def own_steps(local: LocalStates, number: int) -> Steps:
    """The entity's own steps there, if they read and write nothing else; else none."""
    found: Steps = {}
    for k, ends in local.ends[number].items():
        rule = local.rules[k]
        if rule.action.actor != local.entity.name:
            continue
        certain = local.rest(rule.guard, number) is TRUE
        if not certain or rule.others or len(ends) > 1 or ends[0] == LEFT:
            return {}
        found[k] = ends[0]
    return found


def _unseen(local: LocalStates, block: Sequence[int], steps: dict[int, Steps], number: int) -> bool:
    """Whether no claim sees the entity's steps there, and whatever else can be done commutes."""
    mine = steps[number]
    for own, after in mine.items():
        if local.asked[after] != local.asked[number]:
            return False
        for other, look in enumerate(local.seen[number]):
            if look not in (None, local.seen[after][other]) and other not in mine:
                return False
        for other, ends in local.ends[number].items():
            if other in mine:
                continue
            if not _commute(block, steps, own, ends, local.ends[after][other]):
                return False
    return True


def _commute(
    block: Sequence[int], steps: dict[int, Steps], own: int, before: Ends, after: Ends
) -> bool:
    """Whether the own step leads from where the other does before it to where it does after it."""
    most = max(len(before), len(after))
    for one, other in zip(_long(before, most), _long(after, most), strict=True):
        if LEFT in (one, other):
            if one != other:
                return False
        elif own not in steps.get(one, {}) or block[steps[one][own]] != block[other]:
            return False
    return True


def _long(ends: Ends, most: int) -> Ends:
    return ends if len(ends) == most else ends * most


def _stays_within(local: LocalStates, steps: dict[int, Steps], left: set[int], number: int) -> bool:
    """Whether all others' steps leave the entity in a fleeting state with the same own steps."""
    mine = steps[number].keys()
    return all(
        end == LEFT or (end in left and steps[end].keys() == mine)
        for other, ends in local.ends[number].items()
        if other not in mine
        for end in ends
    )


def _is_fair(
    local: LocalStates,
    steps: dict[int, Steps],
    number: int,
    fair: Iterable[tuple[frozenset[GroundAction], Expr[bool]]],
) -> bool:
    """Whether runs are fair to the same, the own steps taken first or not.

    Each of the ``fair`` sets comes with where it counts. It must either not notice them, or have
    them taken in the end: then it holds all of them, wherever its condition does, and has nothing
    else to take meanwhile.
    """
    mine = steps[number]
    noticed = {
        other
        for after in mine.values()
        for other, looks in enumerate(zip(local.seen[after], local.seen[number], strict=True))
        if looks.count(None) == 1
    } | mine.keys()
    actions = {local.rules[k].action for k in mine}
    about = {local.rules[k].action for k in noticed}
    impossible = {
        rule.action for k, rule in enumerate(local.rules) if local.seen[number][k] is None
    }
    return all(
        actions <= some <= actions | impossible and local.rest(where, number) is TRUE
        for some, where in fair
        if not some.isdisjoint(about)
    )


def _cut(onward: Mapping[int, set[int]]) -> set[int]:
    """Nodes without which the graph has no cycle: as it comes, not the fewest."""
    cut: set[int] = set()
    done: set[int] = set()
    path: set[int] = set()

    def visit(node: int) -> None:
        if node in path:
            cut.add(node)
        elif node in onward and node not in done:
            path.add(node)
            for after in sorted(onward[node]):
                visit(after)
            path.discard(node)
            done.add(node)

    for start in onward:
        visit(start)
    return cut
