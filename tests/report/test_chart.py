"""The picture of a timeline."""

from __future__ import annotations

from defusedxml.ElementTree import fromstring

from caseloom.core.report import make_event
from caseloom.report.chart import timeline_svg, undated


def event(kind: str, when: str | None, text: str = "x") -> object:
    return make_event(kind=kind, text=text, occurred_at=when, evidence=("E1",))


def test_a_dot_for_each_day_and_kind_larger_for_more() -> None:
    events = [event("lab", "2024-03-03T08:15", text) for text in "abcd"]
    events += [event("study", "2025-11-11"), event("record", "2024"), event("record", None)]
    tree = fromstring(str(timeline_svg(events)))
    dots = tree.findall("circle")
    assert sorted((dot.findtext("title"), dot.get("class")) for dot in dots) == [
        ("2024-01-01: 1 event", "vague"), ("2024-03-03: 4 events", "day"), ("2025-11-11: 1 event", "day")]
    many, one = (float(next(dot for dot in dots if dot.findtext("title").startswith(day)).get("r"))
                 for day in ("2024-03-03", "2025-11-11"))
    assert many > one
    assert [text.text for text in tree.findall("text")][:3] == ["Examinations", "Laboratory", "Health record"]
    assert undated(events) == 1


def test_one_day_alone_is_no_picture() -> None:
    assert timeline_svg([event("lab", "2024-03-03"), event("study", "2024-03-03"), event("lab", None)]) == ""
