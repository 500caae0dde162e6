"""From a row as printed to a value with everything that belongs to it, and to whether the reading can be trusted."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from ...core.finding import Code, Status, Value
from ...core.flags import flag_direction
from ...sources.page import Page, line_text
from ..lab_terms.analytes import Analyte, analyte_of, misread, specimen_in
from ..lab_terms.limits import Range, computed_flag
from ..lab_terms.units import repaired, ucum_of
from .row import SPECIMEN, Row
from .tokens import Kind
from .values import (
    is_flag,
    is_no_result,
    is_result_word,
    is_semiquantitative,
    is_titre,
    tells_presence,
)

LEAST_CONFIDENCE = 0.80
"""OCR lines below this score are not trusted with digits."""
_NAMES = {"urine": "Urine", "arterial": "Arterial blood", "csf": "CSF", "stool": "Stool", "fluid": "Fluid",
          "plasma": "Plasma", "serum": "Serum", "blood": "Whole blood"}


@dataclass(frozen=True)
class Result:
    """One result, ready to become a finding."""

    row: Row
    page: Page
    value: Value
    code: Code | None
    status: Status
    doubts: tuple[str, ...] = ()
    """Why the reading is not trusted, or what does not fit; without names of people."""


@dataclass(frozen=True)
class Sheet:
    """What a page says about all of its results."""

    page: Page
    specimen: str | None
    bold_means_abnormal: bool
    flags_used: bool
    moments: dict[str, str] = field(default_factory=dict)


def sheet_of(page: Page, rows: Sequence[Row]) -> Sheet:
    """The specimen a page names for everything on it, and how it marks what is abnormal."""
    found = SPECIMEN.search(page.text)
    legend = re.search(r"\bbold\b", page.text, re.IGNORECASE) is not None
    flagged = any(row.flag is not None or (row.value[0].number and row.value[0].number.flag) for row in rows)
    some_bold = any(row.bold_value for row in rows) and not all(row.bold_value for row in rows)
    return Sheet(page, found["what"].strip() if found else None, legend and some_bold, flagged)


def result_of(row: Row, sheet: Sheet, *, collected: str | None, issued: str | None) -> Result:
    """One row as a result.

    Args:
        row: as printed.
        sheet: what its page says.
        collected: when the specimen was collected, ISO 8601, where neither row nor panel says so.
        issued: when the report was issued.
    """
    doubts: list[str] = []
    limits = range_of(row)
    number, text = number_of(row, limits), value_text(row)
    unit = unit_of(row, doubts)
    printed = printed_flag(row, sheet, as_number=number is not None)
    computed = computed_flag(number, comparator_of(row), limits) if number is not None and limits else None
    specimen_text = specimen_name(row, sheet)
    name = told_name(row, sheet, doubts)
    taken_from = specimen_in(row.name, row.panel, row.specimen, sheet.specimen)
    analyte = analyte_of(name, taken_from, unit, numeric=number is not None)
    if analyte and tells_presence(text) and analyte.units and analyte.specimen != "urine":
        analyte = None  # the code is of an amount; test strips alone report the amounts of urine in such words
    moment = row.moment if row.moment and (collected is None or "T" in row.moment or row.moment != collected[:10]) \
        else collected
    value = Value(number=number, text=text, comparator=comparator_of(row) if number is not None else None, unit=unit,
                  ucum=ucum_of(unit) if unit else None, low=limits.low if limits else None,
                  high=limits.high if limits else None, range_text=limits.text if limits else None, flag=printed,
                  flag_computed=computed, specimen=specimen_text, panel=row.panel, collected_at=moment,
                  issued_at=issued)
    doubts += contradictions(value)
    status = status_of(row, value, analyte, sheet, doubts)
    code = Code(system="http://loinc.org", code=analyte.code, display=analyte.display) if analyte else None
    return Result(row, sheet.page, value, code, status, tuple(doubts))


def told_name(row: Row, sheet: Sheet, doubts: list[str]) -> str:
    """The name to look a code up by: as printed, or the only known one that OCR can have misread, with a note."""
    known = misread(row.name) if sheet.page.origin == "ocr" else None
    if known is not None:
        doubts.append(f"{row.name}: the name was taken for {known}")
    return known or row.name


def number_of(row: Row, limits: Range | None) -> float | None:
    """The number of a result; None for words, titres, grades (`2+`) and counts given as a range (`0-2`)."""
    token = row.value[0]
    if token.number is None or len(row.value) > 1:
        return None
    numeric_range = limits is not None and (limits.low is not None or limits.high is not None)
    graded = is_semiquantitative(token.text) and not numeric_range and row.unit is None
    return None if graded else token.number.number


def value_text(row: Row) -> str:
    """The value as printed, without its flag."""
    token = row.value[0]
    if token.number is not None and not (is_semiquantitative(token.text) and row.unit is None and not _numeric(row)):
        return token.number.text.replace("\u2009", " ") if " " in line_text(token.words) else token.number.text
    return " ".join(part.text for part in row.value).strip(" *!↑↓")


def _numeric(row: Row) -> bool:
    return any(token.kind in (Kind.RANGE, Kind.LIMIT) for token in row.limits)


def comparator_of(row: Row) -> str | None:
    """`<`, `<=`, `>`, `>=` or None."""
    return row.value[0].number.comparator if row.value[0].number else None


def range_of(row: Row) -> Range | None:
    """The reference range of a row: printed as one, in two columns, or in words."""
    if not row.limits:
        return None
    if len(row.limits) == 2 and all(token.number for token in row.limits):
        low, high = (token.number.number for token in row.limits if token.number)
        return Range(" - ".join(token.text for token in row.limits), low, high) if low <= high else None
    token = row.limits[0]
    if token.range is not None:
        return token.range
    return Range(" ".join(part.text for part in row.limits).strip("()[] "), None, None)


def unit_of(row: Row, doubts: list[str]) -> str | None:
    """The unit as printed; where OCR mixed up I, l and 1, the only known unit that fits, and a note."""
    if row.unit is None:
        return None
    text = row.unit.text.strip("()[] ").rstrip(".,;")
    fitting = repaired(text) if any(word.confidence is not None for word in row.unit.words) else None
    if fitting is not None:
        doubts.append(f"{row.name}: the unit was read as {text} and taken for {fitting}")
    return fitting or text


def printed_flag(row: Row, sheet: Sheet, *, as_number: bool) -> str | None:
    """The flag as printed: on the value, in its column, or bold type where the page says what that means."""
    token = row.value[0]
    if as_number and token.number is not None and token.number.flag:
        return token.number.flag.strip("()")
    if as_number and token.number is not None and is_flag(token.number.rest):
        return token.number.rest
    marks = re.search(r"[*!↑↓]+$", token.text) if token.number is None else None
    if row.flag is not None:
        return row.flag.text.strip("()[]")
    if marks:
        return marks.group()
    return "bold" if sheet.bold_means_abnormal and row.bold_value else None


def specimen_name(row: Row, sheet: Sheet) -> str | None:
    """The specimen that the row, its panel or its page names; None when none does."""
    own = specimen_in(row.name, row.panel)
    return _NAMES[own] if own else row.specimen or sheet.specimen


def contradictions(value: Value) -> list[str]:
    """Printed flag against value and range."""
    printed, computed = flag_direction(value.flag), value.flag_computed
    if computed is None or value.flag is None:
        return []
    if (printed and printed != computed) or (printed is None and computed == "N"):
        return [f"the printed flag {value.flag} does not fit the value {value.text} and its range {value.range_text}"]
    return []


def status_of(row: Row, value: Value, analyte: Analyte | None, sheet: Sheet, doubts: list[str]) -> Status:
    """Whether a reading is trusted. Doubtful ones stay as read, marked indeterminate; nothing is corrected."""
    if value.number is None:
        return words_status(value, doubts)
    outside = beyond_belief(analyte, value)
    if outside:
        doubts.append(f"{row.name}: {value.text} {value.unit or ''} lies outside the bounds within which a reading is "
                      "believed")
    if sheet.page.origin != "ocr":
        return Status.MEASURED
    confidence = min((word.confidence for token in row.value for word in token.words if word.confidence is not None),
                     default=1.0)
    unflagged = sheet.flags_used and value.flag is None and value.flag_computed in ("L", "H")
    lost_point = decimals_lost(value)
    if confidence < LEAST_CONFIDENCE or outside or unflagged or lost_point or contradictions(value):
        doubts.append(f"{row.name}: the reading {value.text} of the scan is in doubt")
        return Status.INDETERMINATE
    return Status.MEASURED


def words_status(value: Value, doubts: list[str]) -> Status:
    """Words count as a result unless they say that there is none, or hold digits that could not be read."""
    text = value.text or ""
    if is_no_result(text):
        return Status.INDETERMINATE
    known = is_result_word(text) or is_titre(text) or is_semiquantitative(text)
    numeric = value.low is not None or value.high is not None or value.unit is not None
    counted = re.fullmatch(r"\d+\s?[-–]\s?\d+", text) is not None
    if not known and numeric and not counted:
        doubts.append(f"the reading {text} is no number although its range or unit asks for one")
        return Status.INDETERMINATE
    return Status.MEASURED


def decimals_lost(value: Value) -> bool:
    """Whether a decimal sign seems lost: the range has decimals, the value none, and it is five times the limit."""
    text, limits = value.text or "", value.range_text or ""
    whole = re.fullmatch(r"[<>=]*\d+", text) is not None
    if not whole or value.number is None or value.high is None or not re.search(r"\d[.,]\d", limits):
        return False
    return value.number > 5 * value.high


@cache
def bounds() -> dict[tuple[str, str], tuple[float, float]]:
    """Least and greatest number that is believed as read, by LOINC code and UCUM unit: own choices, generously wide."""
    text = (files("caseloom.tools.labs") / "data" / "bounds.csv").read_text(encoding="utf-8")
    return {(row["code"], row["ucum"]): (float(row["least"]), float(row["greatest"]))
            for row in csv.DictReader(text.splitlines())}


def beyond_belief(analyte: Analyte | None, value: Value) -> bool:
    """Whether a number lies outside the bounds set for its analyte and unit."""
    if analyte is None or value.number is None:
        return False
    least, greatest = bounds().get((analyte.code, value.ucum or "1"), (float("-inf"), float("inf")))
    return not least <= value.number <= greatest
