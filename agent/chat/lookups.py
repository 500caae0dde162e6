"""What the chat's tools do, one function each, over one case."""

from __future__ import annotations

from dataclasses import replace

from ...core.moments import moment_key, spoken
from ...core.report import Sentence, TimelineEvent
from ...core.result import AnswerStatus, AnswerValue
from ...memory.query import Query
from ...memory.timeline import Hit, Match
from ...report.view import where
from ...report.wording import by_number, date_text
from ...tools.comparison import StudyReading
from ...tools.records.intents import AmbiguousDate, left_over, understand
from ...tools.records.question_forms import Topic
from ...tools.records.questions import answer_question
from ...tools.records.relatives import KINSHIP
from ...tools.records.state_answers import FAMILY_WORDS
from ..compose_change import change_text
from ..compose_labs import flag_of, lab_sentence, outside_range
from ..events import as_cited
from ..phrases import cited, shown
from ..state import TaskResult
from . import results
from .again import fresh, mentioned, moved
from .arithmetic import NoConversion, converted_text
from .context import ChatContext
from .results import begins, span_words
from .studies import KINDS, a_study, called
from .told import Saying, Told, nothing, of_answer, said

MOST_EVENTS = 40
SECTIONS = {"impression": "Impression", "limits": "Limits", "comparison": "Comparison", "reviewed":
            "What was reviewed"}


def ask_record(context: ChatContext, question: str, count: bool) -> Told:
    """What rules answer from everything that was recorded, measured and extracted; `count` says how many entries that
    is."""
    own = [item for item in context.report.findings if not item.is_read]
    told = of_answer(answer_question(question, own, context.evidence))
    if told.sayings and count:
        number = len(told.sayings)
        head = Saying(f"{number} {'entry' if number == 1 else 'entries'}.", by_number(
            {key for saying in told.sayings for key in saying.evidence}))
        return replace(told, sayings=(head, *told.sayings), value=AnswerValue(number=float(number)))
    if told.sayings or told.status is not AnswerStatus.NOT_IN_CASE:
        return told
    return replace(told, reason=f"{told.reason}{mentioned(context, about_of(question))}")


def look_up(context: ChatContext, on: str, name: str, **given: str) -> Told:
    """See `results.look_up`; `on` keeps to one kind of examination. Where none of that kind shows the thing, documents
    that name it are pointed at."""
    if not on:
        return results.look_up(context, name, **given)
    own = context.only(on)
    if results.named(name, own.imaging):
        return results.look_up(own, name, **given)
    return nothing(f"The case holds nothing measured or seen on {a_study(on)} that is named {shown(name)}; that does "
                   f"not rule it out.{mentioned(context, name)}")


def about_of(question: str) -> str:
    """The thing that a question for the record is about; empty where it names none."""
    try:
        asked = understand(question)
    except AmbiguousDate:
        return ""
    if asked is not None and asked.topic is Topic.FAMILY:
        return left_over(KINSHIP.sub(" ", question.replace("’", "'")), FAMILY_WORDS)
    return asked.about if asked else ""


def search_timeline(context: ChatContext, text: str, query: Query) -> Told:
    """Events of this case's patient; what only lies near in meaning is no answer, and what denies is told as such."""
    hits = context.timeline.worded(text, query) if text else [
        Hit(event, None) for event in context.timeline.matching(query)]
    known = {event.id for event in context.report.timeline}
    found = [hit for hit in hits if hit.event.id in known]
    events = as_cited((hit.event for hit in found), context.report)
    if not events:
        return nothing(f"The timeline holds no event {asked_for(text, query)}.")
    if len(events) == 1:
        return Told((_event(events[0]),))
    by_weight = sorted(range(len(events)), reverse=True, key=lambda at: (
        found[at].match is not Match.OPPOSITE, moment_key(events[at].occurred_at or "")))
    told = [events[at] for at in sorted(by_weight[:MOST_EVENTS])]
    left = f"; the latest {MOST_EVENTS} of them are told, {len(events) - MOST_EVENTS} left out" if (
        len(events) > MOST_EVENTS) else ""
    head = Saying(f"{len(events)} events{left}.", by_number({key for event in events for key in event.evidence}))
    return Told((head, *map(_event, told)), value=AnswerValue(number=float(len(events))))


def _event(event: TimelineEvent) -> Saying:
    return Saying(f"{date_text(event.occurred_at) or 'Undated'}: {shown(event.text)}.", event.evidence)


