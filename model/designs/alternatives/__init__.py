"""What was proposed and rejected: an explicit list."""

from __future__ import annotations

from model.designs.alternatives import (
    claim_failure_ignored,
    domain_as_owner,
    recompute_at_unbind,
    recompute_before_clear,
    recompute_unlocked,
    release_before_restore,
    scan_at_claim,
    scan_at_claim_locked,
    unflagged_stub,
)
from model.linux.design import Design

DESIGNS: tuple[Design, ...] = (
    unflagged_stub.design,
    claim_failure_ignored.design,
    release_before_restore.design,
    scan_at_claim.design,
    domain_as_owner.design,
    scan_at_claim_locked.design,
    recompute_at_unbind.design,
    recompute_before_clear.design,
    recompute_unlocked.design,
)
