"""The timeline as one picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from markupsafe import Markup

from ..core.report import TimelineEvent
from .plots import BLUE, GREY, new_figure, png_of, rules, svg_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_EPOCH = date(1970, 1, 1).toordinal()
"""Day zero of the axis."""

WIDTH, ROW, FOOT = 560.0, 20.0, 20.0
"""Of the picture, of a lane and of the axis below, in points."""
LANES = (("study", "Examinations"), ("observation", "Seen"), ("measurement", "Measured"), ("lab", "Laboratory"),
         ("change", "Changes"), ("record", "Health record"))
"""Kinds of event from top to bottom, and what they are called."""
MOST_TICKS = 8
LARGEST = 11.0
"""Diameter in points of the mark of many events; one event has a third of it."""


def timeline_svg(events: Sequence[TimelineEvent]) -> Markup:
    """A dot for each day and kind, larger where there are more events; empty for fewer than two days.

    The horizontal axis is time in days. What is dated by month or year stands at its first day, as a ring; what has
    no date is not drawn, and the text above the picture counts it.
    """
    dots = _dots(events)
    days = {day for _, day, _ in dots}
    if len(days) < 2:
        return Markup("")
    told = {f"t-{n}": f"{date.fromordinal(day)}: {count} event{'' if count == 1 else 's'}"
            for n, ((_, day, _), count) in enumerate(dots.items())}
    title = f"{sum(dots.values())} events from {date.fromordinal(min(days))} to {date.fromordinal(max(days))}"
    with rules():
        return svg_of(_drawn(dots), title, told, "chart")


def timeline_picture(events: Sequence[TimelineEvent]) -> bytes | None:
    """The same as PNG, for paper; None where there is nothing to draw."""
    dots = _dots(events)
    if len({day for _, day, _ in dots}) < 2:
        return None
    with rules():
        return png_of(_drawn(dots))


def _dots(events: Sequence[TimelineEvent]) -> dict[tuple[str, int, bool], int]:
    """How many events there are by kind, day, and whether the day is not known precisely."""
    known = {kind for kind, _ in LANES}
    return dict(sorted(Counter((event.kind, _day(event.occurred_at), len(event.occurred_at) < len("2025-01-01"))
                               for event in events if event.occurred_at and event.kind in known).items()))


def _drawn(dots: Mapping[tuple[str, int, bool], int]) -> Figure:
    lanes = [(kind, name) for kind, name in LANES if any(kind == one for one, _, _ in dots)]
    places = {kind: place for place, (kind, _) in enumerate(lanes)}
    height = ROW * len(lanes) + FOOT
    figure = new_figure(WIDTH, height)
    axes = figure.add_axes((0.16, FOOT / height, 0.82, 1 - FOOT / height))
    for n, ((kind, day, vague), count) in enumerate(dots.items()):
        mark, = axes.plot(day - _EPOCH, places[kind], "o", color=BLUE, zorder=3, alpha=0.75,
                          markerfacecolor="none" if vague else BLUE, clip_on=False,
                          markersize=min(LARGEST, LARGEST / 3 * count ** 0.4))
        mark.set_gid(f"t-{n}")
    axes.hlines(range(len(lanes)), 0, 1, transform=axes.get_yaxis_transform(), color=GREY, alpha=0.35, linewidth=0.6,
                clip_on=False)
    axes.set_yticks(range(len(lanes)), [name for _, name in lanes])
    axes.set_ylim(len(lanes) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    days = [day for _, day, _ in dots]
    ticks = _ticks(min(days), max(days))
    axes.set_xticks([day - _EPOCH for day, _ in ticks], [label for _, label in ticks])
    axes.spines[["top", "right", "left"]].set_visible(False)
    return figure


def _ticks(first: int, last: int) -> list[tuple[int, str]]:
    """The turns of years, a few of them where there are many; first and last day where there is one turn at most."""
    years = range(date.fromordinal(first).year + 1, date.fromordinal(last).year + 1)
    if len(years) < 2:
        return [(day, str(date.fromordinal(day))) for day in (first, last)]
    return [(date(year, 1, 1).toordinal(), str(year)) for year in years[::-(-len(years) // MOST_TICKS)]]


def undated(events: Sequence[TimelineEvent]) -> int:
    """How many events the picture leaves out."""
    return sum(event.occurred_at is None for event in events)


def _day(moment: str) -> int:
    return date.fromisoformat(f"{moment[:10]}-01-01"[:10]).toordinal()
