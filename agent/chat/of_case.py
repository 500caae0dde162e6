"""Questions that only the case's own words make sense of: its body sites, its two sides, names that stand alone."""

from __future__ import annotations

import re

from ...memory.query import tokens
from ...tools.records.matching import Fit, fit, fold, words_of
from .context import ChatContext
from .forms import STUDY, kind_of
from .moments import Span
from .plan import Call, Plan, one
from .recorded import may_be_name

_AT = re.compile(r"(?:what|which|anything|everything|all|show)(?: (?:measurements?|findings?|results?|values?|else))?"
                 r"(?: (?:is|was|were|are|has been|have been|there))*(?: (?:measured|seen|found|known|shown|reported"
                 r"|recorded|wrong))? (?:on|in|at|of|about|for|with) (?:the |his |her )?(?P<site>[a-z -]+)")
_JUDGED = {"cardiothoracic ratio": r"cardiomegaly|(?:an? )?enlarged heart|enlargement of the heart|cardiac enlargement"}
"""What is measured on images, and what a person would call it: whether it is that, no number alone decides."""
_RATIO_LARGE = re.compile(r"^(?:is|was) (?:the |his |her )?cardiothoracic ratio (?:(?:too )?(?:big|large)|enlarged)")
"""`Is the heart enlarged?` in the words that `wording.plain` puts it in."""
_ASKED = (r"(?:is there (?:an? |any )?|are there (?:any )?|any |signs? of "
          r"|(?:does|has|did) (?:he|she|the patient) (?:have |had |got )?)*")
NOT_JUDGED = "Whether that is {word} is not judged here; what was measured is told."
_SIDES = re.compile(r"(?:is|was) (?:the |his |her )?(?P<one>left|right) (?P<what>[a-z ]+?) "
                    r"(?:smaller|larger|bigger|denser|lower|higher|greater|less)(?: in volume)? than "
                    r"(?:the |his |her )?(?P<other>left|right)(?: one| [a-z ]+)?")
_HELLO = frozenset(("hello", "thanks", "thank", "please", "sorry", "help", "test", "yes", "okay", "good", "great",
                    "what", "who", "why", "how", "when", "where", "which", "sing", "write", "tell", "explain",
                    "really"))
_PEOPLE = frozenset(("he", "she", "patient", "they", "it", "that", "this", "there", "everything", "anything"))
_FIRST = ("first", "earliest")
MOST_BARE = 3


def at_site(span: Span, context: ChatContext) -> Plan | None:
    """`What was measured on the right lung in March?`: all events at a body site that the case names."""
    found = _AT.fullmatch(span.rest)
    if found is None:
        return None
    site = " ".join(words_of(fold(found["site"])))
    held = [event for event in context.report.timeline if event.site and tokens(site) <= tokens(event.site)]
    return one("search_timeline", site=site, since=span.since, until=span.until) if held and site else None


def judged_by_measure(span: Span, context: ChatContext) -> Plan | None:
    """`Is there cardiomegaly?`: what the record says of it, and what was measured, with its change."""
    for name, words in _JUDGED.items():
        text = _RATIO_LARGE.sub("is there cardiomegaly", span.rest)
        found = re.fullmatch(rf"{_ASKED}(?P<word>{words})(?: on (?:the )?(?:chest )?(?:film|ct))?", text)
        if found and context.names.answers_to(name) is not Fit.NONE:
            word = re.sub(r"^an? ", "", found["word"])
            dated = {"since": span.since, "until": span.until}
            calls = (Call("ask_record", {"question": f"is there {word}"}),
                     Call("look_up", {"name": name, "unit": "", "pick": "" if span.word else "latest", **dated}),
                     Call("how_it_changed", {"name": name, **dated}))
            return Plan(calls, subject=name, note=NOT_JUDGED.format(word=word))
    return None


