"""Questions about a whole: what an examination showed, all laboratory results, how many of something there are."""

from __future__ import annotations

import re

from . import forms
from .moments import Span
from .plan import Plan, one

_LABS = r"(?:labs?|lab(?:oratory)? (?:results?|values?|tests?|work|panels?)|blood (?:tests?|results?|values?|work))"
_FIRST = r"(?P<pick>first|earliest|initial|last|latest|most recent|newest|recent|current)"
_ARTICLE = r"(?:the |his |her |this |that |its |their |all |two |both )*"
_IS = r"(?:is|are|was|were|did|does|do|has|have)"
_STUDY_SHOWN = (
    rf"what (?:{_IS} )?(?:(?:measured|seen|found|shown|visible|reported|there|the findings|the results) )*"
    rf"(?:(?:on|in|of|from|by) )?{_ARTICLE}(?:{_FIRST} )?{forms.STUDY}"
    r"(?: (?:show|shows|showed|find|found|reveal|revealed|demonstrate|measure))?",
    rf"(?:what {_IS} )?{_ARTICLE}(?:findings?|measurements?|results?|report) (?:on|of|from|in) {_ARTICLE}"
    rf"(?:{_FIRST} )?{forms.STUDY}",
    rf"(?:any )?{_ARTICLE}(?:{_FIRST} )?{forms.STUDY} (?:findings?|measurements?|results?|report)")
_UP, _DOWN = r"(?:went up|rose|increased|risen|gone up|are up)", r"(?:went down|fell|decreased|dropped|fallen|are down)"
_LABS_CHANGED = (
    rf"how (?:did|have|has|do) {_ARTICLE}{_LABS} (?:changed?|develop(?:ed)?|compare|evolved?|progress(?:ed)?)",
    rf"what (?:has |have |is |are )?(?:changed|different|new) (?:in|with|about) {_ARTICLE}{_LABS}",
    rf"(?:what |which |any |is there any |are there any |what are )?{_ARTICLE}(?:changes?|trends?|course|differences?)"
    rf" (?:in|of|between) {_ARTICLE}{_LABS}",
    rf"{_ARTICLE}{_LABS} (?:changes?|trends?|course)", rf"compare {_ARTICLE}{_LABS}",
    rf"(?:what|which) (?:of the )?{_LABS} (?:has |have )?(?:changed|(?P<up>{_UP})|(?P<down>{_DOWN}))",
    rf"{_IS} {_ARTICLE}{_LABS} changed?")
_BY = r"(?: in percent| relatively| by percent(?:age)?)?"
_MOST_CHANGED = (
    rf"(?:what|which) (?:of the )?(?P<of>{_LABS}|results?|values?|measurements?) (?:has |have )?"
    rf"(?:changed|moved|(?P<up>{_UP})|(?P<down>{_DOWN})) (?:the )?most{_BY}",
    rf"what (?:has )?changed (?:the )?most(?: in {_ARTICLE}(?P<of>{_LABS}))?{_BY}",
    r"(?:what (?:is|was) )?(?:the )?(?:biggest|largest|greatest|strongest) (?P<lab>lab )?(?:change|difference)"
    rf"(?: (?:in|of) {_ARTICLE}(?P<of>{_LABS}))?{_BY}")
_PICKS = {"first": "first", "earliest": "first", "initial": "first"}
_COUNTED = (r"(?:how many|number of|count)(?: the)? (?P<x>.+?)(?: (?:are|were|is|was|does|do|did|has|have|had|on|in|of"
            r"|there|the|this|he|she|patient|timeline|case|record|report|exist|hold|recorded|known|taking|take|takes"
            r"|currently|now|his|her|it|got))*")
_ENTRIES = {"conditions": "conditions", "diagnoses": "conditions", "problems": "conditions",
            "procedures": "procedures", "operations": "procedures", "allergies": "allergies", "visits": "visits",
            "encounters": "visits", "appointments": "visits", "vaccinations": "vaccinations",
            "immunizations": "vaccinations", "vaccines": "vaccinations"}
