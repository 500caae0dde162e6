"""Files written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_bytes(path: Path, content: bytes | memoryview, *, private: bool = False) -> Path:
    """Write `content` to a temporary file beside `path`, then put it in its place in one step.

    Args:
        path: the file; folders above it are made.
        content: all of it.
        private: only the owner may read it; else the process's umask decides.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if private:
            unfinished.touch(mode=0o600)
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    return path
