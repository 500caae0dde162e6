"""The draft's sentences, composed from findings by templates: pure, and only from what the tools found."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.case import SYNTHETIC, Case, FileKind, Study
from ..core.evidence import Evidence
from ..core.finding import Category, Finding, Status
from ..core.orders import NOT_TAKEN_UP
from ..core.refusal import Refusal
from ..core.report import ReaderIdentity, Section, Sentence, SentenceKind
from ..report.wording import capital, date_text, plain
from .claims import fold, read
from .compose_change import change_text, comparison_sentences, is_change, weight
from .compose_labs import earlier_extremes, earlier_summary, is_critical, lab_sentences, outside_summary
from .compose_records import noted_summary, record_sentences
from .phrases import (
    STUDY_LABELS,
    Item,
    Material,
    cited,
    counted,
    fill,
    findings_sentences,
    further,
    grouped,
    limitation,
    listing,
    study_label,
    when,
)

MOST_CHANGES = 4
MOST_OBSERVATIONS = 3
MOST_LABS = 8
CHEST_WORDS = ("chest", "thora", "lung", "pulmo", "torax")
SECTION_ORDER = ("Chest CT", "CT", "MR", "Volume", "Chest film", "Film", "Pathology", "Documents", "Other findings")


def compose(case: Case, findings: Sequence[Finding], evidence: Sequence[Evidence], reader: ReaderIdentity,
            *, notes: Sequence[str] = (), took_part: bool = True) -> tuple[Section, ...]:
    """The sections of a draft, unverified.

    Args:
        case: the opened case; its `not_read` holds every refusal of the review.
        findings: numbered F1, F2, ….
        evidence: numbered E1, E2, ….
        reader: who interprets.
        notes: what the comparison has to say beside its findings, one sentence each.
        took_part: whether a reader that interprets answered anything; it may have failed each time.

    Returns:
        Sections in reading order, none of them empty. Every sentence of a kind other than `limitation` cites at
        least one finding and one evidence.
    """
    material = Material(case, tuple(findings), tuple(evidence))
    sections = [
        ("Context", _context(case, reader, took_part)),
        ("What was reviewed", _reviewed(material)),
        ("Comparison", comparison_sentences(material) + [_remark(note) for note in notes]),
        *_examinations(material),
        ("Laboratory", lab_sentences(material)),
        ("Health record", record_sentences(material)),
        ("Impression", _impression(material)),
        ("Limits", _limits(material, reader, case.not_read)),
    ]
    return tuple(Section(title=title, sentences=tuple(sentences)) for title, sentences in sections if sentences)


def _sentence(text: str) -> str:
    line = capital(plain(text))
    return line if line.endswith((".", "?", "!")) else f"{line}."


def _remark(note: str) -> Sentence:
    """What a comparison has to say beside its findings. Amounts in it are no finding's: it is quoted as said there."""
    text = _sentence(note)
    amounts = any(item.unit for item in read(fold(text), ()).quantities)
    return limitation(fill("limit_remark", remark=text.rstrip(".")) if amounts else text)


def _context(case: Case, reader: ReaderIdentity, took_part: bool) -> list[Sentence]:
    question = plain(case.question or "")
    texts = [fill("context_question", question=question) if question else fill("context_no_question")]
    if SYNTHETIC in case.warnings:
        texts.append(fill("context_synthetic"))
    named = reader_text(reader)
    if reader.interprets:
        texts.append(fill("context_model" if took_part else "context_model_silent", reader=named))
    else:
        texts.append(fill("context_measure"))
    return [limitation(text) for text in texts]


def _reviewed(material: Material) -> list[Sentence]:
    sentences: list[Sentence] = []
    silent: list[Sentence] = []
    found = grouped((item for item in material.findings if not item.change), lambda item: _study_id(item, material))
    for label, studies in grouped(material.case.studies, study_label).items():
        items = [item for study in studies if study.id in found for item in _reviewed_items(study, found[study.id])]
        if items:
            sentences.append(listing(label, _one_per_date(items)))
        silent += [_silent(label, study, material) for study in studies if study.id not in found]
    return sentences + silent


def _study_id(finding: Finding, material: Material) -> str:
    study = material.study_of(finding)
    return study.id if study else ""


def _reviewed_items(study: Study, findings: Sequence[Finding]) -> list[Item]:
    """One item with the study's date; for a health record its earliest and latest entry."""
    entries = sorted((item for item in findings if item.date), key=lambda item: item.date or "")
    if study.kind is FileKind.RECORD and entries:
        first, last = entries[0], entries[-1]
        return [Item(fill("reviewed_earliest", date=date_text(first.date)), (first,)),
                Item(fill("reviewed_latest", date=date_text(last.date)), (last,))]
    agreeing = next((item for item in findings if study.date and date_text(item.date) == date_text(study.date)), None)
    if agreeing is not None:
        return [Item(fill("reviewed_item", date=date_text(study.date)), (agreeing,))]
    if entries:
        return [Item(fill("reviewed_item", date=date_text(entries[-1].date)), (entries[-1],))]
    return [Item(fill("reviewed_undated"), (findings[0],))]


def _one_per_date(items: Sequence[Item]) -> list[Item]:
    return [Item(text, tuple(finding for item in group for finding in item.findings))
            for text, group in grouped(items, lambda item: item.text).items()]


def _silent(label: str, study: Study, material: Material) -> Sentence:
    files = {file.path for file in study.files}
    shown = [item.id for item in material.evidence if item.source.file in files]
    date = date_text(study.date) or fill("reviewed_undated")
    return limitation(fill("reviewed_without_finding", label=label, date=date), shown)


