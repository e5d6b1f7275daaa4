"""What every folder of tests shares."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As a shell has it in what it starts in the background: the programs tested would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With OWNERSHIP_NO_SKIPS=1 a comparison that is skipped has failed: nothing was compared."""
    report = yield
    compares = any(item.get_closest_marker(name) for name in ("peers", "kernel"))
    if report.skipped and compares and os.environ.get("OWNERSHIP_NO_SKIPS") == "1":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"OWNERSHIP_NO_SKIPS=1 is set, but: {reason}"
    return report
