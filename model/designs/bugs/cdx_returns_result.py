"""dma_configure returns what it was answered, refusal and deferral alike."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.bugs import cdx_drops_result
from model.designs.bugs.cdx_drops_result import fixed
from model.linux import driver_core

design = cdx_drops_result.design.variant(
    "cdx_returns_result",
    but="dma_configure returns the refusal, and the firmware's -EPROBE_DEFER as well",
    summary="What would mend cdx_drops_result: return every error, as the other buses do",
    source="B14: what pci, platform, amba and fsl-mc do",
    fate="not known to be posted",
    actions=[
        driver_managed_dma.dma_configure_busy.citing(fixed("cdx_dma_configure", "-EBUSY")),
        driver_core.dma_configure_defer.citing(fixed("cdx_dma_configure", "-EPROBE_DEFER")),
    ],
)
