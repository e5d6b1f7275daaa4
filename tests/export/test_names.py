"""Mangled names can be read back, so that none are mistaken for each other."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.export.names import CannotExport, Names, decode, encode

WORDS = st.text(alphabet="aZ0x_.-é ", max_size=8) | st.text(max_size=5)


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("dev0.owner_cnt", "dev0__owner_cnt"),
        ("Stage.IDLE", "Stage__IDLE"),
        ("bind_store.dev0.VFIO", "bind_store__dev0__VFIO"),
        ("two-phase", "two___2d_phase"),
        ("a__b", "a___5f__b"),
        ("a._b", "a___2e__b"),
        ("end_", "end___5f_"),
        ("0", "x____0"),
        ("", "x____"),
        ("x____", "x___5f____5f____5f____5f_"),
    ],
)
def test_names_of_ours_stay_readable(name: str, identifier: str) -> None:
    assert encode(name) == identifier


@given(WORDS, st.sampled_from(["", ".-"]), st.booleans())
def test_every_name_can_be_read_back(name: str, kept: str, reserved: bool) -> None:
    identifier = encode(name, lambda _: reserved, kept)
    assert decode(identifier) == name
    assert re.fullmatch(rf"[A-Za-z][A-Za-z0-9_{re.escape(kept)}]*", identifier)
    assert not reserved or identifier != name


def test_a_reserved_word_is_put_behind_a_prefix() -> None:
    assert encode("end", {"end"}.__contains__) == "x____end"


def test_two_things_of_one_name_are_refused() -> None:
    names = Names(lambda _: False)
    one, other = object(), object()
    assert names("Stage.IDLE", one) == names("Stage.IDLE", one)
    with pytest.raises(CannotExport, match="two different things are called"):
        names("Stage.IDLE", other)
