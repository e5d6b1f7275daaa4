"""What is claimed of every design. A property never imports a design."""

from __future__ import annotations

from model.lang import Property, every_action_fires, no_deadlock, type_invariant
from properties import accounting, autoprobe, capability, iommufd, lifetime, locks, safety

PROPERTIES: tuple[Property, ...] = (
    type_invariant,
    every_action_fires,
    capability.userspace_can_own_the_group,
    safety.no_kernel_dma_in_user_owned_group,
    safety.no_user_claim_beside_kernel_dma,
    safety.no_member_on_kernel_domain_in_user_owned_group,
    safety.no_kernel_memory_within_user_reach,
    safety.device_fd_only_on_vfio_device,
    safety.kernel_dma_runs_on_kernel_domain,
    safety.open_device_is_on_user_domain,
    safety.user_domain_only_within_container,
    safety.no_probe_of_dead_device,
    safety.driver_pointer_is_clear_when_unbound,
    safety.no_bug_on,
    accounting.owner_cnt_equals_claims_held,
    accounting.owner_cnt_never_below_zero,
    accounting.no_claim_taken_from_another,
    accounting.bound_kernel_dma_driver_holds_a_claim,
    capability.vfio_never_refused_in_user_owned_group,
    capability.stub_never_refused_in_user_owned_group,
    capability.hotplugged_member_can_join_its_user,
    capability.user_claim_refused_only_for_kernel_dma,
    capability.kernel_driver_refused_only_in_user_owned_group,
    capability.group_can_be_claimed_again,
    capability.kernel_driver_can_bind_after_release,
    capability.bind_result_is_truthful,
    capability.bind_result_is_reported_once,
    no_deadlock,
    capability.device_lock_is_always_dropped,
    lifetime.only_a_bound_vfio_driver_keeps_a_group_owned,
    lifetime.unbind_needs_no_closing_of_the_group_fd,
    lifetime.failed_switch_leaves_no_member_behind,
    locks.no_lock_cycle,
    iommufd.one_context_per_group,
    iommufd.claimed_device_reaches_only_its_own_context,
    iommufd.no_device_claim_beside_kernel_dma,
    iommufd.context_never_refused_in_its_own_group,
    iommufd.context_claim_only_on_vfio_device,
    autoprobe.refused_member_reaches_vfio_by_autoprobe,
    autoprobe.refused_or_deferred_probe_is_retried_or_reported,
    autoprobe.refused_device_is_queued_at_release,
    autoprobe.overridden_device_is_never_refused,
    autoprobe.added_member_can_be_held_unbound,
)
"""Type invariant and exercise first, then safety, accounting and capability."""
