"""Montages and heat maps, drawn by matplotlib in a font that ships with it: equal input gives equal pixels.

White ground and dark letters, so that they print; no colour tells anything alone.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_AN_INCH = 150
RULES: dict[Any, Any] = {"font.family": "DejaVu Sans", "font.size": 7.5, "axes.linewidth": 0.5,
                         "text.parse_math": False}


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of a size in pixels."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width / DOTS_AN_INCH, height / DOTS_AN_INCH), dpi=DOTS_AN_INCH, layout="constrained")


def rules() -> Any:
    """The context in which figures are made and turned into pictures."""
    import matplotlib

    return matplotlib.rc_context(RULES)


def picture_of(figure: Figure) -> Image.Image:
    """The figure's pixels."""
    written = io.BytesIO()
    figure.savefig(written, format="png", dpi=DOTS_AN_INCH, metadata={"Software": None})
    written.seek(0)
    return Image.open(written).convert("RGB")


def hexed(colour: tuple[int, int, int]) -> str:
    """A colour as matplotlib takes it."""
    return "#{:02x}{:02x}{:02x}".format(*colour)
