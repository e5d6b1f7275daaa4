"""Engines: machines that decide claims. They never print."""
