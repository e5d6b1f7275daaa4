"""A checker for who owns the DMA of an IOMMU group."""
