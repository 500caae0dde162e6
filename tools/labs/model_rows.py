"""Rows that a model read off a page: typed values, and which of the rows read from the page's words they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from ...core.finding import Code, Value
from ...readers.recipes.lab_page import LabRow
from ...readers.recipes.plain import plain as one_line
from ...sources.dates import iso_day
from ...sources.page import Page, PageWord, line_text
from ..lab_terms.analytes import analyte_of, forms_of, plain, specimen_in
from ..lab_terms.limits import Range, computed_flag
from ..lab_terms.units import is_unit, ucum_of
from .results import Result
from .values import DecimalSign, is_no_result, parse_number, parse_range

_SAYS_NOTHING = frozenset({"", "-", "--", "n/a", "na", "none", "null", "nil", "not provided", "not specified",
                           "not stated", "not available", "unknown", "unspecified"})
_MOMENT = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[ T]+(\d{1,2}):(\d{2})(?::\d{2})?)?")


@dataclass(frozen=True)
class ModelRow:
    """One row as a model read it.

    Args:
        name: of the test, in the model's words.
        value: typed; `text` is the result as the model wrote it, without a unit or flag glued to a number.
        code: where name, specimen and unit agree on one.
    """

    name: str
    value: Value
    code: Code | None

    @property
    def has_result(self) -> bool:
        """Whether it is a result at all (`Pending` is none)."""
        return bool(self.value.text) and not is_no_result(self.value.text or "")


def model_row(row: LabRow, sign: DecimalSign) -> ModelRow | None:
    """A row in types, None where it names no test or gives no result.

    Args:
        row: as the model wrote it.
        sign: the document's decimal sign.
    """
    name, result = one_line(row.name), one_line(row.result)
    if not name or result.casefold() in {"", "-", "--", "null"}:
        return None
    number = parse_number(result, sign)
    glued = number.rest if number is not None and is_unit(number.rest) else None
    unit = _said(row.unit) or glued
    limits = _limits(_said(row.range), sign)
    amount = number.number if number is not None and (not number.rest or glued) else None
    comparator = number.comparator if number is not None and amount is not None else None
    specimen, panel = _said(row.specimen), _said(row.panel)
    analyte = analyte_of(name, specimen_in(name, panel, specimen), unit, numeric=amount is not None)
    value = Value(
        number=amount, text=number.text if number is not None and amount is not None else result, comparator=comparator,
        unit=unit, ucum=ucum_of(unit) if unit else None, low=limits.low if limits else None,
        high=limits.high if limits else None, range_text=limits.text if limits else None,
        flag=number.flag if number is not None and amount is not None else None,
        flag_computed=computed_flag(amount, comparator, limits) if amount is not None and limits else None,
        specimen=specimen, panel=panel, collected_at=collection_time(row.sample_collection_time or ""))
    code = Code(system="http://loinc.org", code=analyte.code, display=analyte.display) if analyte else None
    return ModelRow(name, value, code)


def collection_time(text: str) -> str | None:
    """`DD-MM-YYYY HH:MM:SS`, as the model is asked for it, to ISO 8601; midnight to the second is no time."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    day = iso_day(int(found[3]), int(found[2]), int(found[1]))
    if day is None or found[4] is None or text.strip().endswith("00:00:00") or int(found[4]) > 23 or int(found[5]) > 59:
        return day
    return f"{day}T{int(found[4]):02d}:{found[5]}"


def match_rows(rows: Sequence[ModelRow], results: Sequence[Result]) -> dict[int, int]:
    """Index of the result from the page's words for rows of a model; every row and every result at most once.

    They match where their codes or names agree and value or unit does too; where one name holds the other
    (`Glucose`, `Glucose fasting`), the values must be equal. Best pairs first, ties in the order of the page.
    """
    scored = [(score, -abs(r - t), -r, -t) for (r, row), (t, result) in product(enumerate(rows), enumerate(results))
              if (score := _score(row, result)) > 0]
    matched: dict[int, int] = {}
    for _, _, row_at, result_at in sorted(scored, reverse=True):
        if -row_at not in matched and -result_at not in matched.values():
            matched[-row_at] = -result_at
    return matched


def agrees(row: ModelRow, result: Result) -> bool:
    """Whether a model and the page's words say the same: value and comparator, and unit where both say one."""
    return _same_value(row.value, result.value) and _same_unit(row.value, result.value) is not False


def place_on_page(row: ModelRow, page: Page) -> tuple[PageWord, ...]:
    """The words of the line that holds both name and result of a row; empty where no line does."""
    wanted = [word for form in forms_of(row.name)[:1] for word in form.split()]
    for line in page.lines:
        words = plain(line_text(line)).split()
        printed = [word.text.strip("*!+HL ") for word in line]
        if wanted and set(wanted) <= set(words) and (row.value.text in printed or _run(row.value.text or "", line)):
            return tuple(line)
    return ()


def _run(text: str, line: Sequence[PageWord]) -> bool:
    """Whether words that stand together in a line say a text of several words."""
    return " " in text and f" {plain(text)} " in f" {plain(line_text(line))} "


def _score(row: ModelRow, result: Result) -> int:
    same_value, same_unit = _same_value(row.value, result.value), _same_unit(row.value, result.value)
    same_code = row.code is not None and result.code is not None and row.code.code == result.code.code
    mine, theirs = forms_of(row.name), forms_of(result.row.name)
    if same_code or set(mine) & set(theirs):
        return 4 * same_value + 2 * bool(same_unit) + 1 if same_value or same_unit else 0
    one, other = (set(forms[0].split()) if forms else set() for forms in (mine, theirs))
    held = bool(one and other) and (one <= other or other <= one)
    return 1 + 2 * bool(same_unit) if held and same_value and same_unit is not False else 0


def _same_value(one: Value, other: Value) -> bool:
    if one.number is not None and other.number is not None:
        return one.number == other.number and one.comparator == other.comparator
    return plain(one.text or "") == plain(other.text or "")


def _same_unit(one: Value, other: Value) -> bool | None:
    """None where one of them says no unit."""
    if one.unit is None or other.unit is None:
        return True if one.unit is other.unit else None
    return one.ucum == other.ucum if one.ucum and other.ucum else one.unit.casefold() == other.unit.casefold()


def _said(text: str | None) -> str | None:
    words = one_line(text or "")
    return None if words.casefold() in _SAYS_NOTHING else words


def _limits(text: str | None, sign: DecimalSign) -> Range | None:
    if text is None:
        return None
    return parse_range(text, sign) or Range(text, None, None)