def _examinations(material: Material) -> list[tuple[str, list[Sentence]]]:
    """A section for each kind of examination: the latest in full, earlier ones counted."""
    own = (Category.LAB, Category.RECORD, Category.CHANGE)
    rest = material.of(lambda item: item.category not in own and item.change is None)
    sections = grouped(rest, lambda item: _title(item, material))
    return [(title, _examination(title, sections[title])) for title in SECTION_ORDER if title in sections]


def _examination(title: str, findings: Sequence[Finding]) -> list[Sentence]:
    """Slides are specimens of their own, so all of them are told; of other examinations the latest."""
    newest = max(when(item)[:10] for item in findings)
    def is_told(item: Finding) -> bool:
        return title == "Pathology" or when(item)[:10] in ("", newest)

    sentences = findings_sentences([item for item in findings if is_told(item)])
    earlier = [item for item in findings if not is_told(item)]
    return sentences + ([further("further_earlier_measurements", earlier)] if earlier else [])


def _title(finding: Finding, material: Material) -> str:
    study = material.study_of(finding)
    kind = study.kind if study else None
    if kind is FileKind.SLIDE or finding.tool == "pathology":
        return "Pathology"
    if kind is FileKind.FILM or finding.tool == "localization":
        return "Chest film"
    if kind is FileKind.CT:
        return "Chest CT" if _is_chest(finding, study) else "CT"
    if kind in (FileKind.MR, FileKind.VOLUME, FileKind.DOCUMENT, FileKind.NOTE) and kind in STUDY_LABELS:
        return "Documents" if kind is FileKind.NOTE else STUDY_LABELS[kind][0]
    return "Other findings"


def _is_chest(finding: Finding, study: Study | None) -> bool:
    said = f"{study.body_part or ''} {study.description}" if study else ""
    return any(word in f"{said} {finding.name} {finding.site or ''}".casefold() for word in CHEST_WORDS)


def _impression(material: Material) -> list[Sentence]:
    """Changes of images, what was read as present or is indeterminate, laboratory values outside their range; each
    heaviest first."""
    moved = [item for item in sorted(material.of(is_change), key=weight)
             if item.change and item.change.direction.value != "stable" and item.status is not Status.INDETERMINATE]
    images = [item for item in moved if not material.is_lab(item)][:MOST_CHANGES]
    sentences = [cited(change_text(item, material, brief=True), (item,)) for item in images]
    sentences += findings_sentences(_unsettled(material, images))
    sentences = [item.model_copy(update={"kind": SentenceKind.IMPRESSION}) for item in sentences]
    sentences += noted_summary(material)
    sentences += outside_summary(material, MOST_LABS)
    critical = [group for group in earlier_extremes(material) if is_critical(group[0])]
    sentences += earlier_summary(critical[:MOST_LABS], SentenceKind.IMPRESSION)
    compared = any(item.change for item in material.findings)
    weighed = compared or any(item.category is Category.LAB for item in material.findings)
    return sentences or [limitation(fill("impression_none" if weighed else "impression_nothing"))]


def _unsettled(material: Material, told: Sequence[Finding]) -> list[Finding]:
    """Observations of the latest examinations that no change in the impression speaks of: all that a model read as
    present, and the largest of what was detected but not classified."""
    spoken = {key for item in told for key in item.evidence}
    observed = material.of(lambda item: item.category is Category.OBSERVATION and not spoken & set(item.evidence)
                           and item.status is (Status.PRESENT if item.is_read else Status.INDETERMINATE))
    by_title = grouped(observed, lambda item: _title(item, material))
    newest = [item for group in by_title.values() for item in group
              if when(item)[:10] == max(when(other)[:10] for other in group)]
    detected = sorted((item for item in newest if not item.is_read), key=lambda item: -(item.number or 0.0))
    return [*(item for item in newest if item.is_read), *detected[:MOST_OBSERVATIONS]]


def reader_text(reader: ReaderIdentity) -> str:
    """Name, model and revision in a row."""
    return " ".join(part for part in (reader.name, reader.model, reader.revision) if part)


def _limits(material: Material, reader: ReaderIdentity, not_read: Sequence[Refusal]) -> list[Sentence]:
    tools = {item.tool for item in material.findings}
    measured = {item.tool for item in material.findings if not item.is_read}
    read = {item.tool for item in material.findings if item.is_read}
    keys = {
        "limit_nothing": not material.findings,
        "limit_measure": not reader.interprets,
        "limit_volume": "volume" in measured,
        "limit_nodule": any("candidate" in item.name.casefold() for item in material.findings),
        "limit_film": "localization" in measured,
        "limit_film_unread": "localization" in measured - read,
        "limit_pathology": "pathology" in measured,
        "limit_labs": "labs" in tools,
        "limit_records": "records" in tools,
    }
    texts = [fill(key) for key, applies in keys.items() if applies]
    if reader.interprets:
        texts.insert(0, fill("limit_model", reader=reader_text(reader)))
    undated = sum(study.date is None and study.kind is not FileKind.RECORD for study in material.case.studies)
    if undated:
        texts.append(counted("limit_undated", undated))
    if untaken := sum(item.name.endswith(NOT_TAKEN_UP) for item in material.findings):
        texts.append(counted("limit_orders", untaken))
    if missed := len({item.file for item in not_read}):
        texts.append(counted("limit_not_read", missed))
    return [limitation(text) for text in texts]
