"""Traces: runs of a system, replayed, written and read."""
