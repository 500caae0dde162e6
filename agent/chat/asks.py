"""Questions that run something again: an opacity on a slice, opacities of a zone, a search of a slide, a quote."""

from __future__ import annotations

import re

from ...tools.pathology.query import understand as understand_query
from .moments import Span
from .plan import Call, Plan, one
from .refusals import PLANNED

_OPACITY = r"(?:nodules?|opacit(?:y|ies)|masse?s?|lesions?|candidates?)"
_DOCUMENT = (r"(?:(?P<called>(?:clinic|discharge|referral|outpatient|gp|hospital|progress|consultation|radiology"
             r"|pathology|operation|admission) )?(?P<what>letters?|notes?|summary|summaries|documents?))")
_ASKING = frozenset((
    "what", "does", "do", "did", "is", "are", "was", "were", "the", "a", "an", "any", "in", "of", "about", "on",
    "say", "says", "said", "mention", "mentions", "mentioned", "state", "states", "stated", "according", "to",
    "tell", "us", "regarding", "concerning", "written", "there", "his", "her", "patient's", "patient", "from",
    "read", "quote", "which", "it", "anything", "for", "with", "show", "report", "document", "documents", "that",
    "this", "whether", "recommend", "advise", "suggest", "propose", "give", "instructions", "instruction"))
_NAMES = {"volume": "volume", "ct": "volume", "scan": "volume", "film": "localization", "localization": "localization",
          "slide": "pathology", "pathology": "pathology", "labs": "labs", "lab report": "labs", "nodule": "volume",
          "lungs": "volume", "heart": "localization"}
_WRITER = (r"^what (?:did|does|do|has|have) (?:the |his |her )?(?:doctors?|physicians?|clinicians?|consultants?|gp"
           r"|specialists?|clinic) (?:write|say|note|report|written|said|noted)(?= about| of| on)")
_THING = r"(?P<planned>(?:[a-z-]+ ){0,2}(?:[a-z-]{4,}|ct|mri?|pet|echo))"
_SET = r"(?:planned|scheduled|arranged|booked|requested|ordered|pending|due)"
_ARRANGED = rf"(?:is|are|was|were) (?:there )?(?:the |an? |any )?{_THING} {_SET}"
_NEXT = rf"when (?:is|are|will be) (?:the |his |her )?next {_THING}(?: due| planned| scheduled)?"
_TO_COME = (rf"(?:any |is there an? |are there any )?(?:planned|scheduled|arranged|upcoming|pending|plans? (?:for|of)) "
            rf"(?:the |an? )?{_THING}")
"""Of what is arranged, documents tell."""
MOST_WORDS = 6
_NO_WORDS = frozenset(("who", "why", "when", "how", "where", "wrote", "write", "written", "signed", "dictated",
                       "summarise", "summarize", "summary", "explain", "many", "last", "latest", "first",
                       "date", "compare", "translate", "should"))
"""Words that ask for something else than a passage."""


def on_slice(span: Span, question: str) -> Plan | None:
    """`Measure the nodule again on slice 105.`"""
    text = span.rest
    found = re.search(r"\b(?:on|at|in) slice (?:no\.? |number )?(?P<slice>\d{1,5})\b", text)
    thing = re.search(rf"\b{_OPACITY}(?: (?P<number>\d{{1,2}}))?\b", text)
    if not found or not thing:
        return None
    rest = f" {text} ".replace(found[0], " ").replace(thing[0], " ")
    allowed = ("measure|remeasure|re-measure|size|diameter|how|big|large|wide|is|was|what|the|of|again|once|more|please"
               "|it|ct|on|a|an|largest|long|short|axis")
    if not re.fullmatch(rf"\s*(?:(?:{allowed})\s+)*", rest):
        return None
    return one("measure_on_slice", "nodule", slice=int(found["slice"]), opacity=int(thing["number"] or 1),
               date=span.since)


def in_zone(span: Span, question: str) -> Plan | None:
    """`Which opacities lie in the right upper zone?`, `list all nodules from 5 mm on`."""
    text = span.rest
    thing = re.search(rf"\b{_OPACITY}\b", text)
    zone = re.search(r"\b(?P<zone>upper|mid|middle|lower) (?:lung )?(?:zones?|thirds?)\b", text)
    everything = re.search(r"\ball\b|\bevery\b|\bmore\b", text)
    if not thing or not (zone or everything):
        return None
    side = re.search(r"\b(right|left)\b", text)
    least = re.search(r"\b(?:from|over|above|larger than|bigger than|at least) "
                      r"(?P<mm>\d+(?:\.\d+)?) ?mm(?: on(?:wards)?)?", text)
    rest = text
    for part in (thing, zone, everything, side, least):
        rest = rest.replace(part[0], " ", 1) if part else rest
    allowed = ("which|what|list|show|are|there|is|any|in|the|of|lie|lies|lung|lungs|how|many|both|a|an|find|look|for"
               "|search|opacities|all")
    if not re.fullmatch(rf"\s*(?:(?:{allowed})\s+)*", rest + " "):
        return None
    name = {"mid": "middle"}.get(zone["zone"], zone["zone"]) if zone else ""
    return one("list_opacities", "nodule", side=side[0] if side else "", zone=name, date=span.since,
               **({"smallest_mm": float(least["mm"])} if least else {}))


