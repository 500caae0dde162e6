"""The report as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .html import environment
from .tables import Cited
from .view import View

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$])")
_LEADING = re.compile(r"^(\d+)([.)])(?=\s|$)|^([-+])(?=\s|$)")


def escaped(text: str) -> str:
    """Text in which no character means anything to a Markdown reader, on one line."""
    line = _SPECIAL.sub(r"\\\1", text).replace("&", "&amp;")
    return _LEADING.sub(lambda match: f"{match[1]}\\{match[2]}" if match[1] else f"\\{match[3]}", line)


def citations(cited: Iterable[Cited]) -> str:
    """Links to the evidence list: [E3](#e3)."""
    return " ".join(f"[{item.label}](#{item.first.lower()})" for item in cited)


def markdown_of(view: View) -> str:
    """The whole report as Markdown, evidence listed at the end."""
    maker = environment().overlay(autoescape=False)
    maker.filters |= {"md": escaped, "cites": citations}
    return maker.get_template("report.md.j2").render(view=view, report=view.report).rstrip() + "\n"
