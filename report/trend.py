"""Laboratory results over time: a small line for a table, and a chart with axes.

Nothing is told by colour alone: what lies above its range is a triangle that points up, below it one that points down,
within it a dot; what is in doubt is hollow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from markupsafe import Markup

from .plots import BLUE, GREY, VERMILLION, new_figure, png_of, rules, svg_of
from .series import Analyte, Point
from .wording import number_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT, MARGIN = 150.0, 36.0, 5.0
CHART = (300.0, 130.0)
"""Width and height of a chart in points."""
_EPOCH = date(1970, 1, 1).toordinal()
"""Day zero of the axis."""


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
    """The same with axes, for a page; every mark has its date and its value as told by the source for a title."""
    if not analyte.has_trend:
        return Markup("")
    with rules():
        figure = _chart(analyte.points)
        told = {f"t-{n}": _mark_told(point) for n, point in enumerate(analyte.points)}
        return svg_of(figure, _told(analyte), told, "trend-chart")


def trend_picture(analyte: Analyte) -> bytes:
    """The chart as PNG, for paper; the analyte must have a trend."""
    with rules():
        return png_of(_chart(analyte.points))


def _chart(points: Sequence[Point]) -> Figure:
    """Each result as a mark, the range that it came with as a band around it, the latest value beside its mark."""
    figure = new_figure(*CHART)
    axes = figure.add_axes((0.14, 0.17, 0.7, 0.76))
    days = [_day(point.moment) - _EPOCH for point in points]
    margin = max((days[-1] - days[0]) * 0.04, 0.02)
    edges = [days[0] - margin, *((a + b) / 2 for a, b in pairwise(days)), days[-1] + margin]
    shown = [number for point in points for number in (point.number, point.low, point.high) if number is not None]
    room = (max(shown) - min(shown) or abs(shown[0]) or 1.0) * 0.12
    bottom, top = min(shown) - room, max(shown) + room
    for point, start, end in zip(points, edges, edges[1:], strict=False):
        if point.low is not None or point.high is not None:
            axes.fill_between([start, end], bottom if point.low is None else point.low,
                              top if point.high is None else point.high, color=GREY, alpha=0.25, linewidth=0,
                              clip_on=False)
    axes.plot(days, [point.number for point in points], color=BLUE, linewidth=1.1, zorder=2,
              clip_on=False)
    for n, (day, point) in enumerate(zip(days, points, strict=True)):
        colour = VERMILLION if point.side else BLUE
        mark, = axes.plot(day, point.number, {"high": "^", "low": "v"}.get(point.side, "o"), markersize=5.5, zorder=3,
                          clip_on=False, color=colour, markerfacecolor="none" if point.doubtful else colour)
        mark.set_gid(f"t-{n}")
    latest = number_text(points[-1].number) if points[-1].told[0] not in "<>≤≥" else points[-1].told.split(" ")[0]
    axes.annotate(latest, (days[-1], points[-1].number), (6, 0), textcoords="offset points", va="center", weight="bold")
    axes.set(xlim=(edges[0], edges[-1]), ylim=(bottom, top))
    first, last = points[0].moment[:10], points[-1].moment[:10]
    start_tick, end_tick = axes.set_xticks([days[0], days[-1]], [first, last])
    start_tick.label1.set_horizontalalignment("left")
    end_tick.label1.set_horizontalalignment("right")
    years = (date(year, 1, 1).toordinal() - _EPOCH for year in range(int(first[:4]) + 1, int(last[:4]) + 1))
    axes.set_xticks(list(years), minor=True)
    axes.locator_params(axis="y", nbins=4)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


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
    title = _mark_told(point)
    if tip is None:
        return Markup('<circle class="{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
            style, f"{x:.1f}", f"{y:.1f}", f"{size:.1f}", title)
    corners = [(x, y + 1.5 * tip * size), (x - 1.3 * size, y - tip * size), (x + 1.3 * size, y - tip * size)]
    return Markup('<polygon class="{}" points="{}"><title>{}</title></polygon>').format(
        style, " ".join(f"{a:.1f},{b:.1f}" for a, b in corners), title)


def _mark_told(point: Point) -> str:
    several = f", told by {point.sources} sources" if point.sources > 1 else ""
    return f"{point.moment[:16].replace('T', ' ')}: {point.told}{several}"
