"""Builds the kernel where there is a C compiler; without one everything works, but slower.

``python -m model.engines.kernel.build`` does it by hand; installing does it by itself. It imports
nothing of ours, because it also runs where nothing is installed yet.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("kernel.c")
"""It includes all of the C files beside it, so that the compiler sees everything at once."""
LIBRARY = Path(__file__).with_name("_kernel.so")


def digest() -> str:
    """What tells one version of the C files from another."""
    read = hashlib.sha256()
    for path in [SOURCE, *sorted(SOURCE.parent.glob("*.h"))]:
        read.update(path.read_bytes())
    return read.hexdigest()[:16]


def build(target: Path = LIBRARY) -> str:
    """Build the kernel at ``target``. Returns what hindered it, or an empty text.

    ``CC`` names the compiler, ``CFLAGS`` adds to its options.
    """
    import shlex  # every search asks for the digest, and few build anything
    import shutil
    import subprocess

    compiler = shlex.split(os.environ.get("CC", "")) or [
        next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), "")
    ]
    if not shutil.which(compiler[0]):
        return "there is no C compiler (CC names one)"
    # With -O3 the code is larger by half, and searches are no faster.
    options = ["-O2", "-std=c11", "-shared", "-fPIC", *shlex.split(os.environ.get("CFLAGS", ""))]
    scratch = target.with_suffix(f".{os.getpid()}.tmp")
    command = [*compiler, *options, f'-DDIGEST="{digest()}"', str(SOURCE), "-o", str(scratch)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # the user's own
        if run.returncode:
            return f"{shlex.join(command)} failed: {run.stderr.strip()}"
        scratch.replace(target)  # at once: a search that has the old one open keeps it
    except OSError as error:
        return f"{target.parent}: {error.strerror}"
    finally:
        scratch.unlink(missing_ok=True)
    return ""


if __name__ == "__main__":
    hindrance = build()
    sys.exit(f"the kernel was not built: {hindrance}" if hindrance else 0)
