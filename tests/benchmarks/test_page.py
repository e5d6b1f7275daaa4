"""Medians, ratios, and the page made of a record."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchmarks.__main__ import DOCS
from benchmarks.contenders import CONTENDERS
from benchmarks.figures import Spread, best, of, ratio, short, spread
from benchmarks.page import START, page
from benchmarks.plots import compared, grown
from benchmarks.record import Record, dumps, loads
from benchmarks.session import Measurement

SYMMETRIC = "kernel, symmetry"
KERNEL, SPIN, SLOWER = "kernel", "SPIN, breadth first", "SPIN, as exported"


def took(contender: str, *seconds: float, devices: int = 2) -> list[Measurement]:
    """A measurement for each round, of a search that took so long."""
    one = Measurement(contender, devices, 0, 1.0, 0.0, "", 0.0, 50 << 20, 1 << 20, 600, 900, 600)
    return [
        replace(one, round=k, run_seconds=time + 0.5, search_seconds=time)
        for k, time in enumerate(seconds)
    ]


MEASURED = [
    *took(KERNEL, 1, 2, 4),
    *took(SPIN, 10, 8, 12),
    *took(SLOWER, 20, 20, 20),
    replace(took(KERNEL, 0, devices=1)[0], peak_bytes=45 << 20, stored=200),
    Measurement("python", 2, 0, 0.0, 300.0, "more than 300 s"),
]
RECORD = Record(
    taken="2026-01-02",
    design="some_design",
    properties=["safe", "sound"],
    sizes=[1, 2],
    rounds=3,
    timeout=300,
    growth_timeout=60,
    cores=2,
    versions=["Python 3", "Spin 6"],
    absent={"TLC": "not there: TLC_JARS"},
    compared=MEASURED,
    grown=[
        *took(SYMMETRIC, 1, devices=1),
        replace(took(SYMMETRIC, 3)[0], states=9000, stored=1500),
        Measurement(SYMMETRIC, 3, 0, 0.0, 60.0, "more than 60 s"),
    ],
)


def search(one: Measurement) -> float:
    return one.search_seconds


def test_a_spread_is_the_median_with_the_least_and_the_greatest() -> None:
    assert spread([3, 1, 2]) == Spread(2, 1, 3)
    assert spread([4, 1, 2, 3]) == Spread(2.5, 1, 4)
    assert spread([3, 1, 2]).text == "2 (1..3)"
    assert spread([2, 2.0001]).text == "2"


@pytest.mark.parametrize(
    ("figure", "text"),
    [(0.0, "0"), (0.0123456, "0.0123"), (1.234, "1.23"), (99.5, "99.5"), (1234567.8, "1,234,568")],
)
def test_figures_have_three_digits(figure: float, text: str) -> None:
    assert short(figure) == text


def test_a_ratio_is_taken_round_by_round() -> None:
    # 10/1, 8/2 and 12/4; the ratio of the medians would be 5.
    assert ratio(MEASURED, SPIN, KERNEL, 2, search) == Spread(4, 3, 10)


def test_a_ratio_is_of_the_rounds_that_both_have() -> None:
    assert ratio([*took(KERNEL, 1, 2), *took(SPIN, 10)], SPIN, KERNEL, 2, search) == (10, 10, 10)


def test_the_best_of_a_checker_has_the_least_median() -> None:
    of_spin = [contender for contender in CONTENDERS if contender.checker == "SPIN"]
    assert best(MEASURED, of_spin, 2, search) == SPIN
    assert best(MEASURED, of_spin, 1, search) is None


def test_answers_are_those_that_were_in_time() -> None:
    assert [one.round for one in of(MEASURED, KERNEL, 2)] == [0, 1, 2]
    assert of(MEASURED, "python", 2) == []


def row(text: str, head: str, after: str) -> list[str]:
    """The cells of the first row behind ``after`` that begins with ``head``."""
    lines = text.partition(after)[2].splitlines()
    line = next(line for line in lines if line.startswith(f"| {head} "))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_page_keeps_what_people_wrote_and_shows_what_was_measured() -> None:
    text = page(f"# Title\n\nWords.\n\n{START}\nOld figures.\n", RECORD)
    assert text.startswith(f"# Title\n\nWords.\n\n{START}\n2026-01-02; `some_design`, 2 properties")
    assert "Old figures" not in text
    assert "Left out: TLC, not there: TLC_JARS." in text
    # Search, and the whole process with 1 s of building: 11.5/2.5, 9.5/3.5, 13.5/5.5.
    assert row(text, KERNEL, "## Ratios at 2 devices")[:4] == [
        KERNEL,
        "4 (3..10)",
        "-",
        "2.71 (2.45..4.6)",
    ]
    assert row(text, "python", "## Ratios")[1:] == ["-"] * 7
    told = row(text, KERNEL, "## 2 devices: 600 states, 900 transitions")
    assert told == [
        KERNEL,
        "2 (1..4)",
        "3.5 (2.5..5.5)",
        "1",
        "300",
        "600",
        "50",
        "87,381",
        "13,107",
    ]
    assert row(text, "python", "## 2 devices")[1] == "more than 300 s"
    assert row(text, KERNEL, "## 1 device:")[4] == "-"  # too short to be timed


def test_the_page_shows_what_was_aimed_at_beside_what_was_measured() -> None:
    thrifty = [replace(one, peak_bytes=30 << 20) for one in took(SLOWER, 20, 20, 20)]
    kept = [one for one in MEASURED if one.contender != SLOWER]
    text = page("", replace(RECORD, compared=[*kept, *thrifty]))
    found = [row(text, f"kernel, {what}, SPIN", "## What was") for what in ("search", "memory")]
    assert [one[1:] for one in found] == [["at least 10", "4 (3..10)"], ["at least 1", "1"]]
    assert row(text, "numpy, search, SPIN", "## What was")[1:] == ["at least 4", "-"]
    assert row(text, "kernel, whole, TLC", "## What was")[1:] == ["at least 100", "-"]


def test_the_page_shows_where_growth_ends() -> None:
    text = page("", RECORD)
    # With m = 15 local states: (1 + 15) / 2.
    assert row(text, "2", f"### {SYMMETRIC}")[:6] == ["2", "9,000", "15", "1,500", "2.5", "8"]
    assert row(text, "3", f"### {SYMMETRIC}")[:2] == ["3", "more than 60 s"]


def test_a_peak_that_could_not_be_seen_is_told_as_a_bound() -> None:
    low = [replace(one, peak_bytes=1 << 20) for one in took(SPIN, 1, 1, 1)]
    text = page("", replace(RECORD, compared=[*took(KERNEL, 1, 1, 1), *low]))
    assert row(text, SPIN, "## 2 devices")[6] == "at most 1"
    assert row(text, KERNEL, "## Ratios")[6] == "at most 0.02"


def test_what_is_too_short_to_be_timed_gives_no_ratio() -> None:
    text = page("", replace(RECORD, compared=[*took(KERNEL, 1, 1, 1), *took(SPIN, 0, 0, 0)]))
    assert row(text, KERNEL, "## Ratios")[1] == "-"
    assert row(text, SPIN, "## 2 devices")[4] == "-"


def test_the_same_record_gives_the_same_pictures() -> None:
    assert compared(RECORD) == compared(RECORD)
    assert KERNEL in compared(RECORD)
    assert "more than" not in grown(RECORD)


def test_a_record_is_read_as_it_was_written() -> None:
    assert loads(dumps(RECORD)) == RECORD
    other = json.dumps({**json.loads(dumps(RECORD)), "version": 2})
    with pytest.raises(ValueError, match="version 2"):
        loads(other)


def test_the_committed_page_is_that_of_the_committed_record() -> None:
    text = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    kept = DOCS / "benchmarks.json"
    if not kept.exists():
        assert text.endswith(f"{START}\nNothing has been measured yet.\n")
        return
    assert page(text, loads(kept.read_text(encoding="utf-8"))) == text
