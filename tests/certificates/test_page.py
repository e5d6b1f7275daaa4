"""The page on certificates does what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.engines.kernel import native
from tests.test_docs import ROOT, run_document


@pytest.mark.kernel
def test_the_commands_of_the_page_print_what_it_shows(tmp_path: Path) -> None:
    if native.library() is None:
        pytest.skip("the kernel was not built, so that Python would check itself")
    run_document(ROOT / "docs" / "certificates.md", tmp_path)
