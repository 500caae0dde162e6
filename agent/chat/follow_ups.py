"""Questions that lean on the one before: the same about another thing, another time, another slice, or its subject."""

from __future__ import annotations

import re
from dataclasses import replace

from ...tools.records.intents import understand
from ...tools.records.matching import Fit
from .context import ChatContext
from .frame_words import ANY_LESION, PICKS
from .frames import frame_of, plan_of_frame
from .moments import UP_TO, Span
from .plan import Call, Plan, one
from .recorded import may_be_name

_JOINED = re.compile(r"(?:ok(?:ay)?[, ]+)?(?:and|what about|how about|same for)\b")
_LEAD = r"^(?:what about|how about|same for|for|and)? ?"
_SINCE_WHEN = re.compile(r"(?:since when|from when|when did (?:it|that) (?:start|begin)|for how long|how long)"
                         r"(?: is that| was that| has (?:he|she) had (?:it|that))?")
_ONE_BEFORE = re.compile(r"(?:compare )?(?:it )?(?:with|to|and)? ?(?:the )?(?:(?:film|ct|mr|scan|one) )?"
                         r"before (?:that|it)(?: one)?|(?:and )?(?:the )?one before(?: that)?")
_THE_ONE = re.compile(_LEAD + r"(?:the |that |those )?(?:one|ones|it|that|same|values?|results?)?(?: was| is)?")
_PICK = re.compile(_LEAD + r"(?:on |in |at |of )?(?:what (?:is|was) )?(?:the )?(?P<pick>first|earliest|initial|last"
                   r"|latest|most recent|newest|highest|maximum|peak|lowest|minimum|nadir)"
                   r"(?: one| ct| scan| film| time| value)?")
_WHEN_THAT = re.compile(_LEAD + r"(?:when|what date|which day) (?:was|is) (?:that|it|this)(?: one)?"
                        r"(?: measured| done| taken| seen)?")
_WHERE_IT = re.compile(_LEAD + r"(?:(?:in |on )?(?:which|what) (?P<where>lung|side|slices?)(?: (?:is|was|does|did) "
                       r"(?:it|that)(?: lie)?(?: in| on)?)?|where (?:is|was) (?:it|that))")
_SLICE = re.compile(_LEAD + r"(?:on |in |at )?(?:slice )(?:no\.? |number )?(?P<slice>\d{1,5})")


def is_joined(question: str) -> bool:
    """Whether a question begins as one that goes on: `and the platelets?`."""
    return _JOINED.match(question.strip().lower()) is not None


def about_another(span: Span, context: ChatContext, before: Plan) -> Plan | None:
    """What follows a joining word and is asked as the question before was: another thing, time or slice.

    Args:
        span: of the question.
        context: whose names it may use.
        before: what the question before asked for.
    """
    return _elsewhere(span, before) or _another_thing(span, context, before)


def _elsewhere(span: Span, before: Plan) -> Plan | None:
    return on_another_slice(span, before) or at_another_pick(span, before) or at_another_time(span, before)


def on_another_slice(span: Span, before: Plan) -> Plan | None:
    """`and on slice 107?` after `how big is the nodule on slice 105?`."""
    found = _SLICE.fullmatch(span.rest)
    if found is None or not before.calls or "slice" not in before.calls[0].arguments:
        return None
    return _with(before, slice=int(found["slice"]))


def at_another_pick(span: Span, before: Plan) -> Plan | None:
    """`and on the first?` after `lung volume on the last CT?`."""
    found = _PICK.fullmatch(span.rest)
    if found is None or span.word or not before.calls or "pick" not in before.calls[0].arguments:
        return None
    extreme = PICKS.get(found["pick"], "") if before.calls[0].tool == "look_up" else ""
    if extreme in ("highest", "lowest"):
        return _with(before, pick=extreme)
    first = found["pick"] in ("first", "earliest", "initial")
    last = "last" if before.calls[0].tool in ("list_studies", "read_study") else "latest"
    return _with(before, pick="first" if first else last)


