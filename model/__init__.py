"""A checker for who owns the DMA of an IOMMU group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.checker import check as check

__version__ = "0.1.0"
__all__ = ["__version__", "check"]


def __getattr__(name: str) -> Any:
    if name == "check":  # imported when asked for: `python -m model list` needs no engine
        from model.checker import check

        return check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
