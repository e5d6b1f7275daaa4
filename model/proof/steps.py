"""Places, and the steps between them.

What a step does to members is the same at every place that says the same of what its rule reads.
Such steps share one ``Effect``, and whatever follows from it is worked out once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from model.lang import Value
from model.proof.bounds import bits, mask_of
from model.proof.family import Rule
from model.proof.linear import CONST, COUNTED, Form, Number, below, constant, plus


class Place(tuple[Value, ...]):  # noqa: SLOT001  # tuples have no slots to keep a hash in
    """A value for each shared variable. It is a key everywhere, so its hash is worked out once."""

    _hash: int | None = None

    def __hash__(self) -> int:
        """The hash of the values."""
        if self._hash is None:
            self._hash = super().__hash__()
        return self._hash


@dataclass(frozen=True, eq=False)
class Effect:
    """One rule, for members in the local states ``named``, where no form of ``facts`` is negative.

    ``place`` is where it leads from one of the places. ``after`` are the local states of the named
    members after it. ``moves`` says where every other member goes that does not stay; ``counted``
    gives the growing integers their new values. ``leaves`` holds, for each variable that may leave
    its domain, the facts under which it does.
    """

    rule: Rule
    named: tuple[int, ...]
    facts: tuple[Form, ...]
    place: Place
    after: tuple[int, ...]
    moves: Mapping[int, int]
    counted: Mapping[int, Form]
    leaves: tuple[tuple[str, tuple[Form, ...]], ...] = ()

    @cached_property
    def asked(self) -> tuple[Form, ...]:
        """``facts`` but for those that say that the named members are there, which come first."""
        return self.facts[len(set(self.named)) :]

    @cached_property
    def others(self) -> frozenset[int]:
        """The local states of other members that it says anything about."""
        forms = [*self.asked, *self.counted.values()]
        forms += [fact for _, facts in self.leaves for fact in facts]
        columns = {column for form in forms for column in form if 0 <= column < COUNTED}
        return frozenset(columns.union(self.moves))

    @cached_property
    def who(self) -> int:
        """The mask of ``named``."""
        return mask_of(self.named)

    @cached_property
    def moving(self) -> int:
        """The mask of the local states that other members do not stay in."""
        return mask_of(self.moves)

    @cached_property
    def shifts(self) -> tuple[object, ...]:
        """Who goes from where to where: the same for effects that move members alike."""
        return self.named, self.after, *self.moves.items()

    @cached_property
    def idle(self) -> bool:
        """Whether it leaves all members, and all growing integers, as they are."""
        return self.after == self.named and not self.moves and not self.counted

    @cached_property
    def _moved(self) -> dict[int, int]:
        return {}

    def moved(self, mask: int) -> int:
        """Where other members in the local states ``mask`` are afterwards."""
        here = mask & self.moving
        if not here:
            return mask
        if here not in self._moved:
            self._moved[here] = mask_of(self.moves[number] for number in bits(here))
        return mask & ~here | self._moved[here]


def within(effect: Effect, occupied: frozenset[int]) -> Effect | None:
    """``effect`` where nobody is in a local state outside ``occupied``; None if it is none there.

    Whom it names must be in there.
    """
    if effect.others <= occupied:
        return effect
    asked = _left(effect.asked, occupied)
    if asked is None:
        return None
    leaves = [(name, _left(facts, occupied)) for name, facts in effect.leaves]
    return replace(
        effect,
        facts=(*effect.facts[: -len(effect.asked) or None], *asked),
        moves={old: new for old, new in effect.moves.items() if old in occupied},
        counted={column: _part(form, occupied) for column, form in effect.counted.items()},
        leaves=tuple((name, facts) for name, facts in leaves if facts is not None),
    )


def _left(facts: Iterable[Form], occupied: frozenset[int]) -> tuple[Form, ...] | None:
    """What ``facts`` still ask for, each once; None if that can not be."""
    left: dict[frozenset[tuple[int, Number]], Form] = {}
    for fact in facts:
        form = _part(fact, occupied)
        fixed = constant(form)
        if fixed is None:
            left[frozenset(form.items())] = form
        elif fixed < 0:
            return None
    if any(frozenset(below(form).items()) in left for form in left.values()):
        return None
    return tuple(left.values())


def _part(form: Form, occupied: frozenset[int]) -> Form:
    return {c: n for c, n in form.items() if not 0 <= c < COUNTED or c in occupied}


class Step:
    """An effect where it leads to ``place``, with all members in local states of ``occupied``."""

    __slots__ = ("effect", "occupied", "place")

    def __init__(self, effect: Effect, place: Place, occupied: frozenset[int]) -> None:
        self.effect = effect
        self.place = place
        self.occupied = occupied

    @property
    def rule(self) -> Rule:
        """The rule."""
        return self.effect.rule

    @property
    def named(self) -> tuple[int, ...]:
        """The local states of the members that it names."""
        return self.effect.named

    @property
    def facts(self) -> tuple[Form, ...]:
        """The forms that are not negative where it is taken."""
        return self.effect.facts

    @property
    def after(self) -> tuple[int, ...]:
        """The local states of the named members after it."""
        return self.effect.after

    @property
    def moves(self) -> Mapping[int, int]:
        """Where every other member goes that does not stay."""
        return self.effect.moves

    @property
    def counted(self) -> Mapping[int, Form]:
        """The new values of growing integers, by column."""
        return self.effect.counted

    @property
    def leaves(self) -> tuple[tuple[str, tuple[Form, ...]], ...]:
        """Each variable that may leave its domain, with the facts under which it does."""
        return self.effect.leaves

    def before(self, form: Form) -> Form:
        """``form``, said of the state after the step, as a form over the state before it."""
        total: Form = {CONST: form[CONST]} if CONST in form else {}
        for column, number in form.items():
            if column >= COUNTED:
                total = plus(total, self.counted.get(column, {column: 1}), number)
            elif column in self.occupied:
                total[column] = total.get(column, 0) + number
        for old, new in self.moves.items():
            total = plus(total, {old: form.get(new, 0) - form.get(old, 0)})
        for old, new in zip(self.named, self.after, strict=True):
            moved = self.moves.get(old, old)
            total = plus(total, {CONST: form.get(new, 0) - form.get(moved, 0)})
        return total
