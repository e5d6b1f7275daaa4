"""Which machine searches, and whether one state may stand for several."""

from __future__ import annotations

import enum
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from model.engines.explorer import Explorer, Full, MakeExplorer, Watch
from model.engines.kernel.explorer import KernelExplorer
from model.engines.kernel.native import library
from model.engines.kernel.programs import Unsuitable
from model.engines.plain import PlainExplorer
from model.engines.symmetry import (
    NONE,
    NotInterchangeable,
    Symmetry,
    alike,
    closed_initial_states,
    find_symmetry,
)
from model.lang import Claim, System

if TYPE_CHECKING:
    from model.engines.vector.explorer import VectorExplorer

WORTH_IT = 3
"""From so many entities that look alike on, reductions are used unless they are told otherwise."""
_NEARBY = 100_000  # states within which initial states must come to each other

_Maker: TypeAlias = "type[KernelExplorer | VectorExplorer]"
_NOTHING = Watch([], [], domains=False, deadlocks=False)


class Machine(enum.StrEnum):
    """What stores states and takes steps."""

    AUTO = "auto"
    """The kernel, if it was built and has room for the system; else NumPy; else Python."""
    KERNEL = "kernel"
    """The kernel, in C."""
    NUMPY = "numpy"
    """NumPy, which takes the steps from many states at once and needs no compiler."""
    PYTHON = "python"
    """Nothing but Python."""


class Wish(enum.StrEnum):
    """Whether to do something: if it pays, always, or never."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True)
class Reductions:
    """Ways to store fewer states: which of them to use.

    ``symmetry`` lets one state stand for all that differ by an exchange of entities, ``forget``
    leaves out what only violated claims read, ``fold`` lets one state of an entity stand for all
    that nothing tells apart, and ``partial_order`` lets an entity go first where no claim sees its
    steps and they commute with all others.
    """

    symmetry: Wish = Wish.AUTO
    forget: Wish = Wish.AUTO
    fold: Wish = Wish.AUTO
    partial_order: Wish = Wish.AUTO

    @property
    def asked_for(self) -> bool:
        """Whether one of them must be used."""
        return Wish.ON in (self.symmetry, self.forget, self.fold, self.partial_order)

    def __str__(self) -> str:
        wishes = vars(self).items()
        return ", ".join(f"{name.replace('_', ' ')} {wish}" for name, wish in wishes)


USUAL = Reductions()
UNREDUCED = Reductions(*[Wish.OFF] * 4)


def choose(
    system: System,
    claims: Sequence[Claim],
    machine: Machine = Machine.AUTO,
    reductions: Reductions = USUAL,
) -> tuple[MakeExplorer, str]:
    """Makes the explorer for ``system``, and says which one it is and why.

    A reduction is used if it is wished, or if there are enough entities that look alike and
    nothing speaks against it. Raises Unsuitable and NotInterchangeable for a wish that cannot be
    met.
    """
    if machine is Machine.PYTHON:
        if reductions.asked_for:
            raise Unsuitable("reductions need the kernel or NumPy")
        return PlainExplorer, "python"
    makers = {Machine.KERNEL: _kernel, Machine.NUMPY: _numpy}
    if machine is not Machine.AUTO:
        return _reduced(makers[machine](), system, claims, reductions)
    missing = ""
    for make in makers.values():
        try:
            found, told = _reduced(make(), system, claims, reductions)
        except Unsuitable as reason:
            missing = f"{reason}; {missing}" if missing else str(reason)
        else:
            return found, f"{told}; {missing}" if missing else told
    if reductions.asked_for:
        raise Unsuitable(missing)
    return PlainExplorer, f"python; {missing}"


def _kernel() -> _Maker:
    if library() is None:
        raise Unsuitable("the kernel was not built: python -m model.engines.kernel.build says why")
    return KernelExplorer


def _numpy() -> _Maker:
    try:  # only here: importing NumPy takes longer than many a search
        from model.engines.vector.explorer import VectorExplorer
    except ImportError as error:
        raise Unsuitable(f"NumPy is not installed ({error})") from None
    return VectorExplorer


def _reduced(
    make: _Maker, system: System, claims: Sequence[Claim], reductions: Reductions
) -> tuple[MakeExplorer, str]:
    """Makes an explorer that uses those of the ``reductions`` that pay. Raises as ``choose``."""
    pays = max(map(len, alike(system)), default=0) >= WORTH_IT

    def wished(wish: Wish) -> bool:
        return wish is Wish.ON or (wish is Wish.AUTO and pays)

    made: Explorer | None = None
    found, told = NONE, ""
    if wished(reductions.symmetry):
        found, told, made = _symmetry(make, system, claims, reductions.symmetry)
    if made is None:
        made = make(system, _NOTHING, 1, found)
    forgets, folds = wished(reductions.forget), wished(reductions.fold)
    reduced = functools.partial(make, symmetry=found, forgets=forgets, folds=folds)
    if make is KernelExplorer:
        reduced = functools.partial(reduced, hurries=wished(reductions.partial_order))
    elif reductions.partial_order is Wish.ON:
        raise Unsuitable("partial order needs the kernel")
    return reduced, f"{made.name}{told}"


def _symmetry(
    make: _Maker, system: System, claims: Sequence[Claim], wish: Wish
) -> tuple[Symmetry, str, Explorer | None]:
    """The symmetry, what there is to say of it, and an explorer that has used it, if one has."""
    try:
        found = find_symmetry(system, claims)
        made = _check_initial_states(make, system, found)
    except NotInterchangeable as reason:
        if wish is Wish.ON:
            raise
        return NONE, f", no symmetry: {reason}", None
    blocks = " and ".join(f"{', '.join(e.name for e in block)}" for block in found.blocks)
    return found, f", symmetry of {blocks}" if blocks else "", made


def _check_initial_states(make: _Maker, system: System, symmetry: Symmetry) -> Explorer | None:
    """Raise NotInterchangeable unless every exchange of a reachable state is reachable.

    That holds if all initial states can be come to from those whose exchanges are initial too.
    Returns the explorer that has shown it, if that was needed.
    """
    closed, others = closed_initial_states(system, symmetry)
    if not others:
        return None
    explorer = make(system, _NOTHING, _NEARBY, symmetry)
    end = 0
    try:
        for state in closed:
            explorer.add(state)
        while end < explorer.count and not all(map(explorer.contains, others)):
            end = explorer.count
            explorer.expand(end)
    except Full:
        pass
    if not all(map(explorer.contains, others)):
        raise NotInterchangeable("some start otherwise than others, and no run makes up for it")
    return explorer
