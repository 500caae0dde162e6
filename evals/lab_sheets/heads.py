"""Who a made-up report is about, and when: the upper part of its pages, in four forms."""

from __future__ import annotations

from datetime import datetime

from .content import Report
from .layouts import Layout
from .sheet import Sheet

_LABORATORY = "Fernhollow Laboratory Partnership"


def date_text(at: datetime, layout: Layout, *, time: bool = True) -> str:
    """A moment as the layout writes it; two-digit years only where there is no time."""
    day = at.strftime(layout.dates.replace("%y", "%Y") if time else layout.dates)
    return f"{day} {at:%H:%M}" if time else day


def draw_head(sheet: Sheet, report: Report, layout: Layout) -> None:
    """The laboratory, the person, and the dates."""
    middle = layout.page[0] / 2
    if layout.head == "centred":
        sheet.text(middle, _LABORATORY, bold=True, align="centre", size=layout.size + 3)
        sheet.down()
        sheet.text(middle, "Cumulative Report" if layout.structure == "cumulative" else "Results", align="centre")
    else:
        sheet.text(45, _LABORATORY, bold=True, size=layout.size + 2)
        sheet.text(sheet.right, "LABORATORY REPORT", align="right")
    sheet.down(1.5)
    _FORMS[layout.head](sheet, report, layout)
    sheet.down(1.2)


def _pairs(sheet: Sheet, report: Report, layout: Layout) -> None:
    person, reported = report.person, max(report.collected)
    for left, right in ((("Patient:", person.name), ("Collected:", date_text(report.collected[0], layout))),
                        (("Patient ID:", person.id), ("Reported:", date_text(reported.replace(hour=20), layout))),
                        (("Date of Birth:", date_text(person.birth_date, layout)[:-6]), ("Sex:", person.sex))):
        for x, (label, value) in ((45, left), (layout.page[0] / 2, right)):
            sheet.text(x, label, bold=True)
            sheet.text(x + 80, value)
        sheet.down()


def _table(sheet: Sheet, report: Report, layout: Layout) -> None:
    person = report.person
    spots = (45, 190, 290, 380)
    born = date_text(person.birth_date, layout)[:-6]
    for row in (("Patient Name", "MRN", "Birth Date", "Collected"),
                (person.name, person.id, born, date_text(report.collected[0], layout))):
        for x, words in zip(spots, row, strict=True):
            sheet.text(x, words, bold=row[0] == "Patient Name")
        sheet.down()


def _line(sheet: Sheet, report: Report, layout: Layout) -> None:
    person = report.person
    sheet.text(45, f"Name: {person.name}   ID: {person.id}   DOB: {date_text(person.birth_date, layout)[:-6]}"
                   f"   Sex: {person.sex[0]}")
    sheet.down()
    sheet.text(45, f"Sample taken: {date_text(report.collected[0], layout)}   Ordered by: Dr. I. Velde")
    sheet.down()


def _centred(sheet: Sheet, report: Report, layout: Layout) -> None:
    person, middle = report.person, layout.page[0] / 2
    born = date_text(person.birth_date, layout)[:-6]
    for words in (f"Patient {person.name}", f"born {born}, {person.sex.lower()}, Patient No. {person.id}",
                  f"Collected {date_text(report.collected[0], layout)}"):
        sheet.text(middle, words, align="centre")
        sheet.down()


_FORMS = {"pairs": _pairs, "table": _table, "line": _line, "centred": _centred}
