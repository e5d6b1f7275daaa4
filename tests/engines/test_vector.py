"""The search with NumPy finds what the explorer in Python finds."""

from __future__ import annotations

import builtins
import itertools
import random
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from model.designs import DESIGNS, driver_managed_dma, unuse_in_probe
from model.engines.choice import Machine, Reductions, Wish, choose
from model.engines.explorer import MakeExplorer, Watch
from model.engines.kernel import native
from model.engines.kernel.programs import Unsuitable
from model.engines.kernel.tables import Part, Tables
from model.engines.layout import Layout, to_words
from model.engines.lowering import Lowered
from model.engines.reductions import reduce_entities
from model.engines.result import Limits, Progress, Report
from model.engines.search import explore
from model.engines.symmetry import NONE, NotInterchangeable
from model.engines.vector.explorer import VectorExplorer
from model.engines.vector.folds import Folds
from model.engines.vector.standing import Standing
from model.engines.vector.states import States
from model.engines.vector.values import Values, Word, Words
from model.lang import Claim, System, all_of, any_of
from model.linux.design import Design, Size
from tests.engines.test_kernel import Wide, asked_of, count_up, same, step_aside
from tests.random_cells import random_cells
from tests.random_systems import random_ending, random_system

COMPARES = pytest.mark.skipif(native.library() is None, reason="the kernel was not built")
NOTHING = Watch([], [], domains=False, deadlocks=False)


@pytest.mark.parametrize("seed", range(300))
def test_on_random_systems_it_finds_the_very_same(seed: int) -> None:
    system, claims = random_system(seed)
    same(explore(system, claims), explore(system, claims, explorer=VectorExplorer), traces=True)


@pytest.mark.parametrize("seed", range(300))
def test_on_random_endings_it_finds_the_very_same(seed: int) -> None:
    system, claim = random_ending(seed)
    same(explore(system, [claim]), explore(system, [claim], explorer=VectorExplorer), traces=True)


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_on_each_design_it_finds_the_very_same(design: Design) -> None:
    system = design.system(Size(0, 1))
    claims = asked_of(system)
    same(explore(system, claims), explore(system, claims, explorer=VectorExplorer), traces=True)


@pytest.mark.parametrize("design", [driver_managed_dma.design, unuse_in_probe.design], ids=str)
def test_of_two_devices_it_finds_the_very_same(design: Design) -> None:
    system = design.system(Size(1, 1))
    claims = asked_of(system)
    same(explore(system, claims), explore(system, claims, explorer=VectorExplorer), traces=True)


def test_states_wider_than_a_word_and_than_two_are_told_apart() -> None:
    for many in (1, 2, 3):
        system = System("wide", [Wide(f"w{k}") for k in range(many)], [count_up, step_aside])
        same(explore(system, []), explore(system, [], explorer=VectorExplorer), traces=True)


