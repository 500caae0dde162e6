"""Measured tables, each a section of one Markdown file that every script writes only its own section of."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path


def machine() -> str:
    """Processor count, architecture, system, Python."""
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def today() -> str:
    """The date of a measurement, UTC."""
    return str(datetime.now(UTC).date())


def write_section(path: Path, title: str, lines: Sequence[str]) -> None:
    """Put a section into a file; a section of the same title is replaced, all others stay as they are."""
    text = path.read_text(encoding="utf-8") if path.exists() else f"# {path.stem.capitalize()}\n"
    head, *sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    fresh = "\n".join([f"## {title}", "", *lines]).rstrip() + "\n"
    found = [place for place, section in enumerate(sections) if section.startswith(f"## {title}\n")]
    sections = [section.rstrip() + "\n" for section in sections]
    if found:
        sections[found[0]] = fresh
    else:
        sections.append(fresh)
    path.write_text("\n".join([head.rstrip() + "\n", *sections]), encoding="utf-8")
