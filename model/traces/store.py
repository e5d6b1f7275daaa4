"""Files that are either written whole or not touched."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path


def write_all(files: Mapping[Path, str]) -> None:
    """Give each file its text, as UTF-8; directories are made where they are missing.

    Every text reaches the disk under a temporary name before the first file is replaced, so that
    a full disk or an interrupt while writing changes nothing. An interrupt between two
    replacements leaves some files new and the others old, and each of them whole. A file that
    already has its text is left alone. Raises OSError as the system gave it.
    """
    written: dict[Path, Path] = {}
    try:
        for path, text in files.items():
            # To rename over a link would replace the link, not the file it leads to.
            target = path.resolve()
            data = text.encode()
            if not _holds(target, data):
                target.parent.mkdir(parents=True, exist_ok=True)
                # Known before it exists, so that an interrupt cannot fall between the two.
                temporary = target.parent / f".{secrets.token_hex(8)}.tmp"
                written[temporary] = target
                _write(temporary, data)
                if target.exists():
                    shutil.copymode(target, temporary)
        for temporary, target in written.items():
            temporary.replace(target)
    finally:
        for temporary in written:
            temporary.unlink(missing_ok=True)


def _holds(target: Path, data: bytes) -> bool:
    """Whether ``target`` has this content. Raises OSError if it exists and is no plain file."""
    if not target.exists():
        return False
    if not target.is_file():
        # Renaming over a device or a pipe would put a plain file in its place.
        raise OSError(errno.EINVAL, "not a regular file", str(target))
    return target.stat().st_size == len(data) and target.read_bytes() == data


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
