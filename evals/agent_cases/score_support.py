"""Each sentence of a report: whether its citations hold, and whether it is true."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...core.finding import Finding
from ...core.report import Report, Sentence, SentenceKind
from .tally import Tally

Json = dict[str, Any]
_NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?![\w-])")
_DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2}(?:[ T]\d{2}:\d{2})?)?")
_ROUNDED = 0.51
"""Of the last digit: a number that is rounded twice, such as a percentage, may be off by a little more than half."""
_COUNTED = re.compile(r"^\d+ further ")
_WAYS = {"increased": "increased", "grew": "increased", "larger": "increased", "decreased": "decreased",
         "shrank": "decreased", "smaller": "decreased", "new": "new", "resolved": "resolved", "stable": "stable"}


def score_support(report: Report, case: Path, tally: Tally) -> None:
    """Sentences that state findings: against what they cite, and against the truth that the other scorers found.

    A sentence is supported when every id it cites exists, every cited source is a file of the case with the bytes that
    the evidence names, and each of its numbers, dates, sides and directions is one of a finding that it cites. It is
    true when none of the findings that it cites is false; where no truth is known of any, it is not counted.
    """
    findings = {item.id: item for item in report.findings}
    sound = _sound(report, case)
    for left in report.left_out:
        tally.check("sentences: kept by the verifier", False, f"{left.reason}: {left.text}")
    for section in report.sections:
        for sentence in section.sentences:
            if sentence.kind is SentenceKind.LIMITATION:
                continue
            why = _objection(sentence, findings, sound, report)
            tally.check("sentences: supported by what they cite", why is None, f"{why}: {sentence.text}")
            judged = [tally.judged[key] for key in sentence.findings if key in tally.judged]
            tally.add("sentences: kept by the verifier", 1, 1)
            if judged:
                tally.check("sentences: true", all(judged), sentence.text)


def _sound(report: Report, case: Path) -> set[str]:
    """Ids of evidence whose source is a file of the case, unchanged."""
    digests: dict[str, str] = {}
    for file in {item.source.file for item in report.evidence}:
        path = case / file
        if path.is_file():
            digests[file] = hashlib.sha256(path.read_bytes()).hexdigest()
    return {item.id for item in report.evidence if digests.get(item.source.file) == item.source.sha256}


def _objection(sentence: Sentence, findings: dict[str, Finding], sound: set[str], report: Report) -> str | None:
    cited = [findings[key] for key in sentence.findings if key in findings]
    if not cited or len(cited) != len(sentence.findings):
        return "it cites no finding, or one that is not there"
    if not sentence.evidence or not set(sentence.evidence) <= sound:
        return "it cites no evidence, or a source that is not as it was"
    return _unborne(sentence.text, cited, report)


def _unborne(text: str, cited: Sequence[Finding], report: Report) -> str | None:
    """A number, date, side or direction that no cited finding has."""
    plain = _COUNTED.sub("", text)
    dates = {match.group().replace("T", " ") for match in _DATE.finditer(plain)}
    shown = {item.id: item for item in report.evidence}
    known = _known_dates(cited, shown)
    if odd := sorted(date for date in dates if not any(one.replace("T", " ").startswith(date) for one in known)):
        return f"the date {odd[0]}"
    numbers = _known_numbers(cited)
    rest = _DATE.sub("", plain)
    names = " ".join(f"{item.name} {item.site or ''} {_words(item)}" for item in cited)
    for match in _NUMBER.finditer(rest):
        number = match.group()
        step = 10.0 ** -len(number.partition(".")[2])
        if not any(abs(float(number) - one) <= _ROUNDED * step for one in numbers) and (
                number not in names and not any(date.startswith(number) for date in known)):
            return f"the number {number}"
    return _unborne_words(plain, cited, names)


def _words(finding: Finding) -> str:
    value = finding.value
    return " ".join(filter(None, (value.text, value.unit, value.range_text, value.specimen))) if value else ""


def _known_dates(cited: Sequence[Finding], shown: dict[str, Any]) -> set[str]:
    keys = {key for item in cited for key in (*item.evidence, *(item.change.prior_evidence if item.change else ()))}
    told = {item.date for item in cited} | {shown[key].date for key in keys if key in shown}
    return {date for date in told if date}


def _known_numbers(cited: Sequence[Finding]) -> set[float]:
    known: set[float | None] = set()
    for item in cited:
        if item.value is not None:
            known |= {item.value.number, item.value.low, item.value.high, item.value.precision}
        if item.change is not None:
            change = item.change
            known |= {change.from_, change.to, change.delta, change.least_detectable, change.interval_days,
                      None if change.relative is None else 100 * change.relative}
    return {abs(number) for number in known if number is not None} | {number for number in known if number is not None}


def _unborne_words(text: str, cited: Sequence[Finding], names: str) -> str | None:
    sides = {str(item.laterality) for item in cited if item.laterality}
    for side in ("left", "right"):
        if re.search(rf"\b{side}\b", text, re.IGNORECASE) and side not in sides and side not in names.casefold() and (
                "bilateral" not in sides):
            return f"the word {side!r}"
    ways = {item.change.direction.value for item in cited if item.change}
    for word, way in _WAYS.items() if ways else ():
        if re.search(rf"\b{word}\b", text, re.IGNORECASE) and way not in ways:
            return f"the word {word!r}"
    return None
