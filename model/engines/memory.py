"""How much memory this process has needed."""

from __future__ import annotations

import resource
import sys


def peak_bytes() -> int:
    """The high-water mark of this process's resident memory, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts KiB
