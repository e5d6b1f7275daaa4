"""Which edition of this project is at work: what one wrote, another may not understand."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from model import __version__

_HERE = Path(__file__).parent
_FOLDERS = (_HERE, _HERE.parent / "properties")


@functools.cache
def edition() -> str:
    """The version, and a digest of all sources: changes between two versions count as well."""
    digest = hashlib.sha256()
    for folder in _FOLDERS:
        for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.c")]):
            digest.update(f"{path.relative_to(folder.parent).as_posix()}\0".encode())
            digest.update(path.read_bytes())
    return f"{__version__} ({digest.hexdigest()[:12]})"
