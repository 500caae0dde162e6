"""What a question asks for, by rules over the case's own words. A question is understood as a whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from ...core.moments import moment_key
from ...tools.records.intents import understand
from ...tools.records.matching import Fit
from . import asks, forms, overviews
from .context import ChatContext
from .frames import Frame, frame_of, plan_of_frame
from .moments import Span, UnclearDate, day_before, span_in
from .plan import Call, Plan, one
from .recorded import SEEN_ON, is_short_name, may_be_name, of_record
from .refusals import refusal
from .results import named
from .setting import shown_on, study_in
from .wording import corrected, plain

UNSURE = "The date “{date}” is no date, or can be read in two ways; write it as YYYY-MM-DD."
MOST_WORDS = 40
"""Of a question; a longer one is several."""
MOST_NAMES = 4
"""Things that one question may be about."""
DEEPEST = 4
"""Questions that a follow-up may reach back over."""
_FORMS: tuple[Callable[[Span, str], Plan | None], ...] = (
    forms.evidence_shown, forms.conversion, forms.days, forms.studies, forms.report, asks.quoted, asks.planned,
    asks.on_slice, asks.in_zone, asks.of_slide, forms.many_changes, forms.outside_range, forms.events,
    forms.record_entries, forms.compare, overviews.changed, overviews.study_shown, overviews.all_labs,
    overviews.labs_changed, overviews.counted, asks.again)


def plan_of(question: str, context: ChatContext, earlier: Sequence[str] = ()) -> Plan:
    """The tools to call for a question.

    Args:
        question: as the user put it.
        context: whose names the question may use.
        earlier: the questions before it, the latest last, for "and the platelets?".
    """
    text, _ = read(question, context)
    refused = refusal(text)
    if refused or len(text.split()) > MOST_WORDS:
        return Plan(declined=refused, understood=bool(refused))
    try:
        span = span_in(text, _latest_date(context))
        span = replace(span, rest=shown_on(span.rest))
        pair = forms.compared_two(text, _latest_date(context))
        if pair is not None:
            return pair
        joined = _JOINED.match(question.strip().lower()) is not None
        plan = (_of_another(span, context, earlier) if joined else None) or _understood(span, question, context) or (
            _about_the_same(span, question, context, earlier))
    except UnclearDate as error:
        return Plan(declined=UNSURE.format(date=error))
    return _completed(plan, context) if plan else Plan(understood=False)


def read(question: str, context: ChatContext) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The question in plain words, slips of the pen put right; and which."""
    return corrected(plain(question), context.names.words)


def _latest_date(context: ChatContext) -> str:
    dates = [event.occurred_at for event in context.report.timeline if event.occurred_at]
    return max(dates, default="9999-12")[:10]


def _understood(span: Span, question: str, context: ChatContext) -> Plan | None:
    for form in _FORMS:
        plan = form(span, question)
        if plan is not None:
            return plan
    framed = _framed(span, question, context) or _changes(span, context)
    if framed is None and is_short_name(question.strip()):
        return one("look_up", span.rest, name=span.rest)
    return framed or of_record(span, context)


def _framed(span: Span, question: str, context: ChatContext) -> Plan | None:
    """A question about one thing, or the same about several: `MCV and MCH?`"""
    kind, pick, rest = study_in(span.rest)
    frame = frame_of(replace(span, rest=rest), question, context.names)
    plan = _of_frame(frame, context)
    if plan is None or not kind:
        return plan
    if kind in SEEN_ON and not _is_from(frame.name, kind, context):
        return one("look_up", frame.name, name=frame.name, since=span.since, until=span.until, on=kind)
    return _picked(plan, pick) if kind in SEEN_ON or kind == "lab report" else None


def _of_frame(frame: Frame, context: ChatContext) -> Plan | None:
    plan, names = plan_of_frame(frame), [frame.name]
    while plan is None and frame.name and len(names) < MOST_NAMES:
        other, rest = context.names.find(frame.rest)
        if not other or not re.search(r"\b(?:and|or)\b|[,&]", frame.rest):
            return None
        names.append(other)
        frame = replace(frame, rest=re.sub(r"\b(?:and|or)\b|[,&]", " ", rest))
        plan = plan_of_frame(frame)
    if plan is None or len(names) == 1:
        return plan
    return Plan(tuple(call for name in names for call in (plan_of_frame(replace(frame, name=name)) or Plan()).calls))


def _picked(plan: Plan, pick: str) -> Plan:
    """`on the first CT`: of what is looked up, the first."""
    if pick != "first":
        return plan
    return replace(plan, calls=tuple(
        Call(call.tool, call.arguments | {"pick": "first"}) if call.tool == "look_up" and not call.arguments["pick"]
        else call for call in plan.calls))


def _is_from(name: str, kind: str, context: ChatContext) -> bool:
    """Whether everything of a name was measured on studies of a kind: a nodule of the CT is none of the film."""
    found = named(name, [*context.imaging, *context.valued])
    own = {item.id for item in named(name, context.only(kind).imaging)}
    return bool(found) and all(item.id in own for item in found)


_THE = r"(?:the |this |that |his |her |their |its |a |an |any |patient's |the patient's )*"
_CHANGED = (r"(?:chang(?:e|ed)|develop(?:ed)?|increas(?:e|ed)|decreas(?:e|ed)|ris(?:e|en)|rose|fall(?:en)?|fell"
            r"|dropp?(?:ed)?|grow|grown|improved?|worsen(?:ed)?)")


