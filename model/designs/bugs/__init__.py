"""Bugs found after the merge, before and after their fixes: an explicit list."""

from __future__ import annotations

from model.designs.bugs import (
    autoprobe_goes_on_after_refusal,
    autoprobe_off_ignored,
    autoprobe_off_respected,
    autoprobe_stops_at_refusal,
    cdx_drops_deferral,
    cdx_drops_result,
    cdx_returns_result,
    cdx_unclaimed,
    claim_before_default_domain,
    defer_without_default_domain,
    override_before_autoprobe,
    probe_after_ready,
    probe_before_group_join,
    retry_after_release,
    retry_noted_too_late,
    second_call_never_claims,
    second_configure_call,
    test_remove_with_cleanup,
    test_remove_without_cleanup,
    user_before_default_domain,
)
from model.linux.design import Design

DESIGNS: tuple[Design, ...] = (
    cdx_unclaimed.design,
    cdx_drops_result.design,
    cdx_drops_deferral.design,
    cdx_returns_result.design,
    test_remove_without_cleanup.design,
    test_remove_with_cleanup.design,
    probe_before_group_join.design,
    probe_after_ready.design,
    claim_before_default_domain.design,
    defer_without_default_domain.design,
    user_before_default_domain.design,
    second_configure_call.design,
    second_call_never_claims.design,
    autoprobe_stops_at_refusal.design,
    autoprobe_goes_on_after_refusal.design,
    override_before_autoprobe.design,
    retry_after_release.design,
    retry_noted_too_late.design,
    autoprobe_off_ignored.design,
    autoprobe_off_respected.design,
)
