"""Dates on a page and what they are dates of."""

import pytest

from caseloom.sources.document_dates import labelled_moments, moments_in
from caseloom.sources.page import PageWord, in_lines


def words(*lines: str, column: float = 10.0) -> list[list[PageWord]]:
    made = []
    for number, line in enumerate(lines):
        x = column
        for text in line.split(" "):
            width = 6.0 * len(text)
            if text:
                box = (x, 20.0 * number, x + width, 20.0 * number + 10)
                made.append({"text": text, "box": box, "place": box})
            x += width + 6.0
    rows: dict[int, list[PageWord]] = {}
    for word in map(PageWord.model_validate, in_lines(made)):
        rows.setdefault(word.line, []).append(word)
    return [rows[number] for number in sorted(rows)]


@pytest.mark.parametrize(("text", "moment"), [
    ("01/18/2024 08:14", "2024-01-18T08:14"), ("02.03.2023 07:47", "2023-03-02T07:47"),
    ("25-Apr-2023 12:01", "2023-04-25T12:01"), ("3-Mar 2011 11:45", "2011-03-03T11:45"),
    ("9/01/2012 8:25 AM", "2012-09-01T08:25"), ("9/01/2012 8:25 PM", "2012-09-01T20:25"),
    ("April 20, 2024", "2024-04-20"), ("2023-11-09", "2023-11-09"), ("01/18/2024 61 mg", "2024-01-18"),
    ("05/28/202506:10", "2025-05-28T06:10"), ("2025-05-2806:10", "2025-05-28T06:10")])
def test_moments(text: str, moment: str) -> None:
    assert [found.iso for found in moments_in(words(text)[0], month_first=True)] == [moment]


def test_a_day_that_does_not_exist_is_no_date() -> None:
    assert moments_in(words("31.02.2024")[0], month_first=False) == []


def test_dates_beside_their_labels() -> None:
    lines = words("DRAWN : 01/18/2024 08:14    REPORTED : 01/18/2024 18:09", "DOB 05/17/1987")
    assert labelled_moments(lines, month_first=True) == {"collected": "2024-01-18T08:14",
                                                         "reported": "2024-01-18T18:09"}


def test_dates_below_their_labels() -> None:
    lines = words("Collected          Reported", "06/27/2024 06:17   06/27/2024 16:08")
    assert labelled_moments(lines, month_first=True)["collected"] == "2024-06-27T06:17"


def test_the_same_day_with_its_time_says_more() -> None:
    lines = words("issued 3-Mar 2011 ...", "issued 3-Mar 2011 11:45")
    assert labelled_moments(lines, month_first=False) == {"reported": "2011-03-03T11:45"}
