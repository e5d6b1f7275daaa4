"""What was proposed and rejected: an explicit list."""

from __future__ import annotations

from model.designs.alternatives import (
    claim_failure_ignored,
    release_before_restore,
    unflagged_stub,
)
from model.linux.design import Design

DESIGNS: tuple[Design, ...] = (
    unflagged_stub.design,
    claim_failure_ignored.design,
    release_before_restore.design,
)