def of_slide(span: Span, question: str) -> Plan | None:
    """`Search the slide for dense nuclei here`, `find regions like E107`."""
    like = re.fullmatch(r"(?:(?:search|find|show|look|for|the|slide|more|other|places?|regions?|areas?|fields?|on|in"
                        r"|any) )*(?:like|similar to|resembling) (?:this |region )?(?P<id>[er]\d{1,6})", span.rest)
    if like:
        return one("search_slide", like=like["id"].upper(), date=span.since)
    found = re.fullmatch(r"(?:search|look (?:at|over|through)|scan) (?:the |this )?(?:pathology )?slide(?: again)? for "
                         r"(?P<x>.+?)(?: here)?", span.rest) or re.fullmatch(
        r"(?:find|show|look for|where are|where is|search for)(?: the)? (?P<x>.+?)(?: (?:on|in) (?:the |this )?"
        r"(?:pathology )?slide)?(?: here)?", span.rest)
    if found is None or understand_query(found["x"]) is None:
        return None
    return one("search_slide", query=found["x"], date=span.since)


def quoted(span: Span, question: str) -> Plan | None:
    """`What does the clinic letter say about the effusion?`"""
    text = re.sub(_WRITER, "what do the documents say", span.rest)
    found = re.search(rf"\b{_DOCUMENT}\b", text)
    if found is None:
        return None
    rest = text[:found.start()] + " " + text[found.end():]
    words = [word for word in re.findall(r"[^\s,;]+", rest) if word not in _ASKING]
    words = [word for word in words if not re.fullmatch(_SET, word)] or words
    if len(words) > MOST_WORDS or _NO_WORDS & set(words):
        return None
    what = re.sub(r"(?<!s)s$", "", found["what"].replace("summaries", "summary"))
    called = "" if what == "document" else f"{found['called'] or ''}{what}".strip()
    date = span.since if span.word in ("on", "of") else ""
    return one("read_documents", words=" ".join(words), called=called, date=date)


def planned(span: Span, question: str) -> Plan | None:
    """`Will he have a colonoscopy?`: what documents say of it."""
    if re.fullmatch(r"(?:what (?:is|are|was|were) )?(?:the |his |her )?(?:plans?|planned|arranged)(?: next| now)?",
                    span.rest):
        return one("read_documents", words="plan", called="", date=span.since)
    found = next(filter(None, (re.fullmatch(form, span.rest) for form in (PLANNED, _ARRANGED, _TO_COME, _NEXT))), None)
    return one("read_documents", words=found["planned"], called="", date="") if found and not span.word else None


def why_stopped(span: Span, question: str) -> Plan | None:
    """`Why was amlodipine stopped?`: what documents say of it; the record's entries give no reason for an end."""
    thing = r"(?:the |his |her )?(?P<{}>[a-z][a-z-]+(?: [a-z][a-z-]+)?)"
    found = re.fullmatch(rf"why (?:(?:was|were) {thing.format('x')} (?:stopped|discontinued|withdrawn)"
                         rf"|did (?:he|she|they|the patient) (?:stop|come off)(?: taking)? {thing.format('y')})",
                         span.rest)
    if found is None or span.word:
        return None
    name = found["x"] or found["y"]
    return one("read_documents", name, words=name, called="", date="")


def habit_left(span: Span, question: str) -> Plan | None:
    """`When did she stop smoking?`: what the record holds of the habit and what documents say of it."""
    found = re.fullmatch(r"(?:when|since when|(?:in )?what year) (?:did|has|have) (?:he|she|they|the patient) (?:stop"
                         r"|stopped|quit|give up|given up|start|started|begin|begun) (?P<habit>smoking|drinking)",
                         span.rest)
    if found is None or span.word:
        return None
    status = {"smoking": "what is the smoking status", "drinking": "what is the alcohol use"}[found["habit"]]
    return Plan((Call("ask_record", {"question": status}),
                 Call("read_documents", {"words": found["habit"], "called": "", "date": ""})))


def again(span: Span, question: str) -> Plan | None:
    """`Measure the lungs again.`"""
    found = re.fullmatch(rf"(?:run|measure|read|search|analy[sz]e|repeat) (?:the )?(?P<x>{'|'.join(_NAMES)})(?: tool)?"
                         r"(?: once more| again)", span.rest)
    return Plan((Call("run_tool", {"tool": _NAMES[found["x"]], "date": span.since}),)) if found else None
