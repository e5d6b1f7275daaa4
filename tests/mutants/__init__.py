"""Designs with one thing dropped, and what becomes of the properties then."""
