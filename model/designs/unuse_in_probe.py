"""The bus always claims; .probe of vfio and pci-stub gives the claim back."""

from __future__ import annotations

from model.designs import driver_managed_dma
from model.designs.driver_managed_dma import pci
from model.lang import Action, Source, action
from model.linux import iommu, ownership
from model.linux.driver_core import dd
from model.linux.state import Device, Driver, Stage

GIVES_BACK = (Driver.VFIO, Driver.STUB)
PROPOSED = "2021-12-31"


@action(source=pci("pci_dma_configure", version=PROPOSED))
def dma_configure(d: Device, drv: Driver) -> Action | None:
    """The claim is made for every driver: there is no flag."""
    return ownership.configure(d, drv)


@action(source=pci("pci_dma_configure", "-EBUSY", version=PROPOSED))
def dma_configure_busy(d: Device, drv: Driver) -> Action | None:
    """Userspace owns the group: every driver is refused, vfio's as well."""
    return ownership.refuse(d, drv)


@action(source=dd("call_driver_probe"), label=".probe() starts")
def probe_start(d: Device, drv: Driver) -> Action | None:
    """.probe is called; in vfio and pci-stub its first statement gives the claim back."""
    if drv is Driver.NONE:
        return None
    first = Stage.PROBE_ENTRY if drv in GIVES_BACK else Stage.PROBE
    return Action(
        guard=[d.stage == Stage.CONFIGURED, d.driver == drv], update=[d.stage.becomes(first)]
    )


@action(
    source=Source(
        "iommu_device_unuse_dma_api", "drivers/iommu/iommu.c", PROPOSED, "device_lock, group->mutex"
    )
)
def unuse_in_probe(d: Device) -> Action:
    """vfio or pci-stub gives the claim back, inside .probe."""
    return Action(
        guard=[d.stage == Stage.PROBE_ENTRY],
        update=[d.stage.becomes(Stage.PROBE), *iommu.unuse(d)],
    )


@action(source=pci("pci_dma_cleanup", version=PROPOSED))
def dma_cleanup(d: Device, drv: Driver) -> Action | None:
    """The claim is given back for every driver, also where .probe has done so already."""
    return ownership.cleanup(d, drv)


design = driver_managed_dma.design.variant(
    "unuse_in_probe",
    but="the bus claims for every driver, and .probe of vfio and pci-stub gives the claim back",
    summary="The bus claims for every driver; .probe of vfio and pci-stub gives the claim back",
    source="Lu Baolu, 2021-12-31, on [PATCH v4 03/13]",
    fate="withdrawn 48 minutes later because of hot-plug; refused in principle on 2022-01-03",
    actions=[dma_configure, dma_configure_busy, probe_start, unuse_in_probe, dma_cleanup],
)
