"""Which machine searches, and whether one state may stand for several."""

from __future__ import annotations

import enum
import functools
from collections.abc import Sequence

from model.engines.explorer import Full, MakeExplorer, Watch
from model.engines.kernel.explorer import KernelExplorer
from model.engines.kernel.native import library
from model.engines.kernel.programs import Unsuitable
from model.engines.plain import PlainExplorer
from model.engines.symmetry import (
    NONE,
    NotInterchangeable,
    Symmetry,
    closed_initial_states,
    find_symmetry,
)
from model.lang import Claim, System

WORTH_IT = 3
"""From so many interchangeable entities on, symmetry is used unless it is told otherwise."""
_NEARBY = 100_000  # states within which initial states must come to each other

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


def choose(
    system: System,
    claims: Sequence[Claim],
    machine: Machine,
    symmetry: Wish,
    forget: Wish = Wish.AUTO,
) -> tuple[MakeExplorer, str]:
    """Makes the explorer for ``system``, and says which one it is and why.

    What only violated claims read is forgotten wherever symmetry is used, unless it is wished
    otherwise.

    Raises Unsuitable and NotInterchangeable for a wish that cannot be met.
    """
    if machine in (Machine.NUMPY, Machine.PYTHON) and Wish.ON in (symmetry, forget):
        raise Unsuitable("symmetry and forgetting need the kernel")
    if machine is Machine.PYTHON:
        return PlainExplorer, "python"
    if machine is Machine.NUMPY:
        return _vector(system), "numpy"
    try:
        found, told = _symmetry(system, claims, symmetry)
        forgets = forget is Wish.ON or (forget is Wish.AUTO and bool(found.blocks))
        make = functools.partial(KernelExplorer, symmetry=found, forgets=forgets)
        make(system, _NOTHING, 1)
    except Unsuitable as found:
        reason = found
        if machine is Machine.KERNEL or Wish.ON in (symmetry, forget):
            raise
    else:
        return make, f"kernel{told}"
    try:
        return _vector(system), f"numpy: {reason}"
    except Unsuitable as another:
        return PlainExplorer, f"python: {another}"


def _vector(system: System) -> MakeExplorer:
    """The explorer that uses NumPy. Raises Unsuitable."""
    try:  # only here: importing NumPy takes longer than many a search
        from model.engines.vector.explorer import VectorExplorer
    except ImportError as error:
        raise Unsuitable(f"NumPy is not installed ({error})") from None
    VectorExplorer(system, _NOTHING, 1)
    return VectorExplorer


def _symmetry(system: System, claims: Sequence[Claim], wish: Wish) -> tuple[Symmetry, str]:
    if wish is Wish.OFF or library() is None:
        return NONE, ""
    try:
        found = find_symmetry(system, claims)
        if wish is Wish.AUTO and max(map(len, found.blocks), default=0) < WORTH_IT:
            return NONE, ""
        _check_initial_states(system, found)
    except NotInterchangeable as reason:
        if wish is Wish.ON:
            raise
        return NONE, f", no symmetry: {reason}"
    blocks = " and ".join(f"{', '.join(e.name for e in block)}" for block in found.blocks)
    return found, f", symmetry of {blocks}" if blocks else ""


def _check_initial_states(system: System, symmetry: Symmetry) -> None:
    """Raise NotInterchangeable unless every exchange of a reachable state is reachable.

    That holds if all initial states can be come to from those whose exchanges are initial too.
    """
    closed, others = closed_initial_states(system, symmetry)
    if not others:
        return
    explorer = KernelExplorer(system, _NOTHING, _NEARBY, symmetry)
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
