"""The program, run as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import forked


def caseloom(home: Path, *words: str | Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run its entry point in a process of its own, under a state folder of its own; `typed` is its input."""
    return forked.run("caseloom.app.command_line:main", *words, typed=typed, CASELOOM_HOME=str(home))


def program(home: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the installed script itself, loading included."""
    return subprocess.run([str(Path(sys.executable).with_name("caseloom")), *map(str, words)], capture_output=True,
                          text=True, check=False, timeout=120, env=os.environ | {"CASELOOM_HOME": str(home)})