def two_sides(span: Span, context: ChatContext) -> Plan | None:
    """`Is the left lung smaller than the right?`: the latest of both sides."""
    found = _SIDES.fullmatch(span.rest)
    if found is None or found["one"] == found["other"]:
        return None
    what = found["what"].strip()
    name = "lung volume" if what == "lung" else what
    if context.names.answers_to(name) is Fit.NONE:
        return None
    return one("look_up", name, name=name, since=span.since, until=span.until, unit="",
               pick="" if span.word else "latest")


def first_and_last(span: Span, context: ChatContext) -> Plan | None:
    """`Compare the first and the last film.`"""
    ends, other = r"(?P<a>first|earliest|last|latest)", STUDY.replace("kind", "other")
    found = re.fullmatch(rf"compare (?:the |his |her )?{ends}(?: {other})? (?:and|with|to|against) (?:the |his |her )?"
                         rf"{ends.replace('<a>', '<b>')} {STUDY}", span.rest)
    kind = kind_of(found["kind"]) if found else ""
    if found is None or kind not in ("ct", "mr", "film") or (
            (found["a"] in _FIRST) == (found["b"] in _FIRST)) or span.word:
        return None
    days = sorted(study.date[:10] for study in context.case.studies if study.kind.value == kind and study.date)
    return one("compare_with_prior", kind=kind, date=days[-1], prior=days[0]) if len(set(days)) > 1 else None


def weight_moved(span: Span, context: ChatContext) -> Plan | None:
    """`Has he lost weight?`: what the record says of it, and the weights that were measured."""
    found = re.fullmatch(r"(?:has|have|did|is) (?:he|she|the patient) (?:been )?(?P<how>los|gain|put)\w* (?:on )?"
                         r"(?:any )?weight", span.rest)
    if found is None:
        return None
    what = "weight loss" if found["how"] == "los" else "weight gain"
    calls = [Call("ask_record", {"question": f"has he had {what}"})]
    if context.names.answers_to("body weight") is not Fit.NONE:
        calls.append(Call("how_it_changed", {"name": "body weight", "since": span.since, "until": span.until}))
    return Plan(tuple(calls), subject=what)


def counted_in_words(span: Span, context: ChatContext) -> Plan | None:
    """`How many pack years?`: of what the case does not name but a document tells."""
    found = re.fullmatch(r"how (?:many|much) (?P<x>(?:[a-z-]+ ?){1,3}?)(?: (?:does|did|has|have|is|was|are|were) .+)?",
                         span.rest)
    if found is None or span.word or not may_be_name(found["x"]):
        return None
    if context.names.find(found["x"])[0]:
        return None
    return one("read_documents", found["x"], words=found["x"], called="", date="")


def state_of_organ(span: Span, context: ChatContext) -> Plan | None:
    """`Is the spleen enlarged?` of what the case does not name: what is measured there, which is nothing."""
    found = re.fullmatch(r"(?:is|are|was|were) (?:the |his |her |both )?(?P<x>[a-z]+(?: [a-z]+){0,2}?) (?:enlarged"
                         r"|swollen|big|small|normal|abnormal|thickened|dilated|inflamed|atrophic|calcified)",
                         span.rest)
    if found is None or not may_be_name(found["x"]) or _PEOPLE & set(found["x"].split()):
        return None
    return one("look_up", found["x"], name=found["x"], since=span.since, until=span.until)


def bare_name(span: Span, context: ChatContext) -> Plan | None:
    """`Bleeding`, `short of breath`: a question that is nothing but a name, which the record, a document or nothing
    holds."""
    words = span.rest.split()
    if span.word or not 0 < len(words) <= MOST_BARE or not may_be_name(span.rest) or _HELLO & set(words):
        return None
    held = [entry for entry in context.entries.all if fit(span.rest, entry.names)[0] is not Fit.NONE]
    if not held and (len(words) > 1 or len(span.rest) < 5):
        return None
    calls = [Call("ask_record", {"question": f"is there {span.rest}"})]
    calls += [] if held else [Call("read_documents", {"words": span.rest, "called": "", "date": ""})]
    return Plan(tuple(calls), subject=span.rest)
