"""Laboratory results over time as SVG text: a small line for a table, and a chart with axes.

Nothing is told by colour alone: what lies above its range is a triangle that points up, below it one that points down,
within it a dot; what is in doubt is hollow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from markupsafe import Markup

from .series import Analyte, Point
from .wording import number_text

WIDTH, HEIGHT, MARGIN = 150.0, 36.0, 5.0
CHART, LEFT, RIGHT, TOP, FOOT = (360.0, 170.0), 54.0, 60.0, 12.0, 20.0
"""Size of a chart and the room around its plot, in pixels."""
LEAST_BETWEEN_LABELS = 12.0
"""Pixels between the baselines of two labels of an axis."""
LETTER = 6.2
"""Pixels for a letter of a label."""


@dataclass(frozen=True)
class Plot:
    """From dates and numbers to pixels.

    Args:
        days: first and last day.
        numbers: least and greatest number.
        x: where the first and the last day are drawn.
        y: where the least and the greatest number are drawn.
    """

    days: tuple[float, float]
    numbers: tuple[float, float]
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, day: float) -> float:
        """Horizontal place of a day."""
        return _scaled(day, *self.days, *self.x)

    def height(self, number: float) -> float:
        """Vertical place of a number."""
        return _scaled(number, *self.numbers, *self.y)


def trend_svg(analyte: Analyte) -> Markup:
    """A line over time with the reference ranges behind it; empty for fewer than two dates."""
    if not analyte.has_trend:
        return Markup("")
    plot = _plot(analyte.points, (MARGIN, WIDTH - MARGIN), (HEIGHT - MARGIN, MARGIN))
    last = len(analyte.points) - 1
    dots = Markup("").join(_mark(plot, point, 3.2 if n == last else 2.0) for n, point in enumerate(analyte.points))
    return Markup('<svg class="trend" role="img" viewBox="0 0 {w} {h}" width="{w}" height="{h}"><title>{title}</title>'
                  '{band}{line}{dots}</svg>').format(
        w=f"{WIDTH:.0f}", h=f"{HEIGHT:.0f}", title=_told(analyte), band=_bands(plot, analyte.points),
        line=_line(plot, analyte.points), dots=dots)


def trend_chart(analyte: Analyte) -> Markup:
    """The same with axes: limits of the latest range and the extremes on the left, first and last date below, the
    latest value beside its mark. Every mark has its date and its value as told by the source for a title.
    """
    if not analyte.has_trend:
        return Markup("")
    width, height = CHART
    points = analyte.points
    plot = _plot(points, (LEFT, width - RIGHT), (height - FOOT - 8, TOP + 4))
    marks = Markup("").join(_mark(plot, point, 3.6) for point in points)
    return Markup('<svg class="trend-chart" role="img" viewBox="0 0 {w} {h}"><title>{title}</title>{band}{axis}{days}'
                  '{line}{marks}{latest}</svg>').format(
        w=f"{width:.0f}", h=f"{height:.0f}", title=_told(analyte), band=_bands(plot, points),
        axis=_axis(plot, points), days=_days(plot, points), line=_line(plot, points), marks=marks,
        latest=_latest(plot, points[-1]))


def _plot(points: Sequence[Point], x: tuple[float, float], y: tuple[float, float]) -> Plot:
    days = [_day(point.moment) for point in points]
    shown = [point.number for point in points]
    shown += [limit for point in points for limit in (point.low, point.high) if limit is not None]
    return Plot((min(days), max(days)), (min(shown), max(shown)), x, y)


def _told(analyte: Analyte) -> str:
    told = ", ".join(f"{point.told} on {point.moment[:10]}" for point in analyte.points)
    return f"{analyte.name}: {told}"


def _day(moment: str) -> float:
    """Days, the time of day as written."""
    day = float(date.fromisoformat(moment[:10]).toordinal())
    if len(moment) < len("2025-01-01T00:00"):
        return day
    time = datetime.fromisoformat(moment[:16])
    return day + timedelta(hours=time.hour, minutes=time.minute) / timedelta(days=1)


def _scaled(value: float, low: float, high: float, start: float, end: float) -> float:
    share = 0.5 if high == low else (value - low) / (high - low)
    return start + share * (end - start)


def _line(plot: Plot, points: Sequence[Point]) -> Markup:
    return Markup('<polyline points="{}"/>').format(
        " ".join(f"{plot.at(_day(point.moment)):.1f},{plot.height(point.number):.1f}" for point in points))


def _bands(plot: Plot, points: Sequence[Point]) -> Markup:
    """Each result's own reference range, from halfway to the one before to halfway to the one after."""
    places = [plot.at(_day(point.moment)) for point in points]
    between = [(a + b) / 2 for a, b in pairwise(places)]
    edges = [plot.x[0] - MARGIN, *between, plot.x[1] + MARGIN]
    runs: list[tuple[float, float, Point]] = []
    for point, (start, end) in zip(points, pairwise(edges), strict=True):
        if runs and (runs[-1][2].low, runs[-1][2].high) == (point.low, point.high):
            runs[-1] = (runs[-1][0], end, point)
        else:
            runs.append((start, end, point))
    return Markup("").join(_band(plot, *run) for run in runs)


