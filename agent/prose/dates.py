"""Dates in sentences, in the forms that reports use."""

from __future__ import annotations

import re
from dataclasses import dataclass

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
          "november", "december")
_MONTH = "|".join([*MONTHS, *(month[:3] for month in MONTHS), "sept"])
_FORMS = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?:[t ,]+(?P<h>\d{2}:\d{2}))?(?![\d-])"),
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})(?![\d-])"),
    re.compile(r"(?P<y>\d{4})[/.](?P<m>\d{2})[/.](?P<d>\d{2})(?![\d/.]\d)"),
    re.compile(rf"(?P<d>\d{{1,2}})-(?P<n>{_MONTH})-(?P<y>\d{{4}})(?!\d)"),
    re.compile(rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<n>{_MONTH})\.?,? (?P<y>\d{{4}})(?!\d)"),
    re.compile(rf"(?P<n>{_MONTH})\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y>\d{{4}})(?!\d)"),
    re.compile(rf"(?P<n>{_MONTH})\.?,? (?P<y>\d{{4}})(?!\d)"),
    re.compile(rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<n>{_MONTH})(?![a-z])"),
    re.compile(rf"(?<=(?P<cue>on ))(?P<n>{_MONTH}) (?P<d>\d{{1,2}})(?![\d.])"),
    re.compile(r"(?P<a>\d{1,2})[./](?P<b>\d{1,2})[./](?P<y>\d{4})(?!\d)"),
    re.compile(rf"(?P<n>{'|'.join(month for month in MONTHS if month != 'may')})(?![a-z])"),
    re.compile(r"(?:(?<=in )|(?<=since ))(?P<n>may)(?![a-z])"),
    re.compile(r"(?<![\d.,<>=/^-])(?P<y>(?:19|20)\d{2})"
               r"(?![\d.,]\d|\d| ?(?:[a-z]*/|m[lm]|%|hu\b|nuclei|cm|l\b|g\b|days?))"),
)


@dataclass(frozen=True)
class DateSaid:
    """A date as said; every part may be missing. `either` holds day and month where the order is not known."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    either: tuple[int, int] | None = None
    time: str | None = None

    def is_of(self, moment: str) -> bool:
        """Whether an ISO 8601 moment is this date, as far as it is said; a moment less precise than this is not."""
        parts = [int(part) for part in moment[:10].split("-")]
        own = [self.year, self.month, self.day]
        if self.either is not None:
            return parts[:1] == [self.year] and len(parts) == 3 and sorted(parts[1:]) == sorted(self.either) and (
                max(self.either) <= 12 or parts[2] == max(self.either))
        if self.time is not None and moment[11:16] != self.time:
            return False
        return all(said is None or (place < len(parts) and parts[place] == said) for place, said in enumerate(own))


def date_at(text: str, place: int) -> tuple[DateSaid, int] | None:
    """The date that begins at a place of a text in small letters, and where it ends."""
    for form in _FORMS:
        found = form.match(text, place)
        if found and found.end() > place and not text[place - 1:place].isalpha():
            return _said(found), found.end()
    return None


def _said(found: re.Match[str]) -> DateSaid:
    parts = {name: value for name, value in found.groupdict().items() if value}
    year = int(parts["y"]) if "y" in parts else None
    if "a" in parts:
        return DateSaid(year=year, either=(int(parts["a"]), int(parts["b"])))
    name = parts.get("n", "")
    month = 1 + [item[:3] for item in MONTHS].index(name[:3]) if name else int(parts["m"]) if "m" in parts else None
    day = int(parts["d"]) if "d" in parts else None
    if (month is not None and not 1 <= month <= 12) or (day is not None and not 1 <= day <= 31):
        return DateSaid(year=-1)
    return DateSaid(year=year, month=month, day=day, time=parts.get("h"))