@pytest.mark.parametrize("seed", range(0, 300, 5))
def test_a_limit_is_met_exactly_wherever_it_cuts(seed: int) -> None:
    system, claims = random_system(seed)
    states = explore(system, []).states or 0
    for most in {1, 2, 3, states // 2, states - 1, states, states + 1} - {0}:
        limits = Limits(max_states=most)
        cut = explore(system, claims, limits, VectorExplorer)
        plain = explore(system, claims, limits)
        assert (cut.states, cut.transitions) == (plain.states, plain.transitions)
        assert (cut.stopped, cut.left_domain) == (plain.stopped, plain.left_domain)
        for name, found in plain.findings.items():
            assert cut.findings[name].verdict is found.verdict, (most, name)


def test_a_limit_of_a_design_is_met_exactly_and_an_interrupt_keeps_the_figures() -> None:
    system = driver_managed_dma.design.system(Size())
    claims = asked_of(system)
    cut = explore(system, claims, Limits(max_states=1000), VectorExplorer)
    same(explore(system, claims, Limits(max_states=1000)), cut, traces=True)

    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    stopped = explore(system, claims, Limits(progress=interrupt), VectorExplorer)
    assert stopped.stopped == "interrupted"


# -- reductions ----------------------------------------------------------------------------------


def reduced_alike(system: System, claims: list[Claim], reductions: Reductions) -> Report | None:
    """The report with ``reductions``, which must be the kernel's, or None if those are refused."""
    kernel, told = chosen(system, claims, Machine.KERNEL, reductions)
    make, again = chosen(system, claims, Machine.NUMPY, reductions)
    assert again == told.replace("kernel", "numpy", 1)
    if kernel is None or make is None:
        assert kernel is make
        return None
    one = explore(system, claims, explorer=kernel)
    other = explore(system, claims, explorer=make)
    same(one, other, traces=True)
    assert (other.stored, other.forgotten, other.folded) == (one.stored, one.forgotten, one.folded)
    return other


def chosen(
    system: System, claims: list[Claim], machine: Machine, reductions: Reductions
) -> tuple[MakeExplorer | None, str]:
    """What ``choose`` gives, or why the reductions are refused."""
    try:
        return choose(system, claims, machine, reductions)
    except NotInterchangeable as refused:
        return None, str(refused)


def wished(bits: int) -> Reductions:
    """Reductions that are switched on by a bit each."""
    symmetry, forget, fold = (Wish.ON if bits >> k & 1 else Wish.OFF for k in range(3))
    return Reductions(symmetry, forget, fold, Wish.OFF)


@COMPARES
@pytest.mark.parametrize("seed", range(210))
def test_on_random_cells_reductions_find_what_they_find_in_the_kernel(seed: int) -> None:
    system, claims = random_cells(seed, 2 + seed % 2, notes=seed % 3 > 0)
    reduced_alike(system, claims, wished(seed // 6 % 7 + 1))


@COMPARES
@pytest.mark.parametrize("design", DESIGNS[::5], ids=str)
def test_on_designs_reductions_find_what_they_find_in_the_kernel(design: Design) -> None:
    system = design.system(Size(1, 1))
    claims = asked_of(system)
    reductions = Reductions(Wish.AUTO, Wish.ON, Wish.ON)
    assert reduced_alike(system, claims, reductions) is not None


@COMPARES
def test_three_devices_are_searched_with_the_same_reductions_as_in_the_kernel() -> None:
    system = unuse_in_probe.design.system(Size(2, 1))
    reductions = Reductions(partial_order=Wish.OFF)  # which the kernel alone has
    found = reduced_alike(system, asked_of(system)[:12], reductions)
    assert found is not None
    assert found.stored is not None
    assert found.states is not None
    assert found.stored < found.states / 4


# -- its parts -----------------------------------------------------------------------------------


def columns(rows: Sequence[Sequence[int]]) -> Words:
    """Rows of words as columns."""
    return list(np.array(rows, Word).T.copy())


@pytest.mark.parametrize("words", [1, 2, 3])
def test_states_are_numbered_in_the_order_in_which_they_first_come(words: int) -> None:
    rng = random.Random(words)  # noqa: S311  # nobody is to be kept from guessing it
    states, index = States(words, None), dict[tuple[int, ...], int]()
    for batch in (1, 7, 5000, 3, 20000):
        rows = [[rng.randrange(120) << 57 * (w % 2) for w in range(words)] for _ in range(batch)]
        numbers, _, full = states.add(columns(rows))
        assert full is None
        expected = [index.setdefault(tuple(row), len(index)) for row in rows]
        assert numbers.tolist() == expected
        assert states.count == len(index)
    assert states.find(columns([*map(list, index)])).tolist() == list(range(len(index)))
    assert states.find(columns([[2**63 + 1] * words])).tolist() == [-1]


def test_states_whose_hashes_are_alike_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def few(words: Words) -> Any:
        return (words[0] % Word(3)).view(np.int64)

    monkeypatch.setattr("model.engines.vector.states._hashes", few)
    states = States(1, None)
    for start in (0, 50):
        numbers, _, _ = states.add(columns([[k // 2] for k in range(start, start + 200)]))
        assert numbers.tolist() == [k // 2 for k in range(start, start + 200)]


def test_what_has_no_room_is_named_and_is_not_found() -> None:
    states = States(1, 3)
    numbers, _, full = states.add(columns([[5], [5], [6], [5], [7], [6], [8], [7]]))
    assert full == 6
    assert numbers[:6].tolist() == [0, 0, 1, 0, 2, 1]
    assert states.count == 3
    assert states.find(columns([[5], [6], [7], [8]])).tolist() == [0, 1, 2, -1]


def test_the_parts_of_many_states_are_sorted_as_those_of_each() -> None:
    rng = random.Random(1)  # noqa: S311  # as above
    parts = [Part(shift, 7, int(shift >= 64)) for shift in (0, 7, 20, 64, 90, 118)]
    rows = [
        [
            sum(rng.randrange(3) << part.shift % 64 for part in parts if part.shift // 64 == w)
            for w in (0, 1)
        ]
        for _ in range(500)
    ]
    standing, words = Standing(parts), columns(rows)
    found = standing.sorted(words)
    many = [standing.ranks(words), standing.orbits(found)]
    for k, row in enumerate(rows):
        values = [
            [row[b] >> part.shift % 64 & 127 for part in parts if part.block == b] for b in (0, 1)
        ]
        order = [sorted(range(3), key=block.__getitem__) for block in values]
        assert [int(word[k]) for word in found] == [
            sum(
                block[place] << part.shift % 64
                for place, part in zip(places, parts[3 * b :], strict=False)
            )
            for b, (block, places) in enumerate(zip(values, order, strict=True))
        ]
        to = [3 * b + places.index(j) for b, places in enumerate(order) for j in range(3)]
        assert standing.places(words)[k].tolist() == to
        rank, orbit = 0, 1
        for b in (0, 1):
            for j in range(3):
                rank = rank * (3 - j) + sum(to[3 * b + i] < to[3 * b + j] for i in range(j + 1, 3))
            orbit *= len(set(itertools.permutations(values[b])))
        assert [int(column[k]) for column in many] == [rank, orbit]


@pytest.mark.parametrize("bits", [0, 20])
def test_what_is_folded_is_looked_up_or_searched_for(
    bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.engines.vector.folds._TABLE_BITS", bits)
    layout = Layout(driver_managed_dma.design.system(Size(1, 1)))
    fold = reduce_entities(layout.system, NOTHING, NONE, folds=True, hurries=False)[-1]
    entity = fold.entity
    assert fold.others
    states = list(itertools.islice(layout.system.initial_states(), 1))
    first = [layout.system.index[variable] for variable in entity.variables()]
    domains = [variable.domain.values for variable in entity.variables()]

    def packed(local: Sequence[int]) -> list[int]:
        state = list(states[0])
        for place, values, k in zip(first, domains, local, strict=True):
            state[place] = values[k]
        return to_words(layout.pack(tuple(state)), layout.words)

    pairs = [*fold.others, *((other, other) for _, other in fold.others)]
    found = Folds(layout, [fold]).stored(columns([packed(one) for one, _ in pairs]))
    expected = columns([packed(other) for _, other in pairs])
    assert [word.tolist() for word in found] == [word.tolist() for word in expected]


@pytest.mark.parametrize("bits", [0, 3, 12])
def test_conditions_are_the_same_whether_computed_or_looked_up(
    bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.engines.kernel.programs.TABLE_BITS", bits)
    monkeypatch.setattr("model.engines.vector.values.TABLE_BITS", bits)
    for seed in range(30):
        system, _ = random_system(seed)
        rng = random.Random(seed)  # noqa: S311  # as above
        tables = Tables(Layout(system))
        values = Values(tables.programs, tables.layout.words)
        guards = [item for act in system.actions for item in act.guard]
        lowered = Lowered(system)
        states = [
            lowered.pack(tuple(rng.choice(v.domain.values) for v in system.variables))
            for _ in range(50)
        ]
        rows = columns([to_words(state, tables.layout.words) for state in states])
        for condition in (*guards, all_of(guards), any_of(guards)):
            holds = lowered.condition(condition)
            found = values.true(tables.programs.number(condition), rows)
            assert found.tolist() == [bool(holds(state)) for state in states]


# -- the choice of a machine ---------------------------------------------------------------------


def test_without_the_kernel_numpy_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.engines.kernel.store.library", lambda: None)
    monkeypatch.setattr("model.engines.choice.library", lambda: None)
    system = driver_managed_dma.design.system(Size(1, 1))
    make, told = choose(system, [])
    assert told.startswith("numpy; the kernel was not built")
    assert make(system, NOTHING, 1).name == "numpy"
    reduced, told = choose(system, [], reductions=wished(1))
    assert told.startswith("numpy, symmetry of dev0, dev1; the kernel was not built")
    found = explore(system, [], explorer=reduced)
    assert found.states == 25848
    assert (found.stored or 0) < 25848


def test_without_numpy_python_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *others: Any) -> Any:
        if name.partition(".")[0] == "numpy":
            raise ImportError(name)
        return real(name, *others)

    monkeypatch.setattr("model.engines.kernel.store.library", lambda: None)
    monkeypatch.setattr("model.engines.choice.library", lambda: None)
    for name in [name for name in sys.modules if name.startswith("model.engines.vector")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    system = driver_managed_dma.design.system(Size(1, 0))
    make, told = choose(system, [])
    assert told.startswith("python; NumPy is not installed")
    assert explore(system, [], explorer=make).complete
    with pytest.raises(Unsuitable, match="NumPy is not installed"):
        choose(system, [], Machine.NUMPY)


def test_reductions_are_refused_where_there_is_nothing_for_them() -> None:
    system = driver_managed_dma.design.system(Size(1, 0))
    with pytest.raises(Unsuitable, match="need the kernel or NumPy"):
        choose(system, [], Machine.PYTHON, wished(1))
    with pytest.raises(Unsuitable, match="partial order needs the kernel"):
        choose(system, [], Machine.NUMPY, Reductions(partial_order=Wish.ON))
