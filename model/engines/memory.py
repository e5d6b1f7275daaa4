"""How much memory the process has used."""

from __future__ import annotations

import resource
import sys


def peak_bytes() -> int:
    """The most memory this process has held so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # The unit is bytes on macOS and KiB everywhere else.
    return peak if sys.platform == "darwin" else peak * 1024