def _band(plot: Plot, start: float, end: float, point: Point) -> Markup:
    if point.low is None and point.high is None:
        return Markup("")
    bottom, top = plot.y
    top = top - MARGIN if point.high is None else plot.height(point.high)
    bottom = bottom + MARGIN if point.low is None else plot.height(point.low)
    return Markup('<rect class="range" x="{}" y="{}" width="{}" height="{}"/>').format(
        f"{start:.1f}", f"{top:.1f}", f"{end - start:.1f}", f"{max(bottom - top, 1.0):.1f}")


def _mark(plot: Plot, point: Point, size: float) -> Markup:
    """A dot, or a triangle that points to where the value lies outside its range; hollow where it is in doubt."""
    x, y = plot.at(_day(point.moment)), plot.height(point.number)
    tip = {"high": -1.0, "low": 1.0}.get(point.side)
    style = f"{point.side or 'within'}{' doubtful' if point.doubtful else ''}"
    several = f", told by {point.sources} sources" if point.sources > 1 else ""
    title = f"{point.moment[:16].replace('T', ' ')}: {point.told}{several}"
    if tip is None:
        return Markup('<circle class="{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
            style, f"{x:.1f}", f"{y:.1f}", f"{size:.1f}", title)
    corners = [(x, y + 1.5 * tip * size), (x - 1.3 * size, y - tip * size), (x + 1.3 * size, y - tip * size)]
    return Markup('<polygon class="{}" points="{}"><title>{}</title></polygon>').format(
        style, " ".join(f"{a:.1f},{b:.1f}" for a, b in corners), title)


def _axis(plot: Plot, points: Sequence[Point]) -> Markup:
    """Limits of the latest range and the least and greatest value, those that have room; limits come first."""
    limits = [limit for limit in (points[-1].low, points[-1].high) if limit is not None]
    numbers = [point.number for point in points]
    placed: list[tuple[float, str, bool]] = []
    for number, is_limit in (*((limit, True) for limit in limits), (max(numbers), False), (min(numbers), False)):
        y = plot.height(number)
        if all(abs(y - other) >= LEAST_BETWEEN_LABELS for other, _, _ in placed):
            placed.append((y, number_text(number), is_limit))
    return Markup("").join(
        Markup('<text class="{}" text-anchor="end" x="{}" y="{}">{}</text>').format(
            "limit" if is_limit else "extreme", f"{LEFT - 12:.0f}", f"{y + 4:.1f}", text)
        for y, text, is_limit in placed)


def _days(plot: Plot, points: Sequence[Point]) -> Markup:
    """First and last date, and the turns of the years between them where there is room."""
    first, last = points[0].moment[:10], points[-1].moment[:10]
    y = f"{CHART[1] - 6:.0f}"
    ends = Markup('<text x="{}" y="{}">{}</text><text text-anchor="end" x="{}" y="{}">{}</text>').format(
        f"{LEFT - 8:.0f}", y, first, f"{CHART[0] - RIGHT + 8:.0f}", y, last)
    room = (LEFT - 8 + 11 * LETTER, CHART[0] - RIGHT + 8 - 11 * LETTER)
    years, reached = Markup(""), room[0]
    for year in range(int(first[:4]) + 1, int(last[:4]) + 1):
        x = plot.at(float(date(year, 1, 1).toordinal()))
        years += Markup('<line x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
            f"{x:.1f}", f"{x:.1f}", f"{CHART[1] - FOOT:.0f}", f"{CHART[1] - FOOT + 4:.0f}")
        if x - 2 * LETTER >= reached and x + 2 * LETTER <= room[1]:
            years += Markup('<text text-anchor="middle" x="{}" y="{}">{}</text>').format(f"{x:.1f}", y, str(year))
            reached = x + 3 * LETTER
    return ends + years


def _latest(plot: Plot, point: Point) -> Markup:
    text = number_text(point.number) if point.told[0] not in "<>≤≥" else point.told.split(" ")[0]
    return Markup('<text class="latest" x="{}" y="{}">{}</text>').format(
        f"{plot.at(_day(point.moment)) + 9:.1f}", f"{plot.height(point.number) + 4:.1f}", text)
