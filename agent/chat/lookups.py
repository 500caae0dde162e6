"""What the chat's tools do, one function each, over one case."""

from __future__ import annotations

from dataclasses import replace

from ...core.case import Study
from ...core.moments import moment_key
from ...core.report import Sentence, TimelineEvent
from ...core.result import AnswerStatus, AnswerValue
from ...memory.query import Query
from ...memory.timeline import Match
from ...report.view import where
from ...report.wording import date_text
from ...tools.comparison import ComparisonTool, StudyReading
from ...tools.records.intents import AmbiguousDate, Topic, left_over, understand
from ...tools.records.questions import answer_question
from ..compose_change import change_text
from ..compose_labs import flag_of, lab_sentence, outside_range
from ..events import as_cited
from ..phrases import STUDY_LABELS, cited, shown
from .again import fresh, mentioned, moved
from .arithmetic import NoConversion, converted_text
from .context import ChatContext
from .results import begins, span_words
from .told import Saying, Told, nothing, of_answer, said

MOST_EVENTS = 40
KINDS = {"ct": "ct", "mr": "mr", "mri": "mr", "film": "film", "x-ray": "film", "xray": "film", "radiograph": "film",
         "slide": "slide", "scan": "ct"}
IMAGING = {"ct", "mr", "film"}
SECTIONS = {"impression": "Impression", "limits": "Limits", "comparison": "Comparison", "reviewed":
            "What was reviewed"}


def ask_record(context: ChatContext, question: str) -> Told:
    """What rules answer from everything that was recorded, measured and extracted."""
    own = [item for item in context.report.findings if not item.is_read]
    told = of_answer(answer_question(question, own, context.evidence))
    if told.sayings or told.status is not AnswerStatus.NOT_IN_CASE:
        return told
    return replace(told, reason=f"{told.reason}{mentioned(context, about_of(question))}")


def about_of(question: str) -> str:
    """The thing that a question for the record is about; empty where it names none."""
    try:
        asked = understand(question)
    except AmbiguousDate:
        return ""
    if asked is not None and asked.topic is Topic.FAMILY:
        return left_over(question, "is there any a the family history of what did his her mother father have")
    return asked.about if asked else ""


def search_timeline(context: ChatContext, text: str, query: Query) -> Told:
    """Events of this case's patient; what only lies near in meaning is no answer, and what denies is told as such."""
    if text:
        hits = [hit for hit in context.timeline.hits(text, query, limit=MOST_EVENTS) if hit.match is not Match.MEANING]
        events = [hit.event for hit in hits]
    else:
        events = context.timeline.matching(query)
    known = {event.id for event in context.report.timeline}
    own = [event for event in as_cited(events, context.report) if event.id in known]
    if not own:
        return nothing(f"The timeline holds no event {_asked(text, query)}.")
    sayings = [_event(event) for event in own[:MOST_EVENTS]]
    if len(own) > MOST_EVENTS:
        rest = own[MOST_EVENTS:]
        sayings.append(Saying(f"{len(rest)} more events are on the timeline.", rest[0].evidence))
    return Told(tuple(sayings))


def _event(event: TimelineEvent) -> Saying:
    return Saying(f"{date_text(event.occurred_at) or 'Undated'}: {shown(event.text)}.", event.evidence)


def _asked(text: str, query: Query) -> str:
    parts = [f"with the words “{shown(text)}”" if text else "", f"of the kind {query.kind}" if query.kind else "",
             f"known by {query.as_of}" if query.as_of else "",
             span_words(*query.between) if query.between else "", f"of {query.analyte}" if query.analyte else "",
             f"at {query.site}" if query.site else ""]
    return " ".join(part for part in parts if part) or "at all"


def read_report(context: ChatContext, part: str) -> Told:
    """Sentences of the report: a section, results outside their range, what was not read, conflicts."""
    if part in ("abnormal", "low", "high"):
        groups = [group for group in outside_range(context.material)
                  if part == "abnormal" or flag_of(group[0]) == part]
        how = "outside its range" if part == "abnormal" else part
        return said(map(lab_sentence, groups)) if groups else nothing(
            f"No latest laboratory result is flagged or known to be {how}.")
    if part == "not read":
        return _not_read(context)
    if part == "conflicts":
        found = [Saying(item.text, item.evidence) for item in context.report.conflicts]
        return Told(tuple(found) or (Saying("No two sources of this case were found to disagree.", ()),))
    sections = [item for item in context.report.sections if item.title == SECTIONS.get(part, part)]
    sentences = [sentence for section in sections for sentence in section.sentences]
    if not sentences:
        return nothing(f"The report has no section {shown(part)}.")
    return said(sentences)


