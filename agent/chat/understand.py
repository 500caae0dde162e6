"""What a question asks for, by rules over the case's own words. A question is understood as a whole or not at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ...core.moments import moment_key
from . import asks, follow_ups, forms, of_case, overviews
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
    forms.evidence_shown, forms.conversion, forms.days, forms.slices, forms.studies, forms.report,
    asks.quoted, asks.planned, asks.why_stopped, asks.habit_left, asks.on_slice, asks.in_zone, asks.of_slide,
    forms.many_changes, overviews.most_changed, forms.outside_range, forms.events, forms.record_entries, forms.compare,
    overviews.changed, overviews.study_shown, overviews.all_labs, overviews.labs_changed, overviews.counted, asks.again)
"""The first form that reads a whole question counts. Those that begin with words of their own (`E12`, `convert`) stand
first, a passage of a document before what the record says of the same words, what is run again before what was
measured, and forms that take any name of a kind (`which`, `how many`) last."""


_LEFT_OVER = (of_case.counted_in_words, of_case.state_of_organ, of_case.bare_name)
_OF_CASE = (of_case.judged_by_measure, of_case.at_site, of_case.two_sides, of_case.first_and_last, of_case.weight_moved)


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
        before = plan_of(earlier[-1], context, earlier[:-1][-DEEPEST:]) if earlier else Plan()
        plan = (follow_ups.about_another(span, context, before) if follow_ups.is_joined(question) else None) or (
            _understood(span, question, context)) or follow_ups.about_the_same(span, question, context, before)
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
    framed = next(filter(None, (form(span, context) for form in _OF_CASE)), None) or (
        _framed(span, question, context) or _changes(span, context))
    if framed is None and is_short_name(question.strip()):
        return one("look_up", span.rest, name=span.rest)
    return framed or of_record(span, context) or next(filter(None, (form(span, context) for form in _LEFT_OVER)), None)


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


def _told_best(names: Iterable[str]) -> str | None:
    """Of some results the name that the case holds most often, and of those the one that is said most easily."""
    counted = Counter(names)
    return min(counted, key=lambda name: ("[" in name, -counted[name], len(name)), default=None)


def examples(context: ChatContext) -> tuple[str, ...]:
    """Three questions that this case answers, in its own words."""
    changed = _told_best(item.name for item in context.report.findings if item.change is not None)
    lab = _told_best(item.finding.name for item in context.labs)
    seen = next((item.finding.name for item in context.imaging if item.finding.number is not None), None)
    asked = [f"How did {changed} change?" if changed else "", f"What was the latest {lab}?" if lab else "",
             f"What is the {seen.lower()}?" if seen else "",
             "Which medications is the patient taking?" if context.entries.medications else "",
             "Which studies are there?", "What is the impression?", "What was not read?"]
    return tuple(text for text in asked if text)[:3]
