"""The release of ownership puts the members that it kept from their driver on the deferred list."""

from __future__ import annotations

from model.designs.bugs import autoprobe_stops_at_refusal
from model.lang import Action, Update, action
from model.linux import vfio
from model.linux.autoprobe import AutoprobedDevice
from model.linux.state import Group


def queue(d: AutoprobedDevice) -> list[Update]:
    """A refused member is on the deferred list from here on."""
    return [d.deferred.becomes(d.deferred | d.refused), d.refused.becomes(False)]


@action(source=vfio.release_dma_owner.source)
def release_dma_owner(g: Group) -> Action:
    """The claim is given back; the deferred worker will offer refused members once more."""
    plain = vfio.release_dma_owner(g)
    members = [d for d in g.devices if isinstance(d, AutoprobedDevice)]
    return Action(
        plain.guard, [*plain.update, *(u for d in members for u in queue(d))], plain.actor
    )


design = autoprobe_stops_at_refusal.design.variant(
    "retry_after_release",
    but="a refusal is noted under group->mutex, and the release queues whoever was refused",
    summary="A device whose autoprobe was refused is probed again when userspace lets go",
    source="scenario row 14 and question 10 of those not settled",
    fate="not posted",
    actions=[release_dma_owner],
)
