"""What was proposed and rejected: an explicit list."""

from __future__ import annotations

from model.linux.design import Design

DESIGNS: tuple[Design, ...] = ()
