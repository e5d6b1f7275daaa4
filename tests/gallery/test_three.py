"""The page on three devices says what the search finds."""

from __future__ import annotations

import pytest

from model.catalogue import find
from model.designs import DESIGNS
from model.engines.kernel.native import library
from model.engines.result import Limits, Verdict
from model.linux.design import Size
from model.sweep import Job
from tests.gallery.three import PAGE, SIZE, answers, row

FEW = ("driver_managed_dma", "cdx_returns_result", "wait_for_group_fd", "retry_after_release")


def shown() -> dict[str, list[str]]:
    """The rows of the page by design."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {cells[0]: cells for cells in rows if cells[0] in {d.name for d in DESIGNS}}


def test_every_design_has_a_row() -> None:
    assert shown().keys() == {design.name for design in DESIGNS}


@pytest.mark.kernel
@pytest.mark.skipif(library() is None, reason="the kernel was not built")
@pytest.mark.parametrize("name", FEW)
def test_a_row_is_what_the_search_finds(name: str) -> None:
    assert shown()[name] == row(answers(Job(find(name), SIZE), Limits()))


def test_what_breaks_with_three_devices_breaks_with_two() -> None:
    for name, cells in shown().items():
        entry = find(name)
        broken = [text.partition(" (")[0] for text in cells[1].split("<br>") if "(" in text]
        for asked in broken:
            assert entry.expected(asked, Size()) is Verdict.VIOLATED, f"{name}: {asked}"
