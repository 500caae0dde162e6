"""Every finding as one row of a CSV file."""

from __future__ import annotations

import csv
import io
import re

from ...core.evidence import Evidence
from ...core.finding import Change, Finding, Value
from ...core.report import Report
from ..view import where

COLUMNS = (
    "finding", "name", "code_system", "code", "category", "status", "assertion", "laterality", "site", "comparator",
    "number", "text", "unit", "ucum", "precision", "low", "high", "flag", "flag_computed", "specimen", "collected_at",
    "direction", "from", "to", "delta", "least_detectable", "interval_days", "date", "tool", "reader", "evidence",
    "file", "place", "report_status",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


def csv_of(report: Report) -> str:
    """CSV (RFC 4180, UTF-8, with a header), one row for each finding in the report's order.

    A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers are written as they are.
    """
    evidence = {item.id: item for item in report.evidence}
    lines = io.StringIO()
    table = csv.DictWriter(lines, COLUMNS, lineterminator="\r\n")
    table.writeheader()
    for finding in report.findings:
        row = {**_finding(finding), **_value(finding.value or Value()), **_change(finding.change),
               **_places([evidence[key] for key in finding.evidence if key in evidence]),
               "report_status": report.status.value}
        table.writerow({column: _cell(row.get(column)) for column in COLUMNS})
    return lines.getvalue()


def _finding(finding: Finding) -> dict[str, object]:
    code = finding.code
    return {"finding": finding.id, "name": finding.name, "code_system": code.system if code else None,
            "code": code.code if code else None, "category": finding.category.value, "status": finding.status.value,
            "assertion": finding.assertion.value, "site": finding.site, "date": finding.date, "tool": finding.tool,
            "laterality": finding.laterality.value if finding.laterality else None, "reader": finding.reader}


def _value(value: Value) -> dict[str, object]:
    return {name: getattr(value, name) for name in ("comparator", "number", "text", "unit", "ucum", "precision", "low",
                                                    "high", "flag", "flag_computed", "specimen", "collected_at")}


def _change(change: Change | None) -> dict[str, object]:
    if change is None:
        return {}
    return {"direction": change.direction.value, "from": change.from_, "to": change.to, "delta": change.delta,
            "least_detectable": change.least_detectable, "interval_days": change.interval_days}


def _places(items: list[Evidence]) -> dict[str, object]:
    return {"evidence": " ".join(item.id for item in items),
            "file": "; ".join(dict.fromkeys(item.source.file for item in items)),
            "place": "; ".join(where(item) for item in items)}


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return "" if value is None else value
