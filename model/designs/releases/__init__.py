"""The releases after the merge: an explicit list."""

from __future__ import annotations

from model.designs.releases import (
    detach_at_claim,
    disassociate_at_unregister,
    no_wait_at_unregister,
    wait_for_group_fd,
)
from model.linux.design import Design

DESIGNS: tuple[Design, ...] = (
    detach_at_claim.design,
    no_wait_at_unregister.design,
    wait_for_group_fd.design,
    disassociate_at_unregister.design,
)
