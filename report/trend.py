"""Small line charts as SVG text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from .tables import Analyte
from .wording import number_text

WIDTH, HEIGHT, MARGIN = 150.0, 36.0, 5.0


def trend_svg(analyte: Analyte) -> Markup:
    """A line over time with the reference range behind it; empty for fewer than two dates.

    The horizontal axis is time in days; the vertical axis holds all values and the range.
    """
    days = [date.fromisoformat(moment).toordinal() for moment, _ in analyte.points]
    if len(set(days)) < 2:
        return Markup("")
    numbers = [number for _, number in analyte.points]
    limits = [limit for limit in (analyte.low, analyte.high) if limit is not None]
    x = [_scaled(day, min(days), max(days), MARGIN, WIDTH - MARGIN) for day in days]
    low, high = min(numbers + limits), max(numbers + limits)
    y = [_scaled(number, low, high, HEIGHT - MARGIN, MARGIN) for number in numbers]
    title = (f"{analyte.name}: {', '.join(number_text(number) for number in numbers)} {analyte.unit} from "
             f"{analyte.points[0][0]} to {analyte.points[-1][0]}")
    return Markup(
        '<svg class="trend" role="img" viewBox="0 0 {w} {h}" width="{w}" height="{h}"><title>{title}</title>'
        '{band}<polyline points="{points}"/>{dots}</svg>').format(
            w=f"{WIDTH:.0f}", h=f"{HEIGHT:.0f}", title=title, band=_band(analyte, low, high),
            points=" ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True)), dots=_dots(x, y))


def _scaled(value: float, low: float, high: float, start: float, end: float) -> float:
    share = 0.5 if high == low else (value - low) / (high - low)
    return start + share * (end - start)


def _band(analyte: Analyte, low: float, high: float) -> Markup:
    if analyte.low is None and analyte.high is None:
        return Markup("")
    top = MARGIN if analyte.high is None else _scaled(analyte.high, low, high, HEIGHT - MARGIN, MARGIN)
    bottom = HEIGHT - MARGIN if analyte.low is None else _scaled(analyte.low, low, high, HEIGHT - MARGIN, MARGIN)
    return Markup('<rect x="0" y="{}" width="{}" height="{}"/>').format(
        f"{top:.1f}", f"{WIDTH:.0f}", f"{max(bottom - top, 1.0):.1f}")


def _dots(x: Sequence[float], y: Sequence[float]) -> Markup:
    last = len(x) - 1
    return Markup("").join(
        Markup('<circle cx="{}" cy="{}" r="{}"/>').format(f"{a:.1f}", f"{b:.1f}", "3" if n == last else "2")
        for n, (a, b) in enumerate(zip(x, y, strict=True)))
