"""F1 of laboratory results against truth rows: name (or LOINC), value and unit must all agree."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def f1(truth: Sequence[Row], found: Sequence[Row]) -> float:
    """Harmonic mean of precision and recall over results, matched one to one.

    Args:
        truth: rows with `name`, `loinc`, `loinc_also`, `value`, `value_text`, `unit`, `ucum`.
        found: findings as dumped by pydantic: `name`, `code`, `value` {number, text, unit, ucum}.
    """
    return 2 * len(matched(truth, found)) / (len(truth) + len(found)) if truth or found else 1.0


def matched(truth: Sequence[Row], found: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Pairs of a truth row and the first finding that says the same, each taken once; as for `f1`."""
    left, pairs = list(found), []
    for row in truth:
        match = next((item for item in left if agrees(row, item)), None)
        if match is not None:
            left.remove(match)
            pairs.append((row, match))
    return pairs


def agrees(row: Row, finding: Row) -> bool:
    """Whether one finding says what one truth row says."""
    value = finding["value"] or {}
    code = (finding["code"] or {}).get("code")
    named = code in (row["loinc"], *row.get("loinc_also", ())) if code else False
    if not (named or plain(row["name"]) == plain(finding["name"])):
        return False
    if row["value"] is None:
        return plain(str(row["value_text"])) == plain(str(value.get("text") or ""))
    number = value.get("number")
    same = number is not None and abs(number - row["value"]) <= 1e-6 * max(1.0, abs(row["value"]))
    units = {plain_unit(row["unit"]), plain_unit(row["ucum"])}
    return same and bool(units & {plain_unit(value.get("unit")), plain_unit(value.get("ucum"))})


def plain(text: str) -> str:
    """Letters and digits only, without case and accents."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(ch for ch in folded if ch.isalnum())


def plain_unit(text: str | None) -> str:
    """A unit without white space and case; one micro sign."""
    return "".join((text or "").replace("µ", "u").replace("μ", "u").split()).casefold()
