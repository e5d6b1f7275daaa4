"""The versions of the series, as posted, and what they began from: an explicit list."""

from __future__ import annotations

from model.designs.series import (
    bridge_exempt_by_header,
    claim_assigns_domain,
    claim_first,
    claim_last,
    release_after_devres,
    release_checks_owner,
)
from model.linux.design import Design

DESIGNS: tuple[Design, ...] = (
    bridge_exempt_by_header.design,
    claim_last.design,
    claim_assigns_domain.design,
    claim_first.design,
    release_checks_owner.design,
    release_after_devres.design,
)
