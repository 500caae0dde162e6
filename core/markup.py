"""HTML for notebooks: short, self-contained, every text escaped, readable on light and dark pages.

No colour but the page's own is set: what stands back is the page's ink thinned, so both themes hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_FRAME = "font-size:13px;line-height:1.45;max-width:60em"
_CELL = ("text-align:left;vertical-align:top;padding:2px 10px 2px 0;border:0;"
         "border-bottom:1px solid rgba(128,128,128,.35)")
_FAINT = "opacity:.75"


class Html(str):
    """Text that is HTML already; any other text is escaped where it is put into HTML."""

    __slots__ = ()


def frame(*parts: str) -> str:
    """The whole: what a `_repr_html_` returns."""
    return f'<div style="{_FRAME}">{"".join(_escaped(part) for part in parts)}</div>'


def heading(text: str) -> Html:
    """A line in bold."""
    return Html(f'<div style="font-weight:600;margin:6px 0 2px">{_escaped(text)}</div>')


def line(text: str, *, faint: bool = False) -> Html:
    """A line."""
    return Html(f'<div{f" style={chr(34)}{_FAINT}{chr(34)}" if faint else ""}>{_escaped(text)}</div>')


def faint(text: str, hint: str = "") -> Html:
    """Words that stand back, with more to be read on hovering."""
    title = f' title="{_escaped(hint)}"' if hint else ""
    return Html(f'<span style="{_FAINT}"{title}>{_escaped(text)}</span>')


def joined(parts: Iterable[str], between: str = " ") -> Html:
    """Parts in a row."""
    return Html(_escaped(between).join(_escaped(part) for part in parts))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """A table; an empty sequence of heads makes none."""
    top = f"<tr>{''.join(_cell('th', head) for head in heads)}</tr>" if heads else ""
    body = "".join(f"<tr>{''.join(_cell('td', text) for text in row)}</tr>" for row in rows)
    return Html(f'<table style="border-collapse:collapse;margin:2px 0">{top}{body}</table>')


def folded(title: str, inside: str) -> Html:
    """What is shown only when somebody opens it."""
    return Html(f"<details><summary>{_escaped(title)}</summary>{_escaped(inside)}</details>")


def picture(png_base64: str, words: str, width: int) -> Html:
    """A picture that is part of the page."""
    return Html(f'<img src="data:image/png;base64,{png_base64}" alt="{_escaped(words)}" width="{width}" '
                'style="max-width:100%">')


def _cell(name: str, text: str) -> str:
    return f'<{name} style="{_CELL}">{_escaped(text)}</{name}>'


def _escaped(text: str) -> str:
    return text if isinstance(text, Html) else escape(text)