def asked_for(text: str, query: Query) -> str:
    """Which events were asked for, in words that follow "no event"."""
    parts = [f"with the words “{shown(text)}”" if text else "", f"of the kind {query.kind}" if query.kind else "",
             f"known by {spoken(query.as_of)}" if query.as_of else "",
             span_words(*query.between) if query.between else "", f"of {query.analyte}" if query.analyte else "",
             f"at {query.site}" if query.site else ""]
    return " ".join(part for part in parts if part) or "at all"


def read_report(context: ChatContext, part: str) -> Told:
    """Sentences of the report: a section, results outside their range, what was not read, conflicts, how much of
    everything there is."""
    if part in ("abnormal", "low", "high"):
        return _flagged(context, part)
    if part in ("not read", "counts"):
        return _not_read(context) if part == "not read" else Told((Saying(_counts(context), ()),))
    if part == "conflicts":
        found = [Saying(item.text, item.evidence) for item in context.report.conflicts]
        return Told(tuple(found) or (Saying("No two sources of this case were found to disagree.", ()),))
    sections = [item for item in context.report.sections if item.title == SECTIONS.get(part, part)]
    sentences = [sentence for section in sections for sentence in section.sentences]
    if not sentences:
        return nothing(f"The report has no section {shown(part)}.")
    return said(sentences)


def _flagged(context: ChatContext, part: str) -> Told:
    groups = [group for group in outside_range(context.material) if part == "abnormal" or flag_of(group[0]) == part]
    how = "outside its range" if part == "abnormal" else part
    if not groups:
        return nothing(f"No latest laboratory result is flagged or known to be {how}.")
    told = said(map(lab_sentence, groups))
    outside = how.replace("its", "their") if len(groups) > 1 else how
    head = Saying(f"{len(groups)} latest laboratory result{'' if len(groups) == 1 else 's'} {outside}.",
                  by_number({key for saying in told.sayings for key in saying.evidence}))
    return replace(told, sayings=(head, *told.sayings), value=AnswerValue(number=float(len(groups))))


def _counts(context: ChatContext) -> str:
    report, case = context.report, context.case
    return (f"Files: {len(case.files)}, of which not read: {len(report.not_read)}. Examinations and documents: "
            f"{len(case.studies)}. Findings: {len(report.findings)}. Timeline events: {len(report.timeline)}. Pieces "
            f"of evidence: {len(report.evidence)}.")


def _not_read(context: ChatContext) -> Told:
    if not context.report.not_read:
        return Told((Saying("Every file of the case was read.", ()),))
    lines = [f"{item.file}: {item.reason}" for item in context.report.not_read[:MOST_EVENTS]]
    return Told(tuple(Saying(line, ()) for line in lines))


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


def compare_with_prior(context: ChatContext, kind: str, date: str, back: int, prior: str) -> Told:
    """An examination against an earlier one, the one just before it by default: what the report says, or compared now.

    Args:
        context: the case.
        kind: of both.
        date: of the later one, ISO 8601; empty for the latest.
        back: how many before it the earlier one is.
        prior: date of the earlier one, in place of `back`.
    """
    wanted = KINDS.get(kind, kind)
    done = sorted((item for item in context.results if item.task.study.kind.value == wanted and item.task.study.date),
                  key=lambda item: item.task.study.date or "")
    later = [item for item in done if not date or str(item.task.study.date).startswith(date)]
    if not later:
        return nothing(f"The case holds no {called(kind)} {f'of {spoken(date)}' if date else 'with a date'}.")
    at = done.index(later[-1])
    before = [item for item in done[:at] if str(item.task.study.date).startswith(prior)] if prior else done[:at]
    if len(before) < (1 if prior else back):
        first = date_text(done[at].task.study.date)
        which = f"{called(kind)}{f' of {spoken(prior)}' if prior else ''} before {first}"
        return nothing(f"The case holds {len(before) or 'no'} {which}, so there is none to compare with.")
    earlier, current = before[-1 if prior else -back], done[at]
    told = _told_changes(context, str(earlier.task.study.date)[:10], str(current.task.study.date)[:10], wanted)
    if told:
        return said(told)
    return _compared_now(context, earlier, current)


def _compared_now(context: ChatContext, prior: TaskResult, current: TaskResult) -> Told:
    place = context.apart(["comparison", prior.task.study.id, current.task.study.id])
    result = moved(context.comparison.compare(StudyReading(prior.task.study, prior.result),
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