def _not_read(context: ChatContext) -> Told:
    if not context.report.not_read:
        return Told((Saying("Every file of the case was read.", ()),))
    lines = [f"{item.file}: {item.reason}" for item in context.report.not_read[:MOST_EVENTS]]
    return Told(tuple(Saying(line, ()) for line in lines))


def list_studies(context: ChatContext, kind: str, pick: str) -> Told:
    """Examinations with their dates: all, the first, or the last of a kind."""
    wanted = IMAGING if kind == "imaging" else {KINDS.get(kind, kind)}
    studies = [study for study in context.case.studies
               if not kind or study.kind.value in wanted or (study.description or "").casefold() == kind]
    studies = [study for study in studies if study.date] if pick else studies
    if not studies:
        return nothing(f"The case holds no {called(kind)}{' with a date' if pick else ''}.")
    if pick:
        studies = [(min if pick == "first" else max)(studies, key=lambda study: moment_key(study.date or ""))]
    sayings = [Saying(f"{_label(study)}: {date_text(study.date) or 'undated'}.", shown_of(study, context))
               for study in studies if shown_of(study, context)]
    if not sayings:
        return nothing(f"The case holds {len(studies)} of them, and none gave any evidence.")
    only = studies[0] if len(studies) == 1 else None
    return Told(tuple(sayings), value=AnswerValue(text=_label(only), date=only.date) if only else None)


def called(kind: str) -> str:
    """A kind of examination in words."""
    return {"ct": "CT", "mr": "MR", "": "examination", "imaging": "images"}.get(kind, kind)


def _label(study: Study) -> str:
    return shown(study.description or STUDY_LABELS[study.kind][0])


def shown_of(study: Study, context: ChatContext) -> tuple[str, ...]:
    """The first piece of evidence of an examination."""
    files = {file.path for file in study.files}
    return tuple(item.id for item in context.evidence if item.source.file in files)[:1]


def show_evidence(context: ChatContext, evidence: str) -> Told:
    """What one piece of evidence shows, where it lies, and its picture."""
    item = context.shown_evidence(evidence)
    if item is None:
        return nothing(f"The case has no evidence {shown(evidence)}; it has E1 to E{len(context.evidence)}.")
    picture = f" Picture: {item.picture}." if item.picture else " It has no picture."
    return Told((Saying(f"{item.id}: {shown(item.caption)}, {where(item)}, in {item.source.file}.{picture}",
                        (item.id,)),))


def convert(value: float, unit: str, to: str) -> Told:
    """One value in another unit."""
    try:
        return Told((Saying(f"{converted_text(value, unit, to)}.", ()),))
    except NoConversion as error:
        return nothing(f"That cannot be converted: {error}", AnswerStatus.DECLINED)


def compare_with_prior(context: ChatContext, kind: str, date: str, back: int) -> Told:
    """An examination against an earlier one, the one just before it by default: what the report says, or compared now.
    """
    wanted = KINDS.get(kind, kind)
    done = sorted((item for item in context.results if item.task.study.kind.value == wanted and item.task.study.date),
                  key=lambda item: item.task.study.date or "")
    later = [item for item in done if not date or str(item.task.study.date).startswith(date)]
    if not later:
        return nothing(f"The case holds no {called(kind)} {f'of {date}' if date else 'with a date'}.")
    at = done.index(later[-1])
    if at < back:
        first = date_text(done[at].task.study.date)
        return nothing(f"The case holds {at or 'no'} {called(kind)} before {first}, so there is none to compare with.")
    prior, current = done[at - back], done[at]
    told = _told_changes(context, str(prior.task.study.date)[:10], str(current.task.study.date)[:10], wanted)
    if told:
        return said(told)
    place = context.apart(["comparison", prior.task.study.id, current.task.study.id])
    result = moved(ComparisonTool().compare(StudyReading(prior.task.study, prior.result),
                                            StudyReading(current.task.study, current.result), place), place)
    if not result.findings:
        return nothing(" ".join(result.warnings) or "The two give nothing that can be compared.")
    # A change rests on what was seen before, too, which the report shows under its own ids.
    seen = [item for one in (prior, current) for item in one.result.evidence]
    return fresh(context, result.findings, [*result.evidence, *seen])


def _told_changes(context: ChatContext, prior: str, current: str, kind: str) -> list[Sentence]:
    own = [item for item in context.report.findings if item.change is not None and not context.material.is_lab(item)
           and (item.date or "")[:10] == current and begins(item, context) == prior]
    of_kind = [item for item in own if (study := context.material.study_of(item)) and study.kind.value == kind]
    return [cited(change_text(item, context.material), (item,)) for item in of_kind]
