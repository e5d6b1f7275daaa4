"""How much memory the process has used."""

from __future__ import annotations

import resource
import sys


def peak_bytes(used: resource.struct_rusage | None = None) -> int:
    """The most memory this process has held so far, or whichever ``used`` tells of, in bytes."""
    peak = (used or resource.getrusage(resource.RUSAGE_SELF)).ru_maxrss
    # The unit is bytes on macOS and KiB everywhere else.
    return peak if sys.platform == "darwin" else peak * 1024
