"""Scenarios: short scripts of what administrators and users do, and what each of them is told."""
