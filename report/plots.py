"""Figures of matplotlib as SVG that stands in a page without style or script of its own, and as PNG for paper.

Equal figures give equal bytes: no date, no random identifier, one font that ships with matplotlib. Colours are Okabe
and Ito's, which people with colour blindness tell apart (jfly.uni-koeln.de/color); nothing is told by colour alone.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, VERMILLION, GREY = "#0072b2", "#d55e00", "#8c8c8c"
INK = "#010101"
"""Of text and axes; in a page it becomes the colour of the text around the figure."""
POINTS_AN_INCH = 72.0
DOTS_AN_INCH = 200
RULES: dict[Any, Any] = {
    "svg.hashsalt": "caseloom", "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 8.0,
    "text.color": INK, "axes.edgecolor": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "axes.formatter.useoffset": False,
    "path.simplify": False, "text.parse_math": False, "timezone": "UTC"}

_DROPPED = re.compile(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", re.DOTALL)
_STYLE = re.compile(r' style="([^"]*)"')
_ID = re.compile(r' id="([^"]+)"')
_NAMED = re.compile(r'<g id="(t-[\w-]+)">')
_USED = re.compile(r'(href="#|url\(#)([^")]+)')
_BREAKS = re.compile(r">\s+<")


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of a size in points."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width / POINTS_AN_INCH, height / POINTS_AN_INCH))


def rules() -> Any:
    """The context in which figures are made and saved."""
    import matplotlib

    return matplotlib.rc_context(RULES)


def svg_of(figure: Figure, title: str, told: Mapping[str, str], style: str) -> Markup:
    """The figure for a page.

    Args:
        figure: drawn within `rules`.
        title: read out in its place.
        told: what is told of parts, by the id (`t-…`) that they were given with `set_gid`.
        style: class of the element.
    """
    written = io.StringIO()
    figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = _DROPPED.sub("", written.getvalue().partition("<svg")[2])
    box = re.search(r'viewBox="([^"]+)"', text)
    inner = text.partition(">")[2].rpartition("</svg>")[0]
    inner = _STYLE.sub(lambda found: _attributes(found[1]), inner).replace("xlink:href", "href")
    inner = _NAMED.sub(lambda found: f"{found[0]}<title>{escape(told[found[1]])}</title>", inner)
    key = hashlib.sha256(f"{title}{inner}".encode()).hexdigest()[:8]
    used = {found[1] for found in _USED.findall(inner)}
    inner = _ID.sub(lambda found: f' id="{key}-{found[1]}"' if found[1] in used else "", inner)
    inner = _BREAKS.sub("><", _USED.sub(rf"\g<1>{key}-\g<2>", inner)).replace(INK, "currentColor").strip()
    return Markup('<svg class="{}" role="img" viewBox="{}"><title>{}</title>{}</svg>').format(
        style, box[1] if box else "0 0 1 1", title, Markup(inner))  # noqa: S704 - matplotlib escapes text, `told` above


def png_of(figure: Figure) -> bytes:
    """The figure for paper; what lies behind it shows through."""
    written = io.BytesIO()
    figure.savefig(written, format="png", dpi=DOTS_AN_INCH, transparent=True, metadata={"Software": None})
    return written.getvalue()


def _attributes(style: str) -> str:
    """CSS declarations as attributes, since the page allows no inline style."""
    pairs = [part.split(":", 1) for part in style.split(";") if ":" in part]
    said = {name.strip(): value.strip() for name, value in pairs}
    said.pop("font-family", None)
    if font := said.pop("font", None):
        size = re.search(r"[\d.]+px", font)
        said |= {"font-size": size[0]} if size else {}
    return "".join(f' {name}="{escape(value)}"' for name, value in said.items())
