"""Dates as people and headers write them, to ISO 8601; what cannot be told is None, never guessed."""

from __future__ import annotations

import re
from datetime import date

MONTH_NAMES = {name: number for number, names in enumerate((
    "jan january januar janvier enero gennaio", "feb february februar fevrier febrero febbraio",
    "mar march marz märz mars marzo mrz", "apr april avril abril aprile", "may mai mayo maggio",
    "jun june juni juin junio giugno", "jul july juli juillet julio luglio", "aug august aout agosto",
    "sep sept september septembre septiembre settembre", "oct october oktober okt octobre octubre ottobre",
    "nov november novembre noviembre", "dec december dezember dez decembre diciembre dicembre"), 1)
    for name in names.split()}

DATE_PATTERN = (r"(?:\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2}|\d{4}\.\d{1,2}\.\d{1,2}(?!\.?\d)"
                r"|\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{1,2}(?:\.|st|nd|rd|th)?[ /-]?(?:of )?[^\W\d_]{3,9}\.?,?[ /-]?\d{4}"
                r"|[^\W\d_]{3,9}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}|(?<!\d)\d{8}(?!\d))")
_ANY_DATE = re.compile(DATE_PATTERN)
_SLASHED = re.compile(r"(?<![\d/-])(\d{1,2})([/-])(\d{1,2})\2(?:\d{4}|(?<=/)\d{2})(?![\d-])")
_US_ADDRESS = re.compile(r"\b[A-Z]{2} \d{5}(?:-\d{4})?\b")
_ISO_IN_NAME = re.compile(r"(?<!\d)(\d{4})[-_.](\d{2})[-_.](\d{2})(?!\d)")


def month_comes_first(text: str) -> bool | None:
    """Whether 03/04/2025 and 03-04-2025 mean March 4 here, told from the text's unambiguous dates or a US address."""
    pairs = [(int(first), int(second)) for first, _, second in _SLASHED.findall(text)]
    if any(first > 12 for first, _ in pairs):
        return False
    if any(second > 12 for _, second in pairs) or _US_ADDRESS.search(text):
        return True
    return None


def parse_date(text: str, *, month_first: bool | None = None) -> str | None:
    """The first date in `text` as ISO 8601 to the day.

    Args:
        text: such as `1957-07-07`, `7.7.1957`, `18-Oct-1949`, `April 20, 2024`, `01/18/2024`.
        month_first: how to read an ambiguous `03/04/2025`; None leaves it unread.

    Returns:
        The date, or None where there is none, it does not exist, or its order is ambiguous.
    """
    found = _ANY_DATE.search(text)
    if found is None:
        return None
    parts = re.findall(r"\d+|[^\W\d_]{3,}", found.group().replace("of ", ""))
    words = [part for part in parts if not part.isdigit()]
    numbers = [int(part) for part in parts if part.isdigit()]
    if words:
        return _from_words(words, numbers)
    if len(numbers) == 1:
        return iso_day(numbers[0] // 10000, numbers[0] // 100 % 100, numbers[0] % 100)
    if numbers[0] > 31:
        return iso_day(*numbers)
    return _from_numbers(*numbers, sign=re.sub(r"\d", "", found.group())[0], month_first=month_first)


def _from_words(words: list[str], numbers: list[int]) -> str | None:
    month = next((MONTH_NAMES[word.casefold()] for word in words if word.casefold() in MONTH_NAMES), None)
    return iso_day(numbers[-1], month, numbers[0]) if month and len(numbers) == 2 else None


def _from_numbers(first: int, second: int, year: int, *, sign: str, month_first: bool | None) -> str | None:
    """Dots put the day first, dashes too unless the text is known to put the month first, slashes leave it open."""
    if first == second or second > 12:
        return iso_day(year, first, second)
    if first > 12 or sign == "." or (sign == "-" and month_first is None):
        return iso_day(year, second, first)
    if month_first is None:
        return None
    return iso_day(year, first, second) if month_first else iso_day(year, second, first)


def iso_day(year: int, month: int, day: int) -> str | None:
    """`YYYY-MM-DD` when that day exists, from 1850 on."""
    try:
        return date(year, month, day).isoformat() if year >= 1850 else None
    except ValueError:
        return None


def date_in_name(name: str) -> str | None:
    """An ISO date in a file's name (`2025-03-04`, also with `_` or `.`), if it holds exactly one."""
    found = {iso_day(int(year), int(month), int(day)) for year, month, day in _ISO_IN_NAME.findall(name)} - {None}
    return found.pop() if len(found) == 1 else None


def dicom_date(text: str) -> str | None:
    """A DICOM DA (or the date of a DT, PS3.5 6.2), at the precision given: `20250304`, `202503`, `2025`."""
    digits = text.strip().replace(".", "").replace("-", "")[:8]
    if not digits.isdigit() or len(digits) not in (4, 6, 8):
        return None
    whole = iso_day(int(digits[:4]), int(digits[4:6] or 1), int(digits[6:8] or 1))
    return whole and whole[:{4: 4, 6: 7, 8: 10}[len(digits)]]
