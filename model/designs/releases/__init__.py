"""The releases after the merge: an explicit list."""

from __future__ import annotations

from model.designs.releases import (
    disassociate_at_unregister,
    no_wait_at_unregister,
    wait_for_group_fd,
)
from model.linux.design import Design

DESIGNS: tuple[Design, ...] = (
    no_wait_at_unregister.design,
    wait_for_group_fd.design,
    disassociate_at_unregister.design,
)
