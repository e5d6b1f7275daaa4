"""Groups of many devices: all reachable states at once, as decision diagrams."""
