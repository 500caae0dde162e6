"""The picture of a timeline."""

from __future__ import annotations

import re

from defusedxml.ElementTree import fromstring

from caseloom.core.report import make_event
from caseloom.report.chart import timeline_picture, timeline_svg, undated


def event(kind: str, when: str | None, text: str = "x") -> object:
    return make_event(kind=kind, text=text, occurred_at=when, evidence=("E1",))


def test_a_dot_for_each_day_and_kind_larger_for_more() -> None:
    events = [event("lab", "2024-03-03T08:15", text) for text in "abcd"]
    events += [event("study", "2025-11-11"), event("record", "2024"), event("record", None)]
    svg = str(timeline_svg(events))
    assert svg == str(timeline_svg(events))
    tree = fromstring(svg)
    uses = {group.findtext("title"): next(group.iter("use")) for group in tree.iter("g")
            if group.find("title") is not None}
    assert set(uses) == {"2024-01-01: 1 event", "2024-03-03: 4 events", "2025-11-11: 1 event"}
    assert [title for title, use in uses.items() if use.get("fill-opacity") == "0"] == ["2024-01-01: 1 event"]
    sizes = {path.get("id"): max(map(abs, map(float, re.findall(r"-?[\d.]+", path.get("d") or "0"))))
             for path in tree.iter("path")}
    many, one = (sizes[(uses[title].get("href") or "")[1:]]
                 for title in ("2024-03-03: 4 events", "2025-11-11: 1 event"))
    assert many > one
    assert [text.text for text in tree.iter("text")][-3:] == ["Examinations", "Laboratory", "Health record"]
    assert undated(events) == 1


def test_one_day_alone_is_no_picture() -> None:
    events = [event("lab", "2024-03-03"), event("study", "2024-03-03"), event("lab", None)]
    assert timeline_svg(events) == "" and timeline_picture(events) is None
