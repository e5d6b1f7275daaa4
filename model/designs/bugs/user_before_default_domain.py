"""Userspace claims a group that has no default domain yet, and is given one later."""

from __future__ import annotations

from model.designs.bugs import defer_without_default_domain
from model.linux import vfio

design = defer_without_default_domain.design.variant(
    "user_before_default_domain",
    but="userspace is up before the IOMMU is registered, and its claim is not deferred",
    summary="An IOMMU driver is loaded late, and userspace claims before the default domain is set",
    source="a question to B18's fix, which defers the kernel's claim only",
    fate="not known to be reported; not seen in the sources read",
    actions=[vfio.vfio_group_fops_open],
)
