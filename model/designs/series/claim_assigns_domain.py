"""v8 with the fix it was merged with: a claim always assigns a domain."""

from __future__ import annotations

from model.designs.series import claim_last
from model.linux import late_group, vfio

design = claim_last.design.variant(
    "claim_assigns_domain",
    but="a claim puts the group on a blocking domain, and so does leaving the container's",
    summary="The bus claims last in dma_configure, and the user's claim blocks the group's DMA",
    source="commit 0286300e6045; bug B1, Qian Cai, 2022-05-02",
    fate="merged in 5.19 with the series",
    actions=[
        late_group.members_only(vfio.set_container),
        late_group.members_only(vfio.unset_container),
        late_group.members_only(vfio.group_release),
    ],
    without=["set_container_without_detach_dev"],
)
