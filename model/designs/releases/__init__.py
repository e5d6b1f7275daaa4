"""The releases after the merge: an explicit list."""

from __future__ import annotations

from model.linux.design import Design

DESIGNS: tuple[Design, ...] = ()
