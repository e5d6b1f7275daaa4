"""What other checkers really print, recorded at one device, is read for what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import answers
from benchmarks.answers import Answer, Reader, Unlike

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> str:
    return (RECORDED / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("read", "name", "found"),
    [
        (answers.spin, "spin-holds.txt", Answer(464, 1433, 464, 0.0)),
        (answers.rumur, "rumur-holds.txt", Answer(464, 1433, 464, None)),
        (answers.tlc, "tlc-holds.txt", Answer(464, None, 464, None)),
        (answers.ours, "ours-holds.json", Answer(464, 1433, 464, 0.007)),
    ],
)
def test_all_tell_the_same_of_the_same_system(read: Reader, name: str, found: Answer) -> None:
    assert read(recorded(name), 1) == found


def test_the_choice_among_initial_states_is_no_step_of_the_system() -> None:
    found = answers.spin(recorded("spin-starts.txt"), 2)
    assert (found.states, found.transitions) == (25848, 117080)


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (answers.spin, "spin-violated.txt"),
        (answers.spin, "spin-shallow.txt"),
        (answers.rumur, "rumur-violated.txt"),
        (answers.tlc, "tlc-violated.txt"),
        (answers.ours, "ours-undetermined.json"),
    ],
)
def test_a_search_that_has_not_seen_everything_is_refused(read: Reader, name: str) -> None:
    with pytest.raises(Unlike):
        read(recorded(name), 1)


@pytest.mark.parametrize("read", [answers.spin, answers.rumur, answers.tlc])
def test_what_says_nothing_is_refused(read: Reader) -> None:
    with pytest.raises(Unlike):
        read("<rumur_run/>", 1)


def test_a_property_that_our_own_search_finds_violated_is_named() -> None:
    said = recorded("ours-holds.json").replace('"holds"', '"violated"', 1)
    with pytest.raises(Unlike, match="no_kernel_dma_in_user_owned_group: violated"):
        answers.ours(said, 1)


def test_a_property_that_our_own_search_calls_vacuous_is_told() -> None:
    said = recorded("ours-holds.json").replace('"holds"', '"vacuous"', 1)
    assert answers.ours(said, 1).vacuous == "no_kernel_dma_in_user_owned_group"