_MEDICATIONS = frozenset(("medications", "medicines", "drugs", "meds", "medication", "tablets"))
_OF_CASE = frozenset(("events", "findings", "files", "pieces of evidence", "evidences", "documents"))


def study_shown(span: Span, question: str) -> Plan | None:
    """`What did the CT of 11 November show?`, `what was measured on the slide?`"""
    found = next(filter(None, (re.fullmatch(form, span.rest) for form in _STUDY_SHOWN)), None)
    if found is None or span.since != span.until:
        return None
    kind = forms.kind_of(found["kind"])
    return one("read_study", kind=kind, date=span.since, pick=_PICKS.get(found["pick"] or "", "last")) if kind else None


def all_labs(span: Span, question: str) -> Plan | None:
    """`Latest labs`, `when was the last blood test?`, `list all lab results`."""
    if span.word:
        return None
    when = re.fullmatch(rf"(?:when {_IS}|(?:what is )?{_ARTICLE}date of) {_ARTICLE}(?:{_FIRST} )?{_LABS}"
                        r"(?: (?:done|taken|drawn|measured|checked))?", span.rest)
    if when:
        return one("list_studies", kind="labs", pick=_PICKS.get(when["pick"] or "", "last" if when["pick"] else ""))
    found = re.fullmatch(rf"(?:what {_IS} )?(?:(?:list|show|give)(?: me)? )?(?P<all>{_ARTICLE})(?:{_FIRST} )?{_LABS}",
                         span.rest)
    if found is None:
        return None
    if found["pick"] in _PICKS:
        return one("read_study", kind="lab report", pick="first")
    return one("find_values", latest="all " not in found["all"])


def labs_changed(span: Span, question: str) -> Plan | None:
    """`How did the labs change?`, `which labs went up?`"""
    found = next(filter(None, (re.fullmatch(form, span.rest) for form in _LABS_CHANGED)), None)
    if found is None:
        return None
    given = found.groupdict()
    direction = "increased" if given.get("up") else "decreased" if given.get("down") else ""
    return one("find_changes", of="lab", direction=direction, since=span.since, until=span.until)


def most_changed(span: Span, question: str) -> Plan | None:
    """`Which lab changed most?`, `what was the biggest change?`: by the share of the earlier value."""
    found = next(filter(None, (re.fullmatch(form, span.rest) for form in _MOST_CHANGED)), None)
    if found is None:
        return None
    given = found.groupdict()
    labs = given.get("lab") or re.fullmatch(_LABS, given.get("of") or "")
    direction = "increased" if given.get("up") else "decreased" if given.get("down") else ""
    return one("find_changes", of="lab" if labs else "", direction=direction, most=3, since=span.since,
               until=span.until)


def changed(span: Span, question: str) -> Plan | None:
    """`What changed since March?`: results and measurements alike."""
    if span.word not in ("since", "after", "between", "from") or not re.fullmatch(
            r"(?:what|which results|anything|any) (?:has |have |is |was )?(?:changed?|new|changes|different)"
            r"|(?:did|has|have) anything changed?", span.rest):
        return None
    return one("find_changes", since=span.since, until=span.until)


def counted(span: Span, question: str) -> Plan | None:
    """`How many events are there?`, `how many medications is he on?`; of things with names the frames count."""
    found = re.fullmatch(_COUNTED, span.rest)
    if found is None:
        return None
    what = found["x"]
    if re.fullmatch(_LABS, what):
        return one("list_studies", kind="labs") if re.search(r"tests?$|^labs?$", what) else one(
            "find_values", since=span.since, until=span.until)
    if what in _ENTRIES:
        return one("list_entries", kind=_ENTRIES[what], since=span.since, until=span.until)
    if what in _MEDICATIONS and not span.word:
        return one("ask_record", question="which medications is he taking", count=True)
    if what == "events" and span.word:
        return one("search_timeline", since=span.since, until=span.until)
    return one("read_report", part="counts") if what in _OF_CASE and not span.word else None
