"""Bugs found after the merge, before and after their fixes: an explicit list."""

from __future__ import annotations

from model.linux.design import Design

DESIGNS: tuple[Design, ...] = ()
