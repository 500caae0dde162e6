"""How a case, a finding and a report look in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .markup import Html, faint, folded, frame, heading, joined, line, table

if TYPE_CHECKING:
    from .case import Case
    from .finding import Change, Finding, Value
    from .refusal import Refusal
    from .report import Report, Sentence

MOST_ROWS = 60
"""Of a table; how many are left out is said."""
MOST_CITED = 6
NOT_A_DEVICE = "Not a medical device."


def case_html(case: Case) -> str:
    """Studies and what was not read; the patient under the opaque id alone."""
    studies = table(("", "kind", "date", "what it says of itself", "files"), (
        (study.id, f"{study.kind} ({study.modality})", study.date or "no date",
         " · ".join(filter(None, (study.description, study.body_part))), str(len(study.files)))
        for study in case.studies[:MOST_ROWS]))
    return frame(heading(f"Case {case.id[:12]}"), line(f"patient {case.opaque_patient}", faint=True),
                 *([line(f"Question: {case.question}")] if case.question else []), studies,
                 *_more(len(case.studies)), _not_read(case.not_read),
                 *(line(text, faint=True) for text in case.warnings))


def finding_html(finding: Finding) -> str:
    """What was found, by whom, and what it rests on."""
    said = "" if finding.assertion.value == "affirmed" else f", {finding.assertion}"
    where = ", ".join(filter(None, (finding.laterality, finding.site)))
    code = f"{finding.code.code} {finding.code.display} ({finding.code.system})" if finding.code else ""
    facts = {"status": f"{finding.status}{said}", "value": _value(finding.value), "change": _change(finding),
             "where": where, "date": finding.date or "", "code": code,
             "confidence": "" if finding.confidence is None else f"{finding.confidence:g}",
             "by": f"{finding.tool} tool, reader {finding.reader}", "evidence": ", ".join(finding.evidence)}
    return frame(heading(f"{finding.id} {finding.name}"),
                 table((), ((faint(key), text) for key, text in facts.items() if text)))


def report_html(report: Report) -> str:
    """Every sentence with what it cites; lists of what was not read and of sources that disagree."""
    captions = {item.id: item.caption for item in report.evidence}
    who = f" by {report.signature.name}, {report.signature.signed_at}" if report.signature else ""
    reader = f"{report.reader.name}, interprets nothing" if not report.reader.interprets else report.reader.name
    parts = [heading(f"Report of case {report.case.id[:12]}: {report.status}{who}"),
             line(f"reader: {reader} · {len(report.findings)} findings · {len(report.evidence)} pieces of evidence · "
                  f"{NOT_A_DEVICE}", faint=True)]
    if report.question and report.answer:
        parts += [heading(report.question), line(report.answer.text)]
    for section in report.sections:
        parts.append(heading(section.title))
        parts += [line(_sentence(sentence, captions)) for sentence in section.sentences]
    conflicts = [line(item.text) for item in report.conflicts]
    return frame(*parts, *([folded(f"Sources disagree ({len(conflicts)})", joined(conflicts))] if conflicts else []),
                 _not_read(report.not_read))


def _sentence(sentence: Sentence, captions: dict[str, str]) -> Html:
    mark = [Html("<b>[unsupported]</b>")] if sentence.support.value == "unsupported" else []
    cited = sentence.evidence[:MOST_CITED]
    rest = len(sentence.evidence) - len(cited)
    return joined([*mark, sentence.text, *(faint(key, captions.get(key, "")) for key in cited),
                   *([faint(f"+{rest}")] if rest else [])])


def _not_read(refused: Sequence[Refusal]) -> Html:
    if not refused:
        return line("Every file was read.", faint=True)
    rows = [(item.file, item.code.value, item.reason) for item in refused[:MOST_ROWS]]
    inside = joined([table(("file", "code", "why"), rows), *_more(len(refused))])
    return folded(f"Not read ({len(refused)})", inside)


def _more(count: int) -> list[Html]:
    return [line(f"… and {count - MOST_ROWS} more", faint=True)] if count > MOST_ROWS else []


def _value(value: Value | None) -> str:
    if value is None:
        return ""
    number = "" if value.number is None else f"{value.comparator or ''}{value.number:g}"
    precise = f" ± {value.precision:g}" if value.precision is not None else ""
    told = " ".join(filter(None, (f"{number}{precise}" or value.text, value.unit)))
    span = value.range_text or (f"{value.low:g} to {value.high:g}" if None not in (value.low, value.high) else "")
    flag = value.flag or value.flag_computed
    return "; ".join(filter(None, (told, f"range {span}" if span else "", f"flag {flag}" if flag else "")))


def _change(finding: Finding) -> str:
    change: Change | None = finding.change
    if change is None:
        return ""
    unit = f" {finding.value.unit}" if finding.value and finding.value.unit else ""
    ends = f"{change.from_:g} to {change.to:g}{unit}" if change.from_ is not None and change.to is not None else ""
    days = f"over {change.interval_days} days" if change.interval_days is not None else ""
    least = f"least detectable {change.least_detectable:g}{unit}" if change.least_detectable is not None else ""
    return "; ".join(filter(None, (change.direction.value, ends, days, least)))
