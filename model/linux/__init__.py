"""The common ground: devices, groups, driver core, hot-plug, IOMMU core and vfio.

Everything here is what the designs share, under the kernel's own names.
"""
