"""Dates of different precision."""

from __future__ import annotations

import pytest

from caseloom.core.moments import is_date, moment_key


@pytest.mark.parametrize("text", ["2025", "2025-03", "2024-02-29"])
def test_a_date_is_known_for_one(text: str) -> None:
    assert is_date(text)


@pytest.mark.parametrize("text", ["", "yesterday", "2025-02-30", "2025-13", "20250304", "2025-3-4", "2025-03-04T10:00"])
def test_what_is_no_date(text: str) -> None:
    assert not is_date(text)


def test_moments_sort_in_time_whatever_their_zone() -> None:
    moments = ["2025-03-04T23:30:00-02:00", "2025-03-04T23:30:00Z", "2025-03-04", "2025"]
    assert sorted(moments, key=moment_key) == ["2025", "2025-03-04", "2025-03-04T23:30:00Z",
                                               "2025-03-04T23:30:00-02:00"]
