"""Imports between the rooms of the house run one way, and no room's furniture outgrows it."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT = {
    "lang": set[str](),
    "linux": {"lang"},
    "designs": {"lang", "linux"},
    "properties": {"lang", "linux"},
    "traces": {"lang"},
    "engines": {"lang", "traces", "results"},
    "scenarios": {"lang", "linux", "traces"},
    "export": {"lang"},
    "report": {"lang", "traces", "results"},
    "results": {"traces"},
    "certificates": {"lang", "traces", "engines", "results"},
    "proof": {"lang", "traces", "engines", "results", "certificates"},
    "diagrams": {"lang", "engines", "results", "proof"},
    "check": {
        *("lang", "linux", "designs", "properties", "traces", "engines", "results"),
        *("proof", "certificates", "diagrams"),
    },
}
"""What each room may import besides itself. The room cli, which is not listed, may import all."""

CHECK = {
    "model",
    *("model.agreement", "model.catalogue", "model.certifying", "model.checker"),
    "model.cluster",
    *("model.edition", "model.judging", "model.many", "model.proving"),
    *("model.resuming", "model.sending", "model.sweep", "model.workers"),
}
CLI = {
    "model.__main__",
    "model.cli",
    "model.cli_certify",
    "model.cli_check",
    "model.cli_export",
    "model.cli_scenario",
    "model.dump",
    "model.evidence",
    "model.listing",
    "model.presentation",
    "model.matrix",
    "model.watching",
}

LONGER = {
    "model.lang.expr": (460, "the whole vocabulary of expressions reads best in one file"),
}
"""Modules that may have more than 300 lines, each with the reason."""


def modules() -> dict[str, Path]:
    """Every module of ours by its name."""
    found = {}
    for top in ("model", "properties"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def room(module: str) -> str:
    """The room that ``module`` is in."""
    if module in CLI:
        return "cli"
    if module in CHECK:
        return "check"
    if module in {"model.engines.result", "model.engines.memory"}:
        return "results"
    top, *rest = module.split(".")
    return "properties" if top == "properties" else rest[0]


def imported(path: Path) -> Iterator[str]:
    """The modules of ours that ``path`` imports anywhere, inside functions too."""
    known = modules()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write the import in full"
            longer = [f"{node.module}.{alias.name}" for alias in node.names]
            named = [name if name in known else str(node.module) for name in longer]
        else:
            continue
        yield from (name for name in named if name in known)


def code_lines(path: Path) -> int:
    """How many lines hold code: not blank, no comment, no import, no text that stands alone."""
    source = path.read_text(encoding="utf-8")
    apart = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    spoken = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in silent and token.string
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(spoken - apart)


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_what_its_room_may(module: str) -> None:
    here = room(module)
    if here == "cli":
        return
    assert here in MAY_IMPORT, f"{module} is in no room: say in this file which one"
    for name in imported(modules()[module]):
        there = room(name)
        assert there == here or there in MAY_IMPORT[here], (
            f"{module} is in {here} and imports {name} of {there}"
        )


def test_the_table_of_rooms_has_no_cycle() -> None:
    def below(name: str, path: tuple[str, ...] = ()) -> None:
        assert name not in path, " -> ".join((*path, name))
        for other in MAY_IMPORT[name]:
            below(other, (*path, name))

    for name in MAY_IMPORT:
        below(name)


def test_designs_and_properties_never_import_each_other() -> None:
    assert "properties" not in MAY_IMPORT["designs"]
    assert "designs" not in MAY_IMPORT["properties"]


def test_imports_inside_functions_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "late.py"
    path.write_text("def f():\n    from model.lang import expr, show\n", encoding="utf-8")
    assert list(imported(path)) == ["model.lang.expr", "model.lang"]


@pytest.mark.parametrize("module", modules())
def test_a_module_is_short_enough_to_be_read_at_once(module: str) -> None:
    path = modules()[module]
    most, _ = LONGER.get(module, (300, ""))
    assert len(path.read_text(encoding="utf-8").splitlines()) <= most
    if room(module) == "designs":
        assert code_lines(path) <= 80


def test_code_lines_are_counted_without_comments_imports_and_docstrings(
    tmp_path: Path,
) -> None:
    path = tmp_path / "five.py"
    path.write_text(
        '"""A text\n\nof three lines."""\n\nimport os\n\n'
        "# A comment.\nx = [\n    1,  # one\n    # two\n]\n\n\n"
        'def f():\n    """Another."""\n    return x\n',
        encoding="utf-8",
    )
    assert code_lines(path) == 5


@pytest.mark.skipif("model.cli" not in modules(), reason="there is no command line yet")
def test_starting_the_command_line_loads_nothing_slow() -> None:
    slow = "z3 networkx rich numpy distributed"
    program = f"import sys, model.cli; print(*(set({slow!r}.split()) & set(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == []
