"""Made-up results on paper: one way of drawing for each structure."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from .cells import ASIDES, cells_of, range_text, value_text
from .content import Printed, Report, truth_row
from .heads import date_text, draw_head
from .layouts import Layout
from .sheet import Sheet, length

Rows = list[dict[str, Any]]


class Drawing:
    """One report being drawn, and the truth of what was drawn."""

    def __init__(self, report: Report, layout: Layout, rng: random.Random) -> None:
        """Open the document."""
        self.report, self.layout, self.rng = report, layout, rng
        self.sheet = Sheet(layout, lambda sheet: draw_head(sheet, report, layout))
        self.rows: Rows = []
        self.previous: Rows = []
        self._panel = ""

    def draw(self) -> None:
        """Draw all of it."""
        forms = {"table": self._table, "leaders": self._leaders, "inline": self._inline, "sides": self._sides,
                 "stacked": self._stacked,
                 "cumulative": self._cumulative, "flowsheet": self._flowsheet}
        forms[self.layout.structure]()
        if self.layout.flag == "bold":
            self.sheet.text(45, "Results in bold type lie outside the expected values.", size=self.layout.size - 2)

    def _tell(self, one: Printed | None) -> None:
        if one is not None:
            self.rows.append(truth_row(one, self.report, self.sheet.page, self.layout))

    def _heading_of_panel(self, panel: str, x: float = 45.0) -> None:
        """Head a panel when it changes."""
        if panel == self._panel or self.layout.panels == "column":
            return
        self._panel = panel
        self.sheet.room(4)
        self.sheet.down(0.4)
        caps = self.layout.panels == "caps"
        if self.layout.panels == "boxed":
            self.sheet.band(self.sheet.y - self.layout.size, self.sheet.y + 3)
        self.sheet.text(x, panel.upper() if caps else panel, bold=self.layout.panels in ("bold", "boxed"))
        self.sheet.down()
        if self.layout.heading_per == "panel":
            self._headings()

    def _headings(self) -> None:
        spots = dict(self.layout.columns)
        for cell, words in self.layout.headings:
            if cell not in spots:
                continue
            moved = self.layout.align if cell in ("value", "low", "high") else "left"
            self.sheet.text(spots[cell] + (35 if moved == "right" else 18 if moved == "centre" else 0), words,
                            bold=True, align=moved)
        if self.layout.headings:
            self.sheet.line(45, self.sheet.y + 3, self.sheet.right, self.sheet.y + 3)
            self.sheet.down()

    def _table(self) -> None:
        self.sheet.repeat = self._headings if self.layout.heading_per == "page" else None
        for at, (one, *_) in enumerate(self.report.rows):
            if one is None:
                continue
            self._heading_of_panel(one.test.panel)
            self.sheet.room(2)
            before = self.report.previous[at] if self.report.previous else None
            self._table_row(one, before)
            if before is not None:
                self.previous.append(truth_row(before, self.report, self.sheet.page, self.layout))

    def _table_row(self, one: Printed, before: Printed | None) -> None:
        top = self.sheet.y - self.layout.size - 1
        cells = cells_of(one, before, self.layout, self.rng)
        spots = dict(self.layout.columns)
        room = min(x for cell, x in self.layout.columns if x > spots["name"]) - spots["name"] - self.layout.indent - 8
        name, *rest = self._wrapped(cells.pop("name"), room)
        if self.layout.middle and len(rest) == 1:
            self.sheet.y -= 0.5 * self.layout.size
        self.sheet.text(spots["name"] + self.layout.indent, name)
        if self.layout.middle and len(rest) == 1:
            self.sheet.y += 0.5 * self.layout.size
        for cell, x in self.layout.columns:
            if cell != "name":
                moved = self.layout.align if cell in ("value", "low", "high") else "left"
                self.sheet.text(x + (35 if moved == "right" else 18 if moved == "centre" else 0), cells[cell],
                                align=moved, bold=cell == "value" and self.layout.flag == "bold" and bool(one.flag))
        self._tell(one)
        if self.layout.range_place == "below":
            self.sheet.down(0.75)
            self.sheet.text(spots["name"] + 8, cells["range"], size=self.layout.size - 1.5)
        for more in rest:
            self.sheet.y += (0.5 if self.layout.middle and len(rest) == 1 else 1.1) * self.layout.size
            self.sheet.text(spots["name"] + self.layout.indent, more)
        self._rule(top)
        self.sheet.down()
        if self.layout.asides and self.rng.random() < 0.15:
            self.sheet.text(spots["name"] + 12, self.rng.choice(ASIDES), size=self.layout.size - 1)
            self.sheet.down()

    def _rule(self, top: float) -> None:
        bottom = self.sheet.y + 0.35 * self.layout.pitch
        if self.layout.rules in ("rows", "grid"):
            self.sheet.line(45, bottom, self.sheet.right, bottom)
        if self.layout.rules == "grid":
            for x in (45, *(spot - 4 for _, spot in self.layout.columns[1:]), self.sheet.right):
                self.sheet.line(x, top, x, bottom)
        if self.layout.rules == "zebra" and len(self.rows) % 2:
            self.sheet.band(top, bottom)

    def _wrapped(self, name: str, room: float) -> list[str]:
        """A name in lines that fit into so many points, and into the layout's own number of characters."""
        parts: list[str] = []
        for word in name.split():
            longer = f"{parts[-1]} {word}" if parts else word
            fits = parts and (not self.layout.wrap or len(longer) <= self.layout.wrap) and length(
                longer, self.layout.font, self.layout.size) < room
            if fits:
                parts[-1] += f" {word}"
            else:
                parts.append(word)
        return parts

    def _leaders(self) -> None:
        edge = self.layout.page[0] * 0.52
        for one, *_ in self.report.rows:
            if one is None:
                continue
            self._heading_of_panel(one.test.panel)
            self.sheet.room(2)
            font, size = self.layout.font, self.layout.size
            dots = int((edge - 60 - length(one.name, font, size)) / length(".", font, size))
            self.sheet.text(55, f"{one.name} {'.' * max(4, dots)}")
            self.sheet.text(edge, value_text(one, self.layout))
            self.sheet.text(edge + 130, range_text(one.test, self.layout))
            self._tell(one)
            self.sheet.down()

    def _stacked(self) -> None:
        for one, *_ in self.report.rows:
            if one is None:
                continue
            self._heading_of_panel(one.test.panel)
            self.sheet.room(4)
            self.sheet.text(50, one.name, bold=True)
            self.sheet.down(0.8)
            self.sheet.text(50 + self.layout.indent, value_text(one, self.layout))
            self.sheet.text(200, f"Reference: {range_text(one.test, self.layout)}")
            self._tell(one)
            self.sheet.down(1.2)

    def _inline(self) -> None:
        for one, *_ in self.report.rows:
            if one is None:
                continue
            self._heading_of_panel(one.test.panel)
            self.sheet.room(2)
            self.sheet.text(50 + self.layout.indent,
                            f"{one.name}: {value_text(one, self.layout)} {range_text(one.test, self.layout)}")
            self._tell(one)
            self.sheet.down()

    def _sides(self) -> None:
        groups: dict[str, list[Printed]] = {}
        for one, *_ in self.report.rows:
            if one is not None:
                groups.setdefault(one.test.panel, []).append(one)
        self.sheet.room(2)
        top, ends = self.sheet.y, [self.sheet.y, self.sheet.y]
        for panel, group in groups.items():
            side = ends.index(min(ends))
            self.sheet.y = ends[side]
            if self.sheet.y > top and self.sheet.y + (len(group) + 2) * self.layout.pitch > self.layout.page[1] - 50:
                continue
            self._side(panel, group, 45 + side * (self.layout.page[0] / 2 - 30))
            ends[side] = self.sheet.y + self.layout.pitch

    def _side(self, panel: str, group: list[Printed], x: float) -> None:
        self.sheet.text(x, panel.upper() if self.layout.panels == "caps" else panel, bold=True)
        self.sheet.down()
        for long in group:
            one = replace(long, name=min(long.test.names, key=len))
            if length(one.name, self.layout.font, self.layout.size) > 105:
                continue
            self.sheet.text(x, one.name)
            self.sheet.text(x + 112, value_text(one, self.layout))
            if self.layout.unit == "column":
                self.sheet.text(x + 152, one.test.unit or "")
            self.sheet.text(x + (205 if self.layout.unit == "column" else 165), range_text(one.test, self.layout))
            self._tell(one)
            self.sheet.down()

    def _cumulative(self) -> None:
        spots = [300 + 70 * at for at in range(len(self.report.collected))]

        def heads() -> None:
            for x, words in ((45, "Test"), (160, "Unit"), (225, "Reference")):
                self.sheet.text(x, words, bold=True)
            for x, at in zip(spots, self.report.collected, strict=True):
                self.sheet.text(x, date_text(at, self.layout, time=False), bold=True)
            self.sheet.down(0.8)
            for x, at in zip(spots, self.report.collected, strict=True):
                self.sheet.text(x, f"{at:%H:%M}")
            self.sheet.down()

        self.sheet.repeat = heads
        for row in self.report.rows:
            first = next(one for one in row if one is not None)
            self._heading_of_panel(first.test.panel)
            self.sheet.room(2)
            self.sheet.text(45, self._wrapped(first.name, 110)[0], size=self.layout.size - 1)
            self.sheet.text(160, first.test.unit or "", size=self.layout.size - 1)
            self.sheet.text(225, range_text(first.test, self.layout))
            for x, one in zip(spots, row, strict=True):
                self.sheet.text(x, value_text(one, self.layout))
                self._tell(one)
            for more in self._wrapped(first.name, 110)[1:]:
                self.sheet.down(0.7)
                self.sheet.text(45, more, size=self.layout.size - 1)
            self.sheet.down()

    def _flowsheet(self) -> None:
        """Tests across, dates down: names, units and ranges stand in the heading rows."""
        self.sheet.room(9)
        width = (self.sheet.right - 130) / max(1, len(self.report.rows))
        spots = [140 + width * at for at in range(len(self.report.rows))]
        firsts = [next(one for one in row if one is not None) for row in self.report.rows]
        for label, texts in (("Date", [min(one.test.names, key=len) for one in firsts]),
                             ("Unit", [one.test.unit or "" for one in firsts]),
                             ("Reference", [range_text(one.test, self.layout) for one in firsts])):
            self.sheet.text(45, label, bold=True)
            for x, words in zip(spots, texts, strict=True):
                self.sheet.text(x, words, bold=label == "Date", size=self.layout.size - 1.5)
            self.sheet.down()
        for place, at in enumerate(self.report.collected):
            self.sheet.text(45, date_text(at, self.layout))
            for x, row in zip(spots, self.report.rows, strict=True):
                one = row[place]
                self.sheet.text(x, value_text(one, self.layout))
                if one is not None:
                    self._tell(replace(one, name=min(one.test.names, key=len)))
            self.sheet.down()