def _changes(span: Span, context: ChatContext) -> Plan | None:
    """The change of what the case does not name: that there is none is told."""
    found = re.fullmatch(rf"(?:how (?:did|has|have)|has|have|did) {_THE}(?P<x>.+?) (?:been )?{_CHANGED}", span.rest)
    if found is None or not may_be_name(found["x"]):
        return None
    return one("how_it_changed", found["x"], name=found["x"], since=span.since, until=span.until)


_JOINED = re.compile(r"(?:ok(?:ay)?[, ]+)?(?:and|what about|how about|same for)\b")
_SINCE_WHEN = re.compile(r"(?:since when|from when|when did (?:it|that) (?:start|begin)|for how long|how long)"
                         r"(?: is that| was that| has (?:he|she) had (?:it|that))?")
_ONE_BEFORE = re.compile(r"(?:compare )?(?:it )?(?:with|to|and)? ?(?:the )?(?:(?:film|ct|mr|scan|one) )?"
                         r"before (?:that|it)(?: one)?|(?:and )?(?:the )?one before(?: that)?")


def _before(context: ChatContext, earlier: Sequence[str]) -> Plan:
    """What the question before asked for."""
    return plan_of(earlier[-1], context, earlier[:-1][-DEEPEST:]) if earlier else Plan()


def _of_another(span: Span, context: ChatContext, earlier: Sequence[str]) -> Plan | None:
    """`and the platelets?` after `how did hemoglobin change?`: the same question about another thing."""
    about = re.sub(r"^(?:what about|how about|for|and)? ?(?:the |his |her )?", "", span.rest)
    before = _before(context, earlier)
    asked = str(before.calls[0].arguments.get("question", "")) if before.calls else ""
    is_named = context.names.answers_to(about) is not Fit.NONE
    if not is_named and before.subject and before.subject in asked and not span.word and may_be_name(about):
        return one("ask_record", about, question=asked.replace(before.subject, about))
    if span.word or not is_named:
        return None
    calls = tuple(Call(call.tool, call.arguments | {"name": about}) for call in before.calls
                  if call.arguments.get("name") == before.subject)
    return Plan(calls, subject=about) if calls and before.subject else None


def _about_the_same(span: Span, question: str, context: ChatContext, earlier: Sequence[str]) -> Plan | None:
    """A question that names nothing, about the subject of the one before."""
    before = _before(context, earlier)
    if before.calls and before.calls[0].tool == "compare_with_prior" and _ONE_BEFORE.fullmatch(span.rest):
        call = before.calls[0]
        return Plan((Call(call.tool, call.arguments | {"back": call.arguments.get("back", 1) + 1}),))
    return _of_subject(span, question, context, before) if before.subject else None


def _of_subject(span: Span, question: str, context: ChatContext, before: Plan) -> Plan | None:
    if _SINCE_WHEN.fullmatch(span.rest):
        return _since_when(before)
    if not span.rest and span.word:
        calls = tuple(Call(call.tool, call.arguments | {"since": span.since, "until": span.until})
                      for call in before.calls if "since" in call.arguments)
        return Plan(calls, subject=before.subject) if calls else None
    if context.names.answers_to(before.subject) is Fit.NONE:
        return None
    return plan_of_frame(frame_of(span, question, context.names, before.subject))


def _since_when(before: Plan) -> Plan:
    """When a condition or medicine began, or since when a result is outside its range."""
    if before.calls[0].tool != "ask_record":
        return one("find_values", before.subject, name=before.subject, relation="outside")
    asked = understand(str(before.calls[0].arguments["question"]))
    is_medicine = asked is not None and "medication" in asked.topic.value
    text = f"when was {before.subject} {'started' if is_medicine else 'diagnosed'}"
    return one("ask_record", before.subject, question=text)


def _completed(plan: Plan, context: ChatContext) -> Plan:
    """A plan whose calls are tools' own: what only the case's findings tell is filled in."""
    calls: list[Call] = []
    for call in plan.calls:
        if call.tool == "evidence of":
            found = named(call.arguments["name"], [*context.imaging, *context.valued])
            newest = max((moment_key(item.date or "")[:10] for item in found), default="")
            keys = dict.fromkeys(key for item in found if moment_key(item.date or "")[:10] == newest
                                 for key in item.evidence)
            calls += [Call("show_evidence", {"evidence": key}) for key in list(keys)[:4]]
        elif call.arguments.get("pick") == "previous":
            calls.append(Call(call.tool, call.arguments | _previous(call, context)))
        else:
            calls.append(call)
    return replace(plan, calls=tuple(calls))


def _previous(call: Call, context: ChatContext) -> dict[str, str]:
    """The last result before the newest of a name: until the day before that."""
    found = named(call.arguments["name"], [*context.imaging, *context.valued])
    days = sorted({(item.date or "")[:10] for item in found if item.date and len(item.date) >= 10})
    return {"until": day_before(days[-1]) if days else call.arguments["until"], "pick": "latest"}


def examples(context: ChatContext) -> tuple[str, ...]:
    """Three questions that this case answers, in its own words."""
    changed = next((item.name for item in context.report.findings if item.change is not None), None)
    lab = next((item.finding.name for item in context.labs), None)
    seen = next((item.finding.name for item in context.imaging if item.finding.number is not None), None)
    asked = [f"How did {changed} change?" if changed else "", f"What was the latest {lab}?" if lab else "",
             f"What is the {seen.lower()}?" if seen else "",
             "Which medications is the patient taking?" if context.entries.medications else "",
             "Which studies are there?", "What is the impression?", "What was not read?"]
    return tuple(text for text in asked if text)[:3]
