"""The timeline as one picture: SVG text that needs no script and no other file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from ..core.report import TimelineEvent

WIDTH, LEFT, RIGHT, ROW, FOOT = 760.0, 110.0, 14.0, 26.0, 22.0
LANES = (("study", "Examinations"), ("observation", "Seen"), ("measurement", "Measured"), ("lab", "Laboratory"),
         ("change", "Changes"), ("record", "Health record"))
"""Kinds of event from top to bottom, and what they are called."""
MOST_TICKS = 8
CORNER = 9.0
"""Radius, in pixels, of the dot of many events; one event has a third of it."""


def timeline_svg(events: Sequence[TimelineEvent]) -> Markup:
    """A dot for each day and kind, larger where there are more events; empty for fewer than two days.

    The horizontal axis is time in days. What is dated by month or year stands at its first day, as a ring; what has
    no date is not drawn, and the text above the picture counts it.
    """
    dots = Counter((event.kind, _day(event.occurred_at), len(event.occurred_at) < len("2025-01-01"))
                   for event in events if event.occurred_at)
    days = [day for _, day, _ in dots]
    lanes = [(kind, name) for kind, name in LANES if any(kind == one for one, _, _ in dots)]
    if len(set(days)) < 2:
        return Markup("")
    height = ROW * len(lanes) + FOOT
    first, last = min(days), max(days)
    marks = Markup("").join(_dot(place, day, count, vague, (first, last)) for (kind, day, vague), count in sorted(
        dots.items()) for place, (lane, _) in enumerate(lanes) if lane == kind)
    return Markup('<svg class="chart" role="img" viewBox="0 0 {w} {h}"><title>{title}</title>{lanes}{ticks}{marks}'
                  '</svg>').format(
        w=f"{WIDTH:.0f}", h=f"{height:.0f}", lanes=_lanes([name for _, name in lanes]),
        ticks=_ticks(first, last, height), marks=marks,
        title=f"{sum(dots.values())} events from {date.fromordinal(first)} to {date.fromordinal(last)}")


def undated(events: Sequence[TimelineEvent]) -> int:
    """How many events the picture leaves out."""
    return sum(event.occurred_at is None for event in events)


def _day(moment: str) -> int:
    return date.fromisoformat(f"{moment[:10]}-01-01"[:10]).toordinal()


def _x(day: float, span: tuple[int, int]) -> float:
    return LEFT + (day - span[0]) / (span[1] - span[0]) * (WIDTH - LEFT - RIGHT)


def _dot(lane: int, day: int, count: int, vague: bool, span: tuple[int, int]) -> Markup:
    told = f"{date.fromordinal(day)}: {count} event{'' if count == 1 else 's'}"
    return Markup('<circle class="{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
        "vague" if vague else "day", f"{_x(day, span):.1f}", f"{ROW * (lane + 0.5):.1f}",
        f"{min(CORNER, CORNER / 3 * count ** 0.4):.1f}", told)


def _lanes(names: Sequence[str]) -> Markup:
    return Markup("").join(
        Markup('<line x1="{}" x2="{}" y1="{}" y2="{}"/><text x="0" y="{}">{}</text>').format(
            f"{LEFT:.0f}", f"{WIDTH:.0f}", f"{ROW * (n + 0.5):.1f}", f"{ROW * (n + 0.5):.1f}",
            f"{ROW * (n + 0.5) + 4:.1f}", name) for n, name in enumerate(names))


def _ticks(first: int, last: int, height: float) -> Markup:
    """Years where the span is long, months where it is short."""
    years = range(date.fromordinal(first).year + 1, date.fromordinal(last).year + 1)
    marks = [(date(year, 1, 1).toordinal(), str(year)) for year in years]
    if len(marks) < 2:
        marks = [(first, str(date.fromordinal(first))), (last, str(date.fromordinal(last)))]
    step = -(-len(marks) // MOST_TICKS)
    return Markup("").join(
        Markup('<text class="tick" text-anchor="{}" x="{}" y="{}">{}</text>').format(
            "end" if day == last else "middle" if day != first else "start", f"{_x(day, (first, last)):.1f}",
            f"{height - 5:.1f}", name) for day, name in marks[::step])
