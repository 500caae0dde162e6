"""Values, dates and names as they are written."""

from __future__ import annotations

import pytest

from caseloom.core.finding import Value
from caseloom.report.wording import by_number, date_text, number_text, plain, range_text, value_text


@pytest.mark.parametrize(("number", "text"), [
    (2510.26, "2510"), (10.24, "10.24"), (0.48213, "0.4821"), (3.0, "3"), (0, "0"), (-823.44, "-823.4"),
    (1e6, "1000000"), (0.00001, "0.00001"), (100.0, "100"), (1000.0, "1000"), (999.96, "1000"),
])
def test_numbers(number: float, text: str):
    assert number_text(number) == text


@pytest.mark.parametrize(("value", "text"), [
    (Value(number=10.2, text="10.20", unit="g/dL"), "10.20 g/dL"),
    (Value(number=0.5, comparator="<", unit="mg/L"), "<0.5 mg/L"),
    (Value(number=0.5, comparator="<", text="<0.5", unit="mg/L"), "<0.5 mg/L"),
    (Value(text="negative", unit="mg/dL"), "negative"),
    (Value(number=5.0, text="5 %", unit="%"), "5 %"),
    (Value(number=0.47), "0.47"),
    (Value(number=0.47, unit="1"), "0.47"),
    (Value(), ""),
])
def test_values(value: Value, text: str):
    assert value_text(value) == text


@pytest.mark.parametrize(("value", "text"), [
    (Value(low=12, high=16), "12–16"), (Value(low=60.0), "≥60"), (Value(high=0.5), "≤0.5"),
    (Value(low=1, high=2, range_text=" 1.0 -\t2.0 "), "1.0 - 2.0"), (Value(), ""),
])
def test_ranges(value: Value, text: str):
    assert range_text(value) == text


def test_text_from_sources_is_one_line_without_controls():
    assert plain("a\x00b\r\n c\u202egnp\u2028d") == "a b cgnp d"
    assert plain("שלום عالم 山田") == "שלום عالم 山田"


def test_dates_keep_their_precision():
    moments = ("2025", "2025-03", "2025-03-04T08:30:00+01:00", None)
    assert [date_text(moment) for moment in moments] == ["2025", "2025-03", "2025-03-04", ""]


def test_ids_stand_in_number_order():
    assert by_number(("E10", "E2", "E2", "E1")) == ("E1", "E2", "E10")
