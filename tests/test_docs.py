"""The documents are run: what they tell a reader to type works and prints what they show."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_document(path: Path, folder: Path) -> None:
    """Write the document's Python blocks as the files they name and run its console blocks."""
    for language, body in BLOCK.findall(path.read_text()):
        if language == "python":
            name = body.split("\n", 1)[0].removeprefix("# ")
            (folder / name).write_text(body)
        elif language == "console":
            for block in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                command, _, expected = block.partition("\n")
                check_console(command, expected, folder)


def check_console(command: str, expected: str, folder: Path) -> None:
    """Run ``command``; each expected line stands in its output, in order; ``...`` is anything."""
    words = command.split()
    assert words[0] == "python", command
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    ran = subprocess.run(
        [sys.executable, *words[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    lines = iter(ran.stdout.splitlines())
    for line in expected.splitlines():
        if line == "...":
            continue
        pattern = re.sub(r" +", " *", line.replace("[", "[[]").replace("...", "*"))
        assert any(fnmatchcase(printed, pattern) for printed in lines), (
            f"`{command}` does not print `{line}`:\n{ran.stdout}{ran.stderr}"
        )


def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    run_document(ROOT / "docs" / "tutorial.md", tmp_path)


def test_a_variant_takes_at_most_twenty_lines() -> None:
    tutorial = (ROOT / "docs" / "tutorial.md").read_text()
    first = next(body for language, body in BLOCK.findall(tutorial) if language == "python")
    assert len([line for line in first.splitlines() if line.strip()]) <= 20


def test_every_link_between_documents_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_draws_the_committed_counterexample() -> None:
    """Of the example that a newcomer is shown first, every line is what the program prints."""
    drawn = ROOT / "counterexamples/unuse_in_probe/no_kernel_dma_in_user_owned_group.txt"
    shown = textwrap.indent(drawn.read_text(), "    ")
    assert shown in (ROOT / "README.md").read_text()
