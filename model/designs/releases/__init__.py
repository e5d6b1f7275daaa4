"""The releases after the merge: an explicit list."""

from __future__ import annotations

from model.designs.releases import (
    claim_per_device,
    claim_per_device_untyped,
    defer_until_default_domain,
    detach_at_claim,
    disassociate_at_unregister,
    join_in_one_section,
    no_wait_at_unregister,
    release_parks_member,
    release_stops_at_failure,
    reset_fences_claims,
    reset_lets_release_pass,
    reset_refuses_release,
    switch_without_unwind,
    unwind_failed_attach,
    unwind_failed_switch,
    wait_for_group_fd,
)
from model.linux.design import Design

DESIGNS: tuple[Design, ...] = (
    detach_at_claim.design,
    no_wait_at_unregister.design,
    wait_for_group_fd.design,
    disassociate_at_unregister.design,
    switch_without_unwind.design,
    unwind_failed_attach.design,
    unwind_failed_switch.design,
    release_stops_at_failure.design,
    release_parks_member.design,
    join_in_one_section.design,
    claim_per_device.design,
    claim_per_device_untyped.design,
    reset_lets_release_pass.design,
    reset_refuses_release.design,
    defer_until_default_domain.design,
    reset_fences_claims.design,
)
