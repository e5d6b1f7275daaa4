"""What several files of tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import Ran, run


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder from which ``everything`` was run; its counterexamples are in ``found``."""
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="session")
def everything(elsewhere: Path) -> Ran:
    """A run of every design."""
    return run("check", "--traces", "found", cwd=elsewhere)