def at_another_time(span: Span, before: Plan) -> Plan | None:
    """`and the one in November?`, `in November?`: the question before, of another time."""
    if not span.word or not _THE_ONE.fullmatch(span.rest) or not before.calls:
        return None
    given = before.calls[0].arguments
    if "since" in given:
        picked = {"pick": ""} if given.get("pick") else {}
        return _with(before, since=span.since, until=span.until, **picked)
    if "date" in given and span.since == span.until:
        return _with(before, date=span.since)
    if "question" in given and before.subject and span.word not in UP_TO:
        asked = understand(str(given["question"]))
        dated = f"{given['question']} in {span.since}" if span.since == span.until else ""
        return one("ask_record", before.subject, question=dated) if asked and not asked.limit and dated else None
    return None


def _with(before: Plan, **other: object) -> Plan:
    return replace(before, calls=tuple(Call(call.tool, call.arguments | other) for call in before.calls))


def _another_thing(span: Span, context: ChatContext, before: Plan) -> Plan | None:
    """`and the platelets?` after `how did hemoglobin change?`: the same question about another thing."""
    about = re.sub(rf"{_LEAD}(?:the |his |her )?", "", span.rest)
    if about.startswith("its ") and before.subject and not span.word:
        about = _of_subject(about.removeprefix("its "), before.subject)
        if context.names.answers_to(about) is not Fit.NONE:
            return one("look_up", about, name=about, since="", until="", unit="", pick="latest")
    asked = str(before.calls[0].arguments.get("question", "")) if before.calls else ""
    is_named = context.names.answers_to(about) is not Fit.NONE
    if not is_named and before.subject and before.subject in asked and not span.word and may_be_name(about):
        return one("ask_record", about, question=asked.replace(before.subject, about))
    swapped = _other_side(about, before.subject)
    if span.word or not (is_named or swapped):
        return None
    about = swapped or about
    calls = tuple(Call(call.tool, call.arguments | {"name": about}) for call in before.calls
                  if call.arguments.get("name") == before.subject)
    return Plan(calls, subject=about) if calls and before.subject else None


def _of_subject(measure: str, subject: str) -> str:
    """`its volume` after a nodule, mass or opacity is the opacity's."""
    return f"opacity {measure}" if ANY_LESION.search(subject) else f"{subject} {measure}"


def _other_side(about: str, subject: str) -> str:
    """The subject of the question before on the other side, where that alone is asked for; else empty."""
    found = re.fullmatch(r"(?:on |in )?(?:the )?(?P<side>left|right|other)(?: lung| side| one)*", about)
    sides = re.findall(r"\b(left|right)\b", subject)
    if found is None or len(sides) != 1 or found["side"] == sides[0]:
        return ""
    return re.sub(r"\b(?:left|right)\b", "right" if sides[0] == "left" else "left", subject)


def about_the_same(span: Span, question: str, context: ChatContext, before: Plan) -> Plan | None:
    """A question that names nothing, about the subject of the one before."""
    if before.calls and before.calls[0].tool == "compare_with_prior" and _ONE_BEFORE.fullmatch(span.rest):
        return _with(before, back=int(before.calls[0].arguments.get("back", 1)) + 1)
    if before.calls and _WHEN_THAT.fullmatch(span.rest) and not span.word:
        return before
    moved = _elsewhere(span, before) or _where_it_lies(span, question, context, before)
    if moved or not before.subject:
        return moved
    if _SINCE_WHEN.fullmatch(span.rest):
        return _since_when(before)
    if context.names.answers_to(before.subject) is Fit.NONE:
        return None
    return plan_of_frame(frame_of(span, question, context.names, before.subject))


def _where_it_lies(span: Span, question: str, context: ChatContext, before: Plan) -> Plan | None:
    """`Which lung is it in?`, `on which slice?` after `how big is the opacity?`."""
    found = _WHERE_IT.fullmatch(span.rest)
    if found is None or not before.subject or span.word:
        return None
    asked = f"on which slice is the {before.subject}" if (found["where"] or "").startswith("slice") else (
        f"where is the {before.subject}")
    return plan_of_frame(frame_of(replace(span, rest=asked), question, context.names))


def _since_when(before: Plan) -> Plan:
    """When a condition or medicine began, or since when a result is outside its range."""
    if before.calls[0].tool != "ask_record":
        return one("find_values", before.subject, name=before.subject, relation="outside")
    asked = understand(str(before.calls[0].arguments["question"]))
    is_medicine = asked is not None and "medication" in asked.topic.value
    text = f"when was {before.subject} {'started' if is_medicine else 'diagnosed'}"
    return one("ask_record", before.subject, question=text)
