"""Questions that have a form of their own: conversions, spans of days, parts of the report, studies, events."""

from __future__ import annotations

import re

from .moments import DATE, Span, iso_of
from .plan import Call, Plan, one

STUDY = (r"(?P<kind>cts?|ct scans?|mris?|mrs?|mr scans?|films?|chest films?|radiographs?|slides?|pathology slides?"
         r"|scans?|chest cts?|lab reports?|letters?)")
_ANY_STUDY = r"(?:stud(?:y|ies)|examinations?|exams?|images?|investigations?)"
_UNITS = r"(?:days|weeks|months|years)"
LABS = r"(?:lab(?:oratory)? )?(?:results?|values?|labs?|tests?|laboratory results?|blood results?|blood values?)"


def evidence_shown(span: Span, question: str) -> Plan | None:
    """`E12`, `show me E12`, `what does E12 show`."""
    keys = re.findall(r"\b[er]\d{1,6}\b", span.rest)
    alone = not re.sub(r"\b[er]\d{1,6}\b|\band\b|[,& ]", "", span.rest)
    asked = re.search(r"\b(?:evidence|shows?|says?|tells?|open|picture|image|what is|where|source)\b", question.lower())
    if not keys or not (alone or asked):
        return None
    if re.search(r"\b(?:like|similar)\b", span.rest):
        return None
    return Plan(tuple(Call("show_evidence", {"evidence": key.upper()}) for key in dict.fromkeys(keys)))


def conversion(span: Span, question: str) -> Plan | None:
    """`Convert 10.6 g/dL to g/L.`"""
    number = re.fullmatch(r"(?:convert |what is |how much is |how many \S+ (?:is|are) )?(-?\d+(?:\.\d+)?) ?"
                          r"([^\s\d]\S*) (?:in|to|into|as) (\S+)", span.rest)
    if number is None:
        return None
    raw = re.search(r"(\d) ?([^\s\d]\S*) (?:in|to|into|as) (\S+?)[?.! ]*$", question, re.IGNORECASE)
    unit, to = (raw[2], raw[3]) if raw else (number[2], number[3])
    return one("convert", value=float(number[1]), unit=unit, to=to)


def days(span: Span, question: str) -> Plan | None:
    """Days between two dates, two examinations of a kind, or two events."""
    length = (rf"(?:how (?:many {_UNITS}|long|much time)|(?:what is )?(?:the )?(?:time|interval|number of {_UNITS}))"
              r"(?: (?:is|are|was|were|lie|lies|passed|there|elapsed))*")
    if span.word == "between" and re.fullmatch(length, span.rest):
        plan: Plan | None = one("days_between", first=span.since, last=span.until)
    else:
        plan = _days_of(span.rest, length)
    unit = re.search(r"\b(weeks|months|years)\b", span.rest)
    if plan is None or unit is None:
        return plan
    return Plan(tuple(Call(call.tool, call.arguments | {"unit": unit[1]}) for call in plan.calls))


def _days_of(text: str, length: str) -> Plan | None:
    """Between two examinations of a kind, or two events; `length` asks how long."""
    same = re.fullmatch(rf"{length} between the (?:two )?(?:last |latest )?(?:two )?{STUDY}", text)
    if same and kind_of(same["kind"]) in ("ct", "mr", "film", "slide"):
        return one("days_between", kind=kind_of(same["kind"]))
    pair = re.fullmatch(rf"{length} between (?:the )?(?P<a>first|last|latest|earliest) (?:one )?and (?:the )?"
                        r"(?P<b>first|last|latest|earliest) (?P<x>.+)", text)
    if pair:
        event = _event(pair["x"])
        return one("days_between", first_of=f"{pair['a']} {event}", last_of=f"{pair['b']} {event}")
    two = re.fullmatch(rf"{length} between (?:the )?(?P<a>.+?) and (?:the )?(?P<b>.+)", text)
    if two:
        return one("days_between", first_of=_event(two["a"]), last_of=_event(two["b"]))
    reach = re.fullmatch(rf"(?:how many |number of |the )?(?:{_UNITS}|time) from (?:the )?(?P<a>.+?) to (?:the )?"
                         r"(?P<b>.+)", text)
    if reach:
        return one("days_between", first_of=_event(reach["a"]), last_of=_event(reach["b"]))
    later = re.fullmatch(rf"how (?:many {_UNITS}|long|much time) (?P<order>after|before) (?:the )?(?P<a>.+?) "
                         r"(?:was|is|were) (?:the )?(?P<b>.+?)(?: (?:done|made|taken|performed))?", text)
    if later is None:
        return None
    ends = [_event(later["a"]), _event(later["b"])]
    first, last = ends if later["order"] == "after" else ends[::-1]
    return one("days_between", first_of=first, last_of=last)


def _event(words: str) -> str:
    """An examination by its kind, a result by its name, with first or last before it."""
    found = re.fullmatch(rf"(?:(?P<pick>first|last|latest|earliest|most recent) )?(?:{STUDY}|(?P<name>.+?))", words)
    if found is None:
        return words
    pick = {"most recent": "last"}.get(found["pick"] or "", found["pick"] or "")
    return f"{pick} {kind_of(found['kind']) if found['kind'] else found['name']}".strip()


def report(span: Span, question: str) -> Plan | None:
    """Parts of the report by their own names."""
    if span.word:
        return None
    parts = {
        r"(?:what (?:is|does|are) |summari[sz]e |read |show )?(?:the |this |an? )?(?:impression|summary|main findings"
        r"|key findings|report|case)(?: say)?(?: of the (?:report|case))?"
        r"|summari[sz]e(?: the (?:case|report))?|overview": "impression",
        r"(?:what (?:are|is) )?(?:the )?(?:limits?|limitations?)(?: of (?:the|this) report)?": "limits",
        r"(?:what|which files?|what files?|which) (?:was|were|could) not (?:be )?read|not read|"
        r"(?:was|were) (?:any )?files? not read|what is missing|(?:is |was )?(?:anything|any files?) not read":
        "not read",
        r"(?:are|were) there (?:any )?(?:conflicts?|contradictions?|disagreements?)(?: between (?:the )?sources)?|"
        r"(?:do|which) (?:the )?sources (?:disagree|contradict)|conflicts?": "conflicts",
        r"what was reviewed|what did you (?:review|look at|read)|which files were read": "reviewed",
        r"what (?:has |have )?changed|(?:what is|anything|any) new(?: findings?)?(?: since (?:the )?last time)?"
        r"|(?:what are )?(?:the )?changes|what is different": "comparison"}
    part = next((part for pattern, part in parts.items() if re.fullmatch(pattern, span.rest)), "")
    return one("read_report", part=part) if part else None


_OUTSIDE = {"abnormal": "abnormal", "deranged": "abnormal", "high": "high", "elevated": "high",
            "raised": "high", "low": "low", "reduced": "low", "normal": "normal"}
_TURNED = frozenset(("flagged", "as", "became", "become", "turned", "gone", "newly", "have", "has"))
_LAB_WORDS = frozenset(("lab", "labs", "laboratory", "blood", "result", "results", "test", "tests"))
_LISTED = frozenset((
    "which", "what", "how", "many", "list", "show", "are", "there", "is", "were", "was", "any", "all", "everything",
    "anything", "of", "the", "latest", "too", "lab", "labs", "laboratory", "blood", "result", "results", "value",
    "values", "test", "tests", "his", "her", "on"))


def outside_range(span: Span, question: str) -> Plan | None:
    """Laboratory results outside their range: the latest, or those of a span of time."""
    text = re.sub(r"\b(?:out of|outside)(?: the| their)?(?: printed| normal| reference)? range\b|\bnot normal\b",
                  "abnormal", span.rest)
    words = [word for word in text.split() if word not in _TURNED] or ["abnormal"]
    words = [*words, "abnormal"] if "flagged" in text.split() and not _OUTSIDE.keys() & set(words) else words
    said = [word for word in words if word in _OUTSIDE]
    if len(said) != 1 or len(text.split()) < 2 or not set(words) <= _LISTED | {said[0]}:
        return None
    part = _OUTSIDE[said[0]]
    if span.word or part == "normal":
        relation = {"abnormal": "outside", "normal": "within"}.get(part, part)
        return one("find_values", relation=relation, since=span.since, until=span.until, latest=not span.word)
    return one("read_report", part=part)


def many_changes(span: Span, question: str) -> Plan | None:
    """`Which results changed by more than 50 %?`"""
    found = re.fullmatch(rf"(?:which|what|list|show|did any|any)(?: of)?(?: the)?(?: {LABS}| measurements?)? "
                         r"(?:have |has )?(?P<how>changed?|increased?|decreased?|r[io]se|risen|fell|fallen|dropped)"
                         r"(?: by)?(?: more than| over| >) ?(?P<number>\d+(?:\.\d+)?) ?(?:%|percent)", span.rest)
    if found is None or span.word:
        return None
    up, down = re.match("incr|r[io]s", found["how"]), re.match("decr|f[ea]ll|drop", found["how"])
    return one("find_changes", percent=float(found["number"]),
               direction="increased" if up else "decreased" if down else "")


def studies(span: Span, question: str) -> Plan | None:
    """Examinations and their dates."""
    done = r"(?:done|made|taken|performed|reviewed|carried out)"
    found = re.fullmatch(rf"(?:when (?:was|is|did)|(?:what is )?(?:the )?date of) (?:the |his |her )?(?:(?P<pick>last"
                         rf"|latest|most recent|first|earliest|previous) )?{STUDY}(?: {done})?", span.rest)
    if found and found["pick"] != "previous" and not span.word:
        pick = {"first": "first", "earliest": "first"}.get(found["pick"] or "", "last" if found["pick"] else "")
        return one("list_studies", kind=kind_of(found["kind"]), pick=pick)
    dated = {"since": span.since, "until": span.until} if span.word else {}
    who = r"(?:the patient|he|she)"
    asked = (rf"(?:(?:is|are|was|were) there|(?:did|does|has|had) {who} (?:have|had|get|undergo|undergone)|was|were)"
             "(?: an?| any)")
    listed = re.fullmatch(rf"(?:which|what|list|how many|when were|show|are there|were there|{asked}|any)(?: the)?"
                          rf"(?: all)? (?:{STUDY}|{_ANY_STUDY}|(?P<imaging>imaging))(?: (?:(?:is|are|were|was) there"
                          r"|(?:are|were|do we have|has) (?:in|on) (?:the|this|his|her) (?:case|record|file|chart)"
                          rf"|(?:does|has|did) {who} (?:have|had)"
                          rf"|(?:(?:were|was) )?{done}|exist|do we have|does the case (?:have|hold)))?", span.rest)
    if listed is None:
        return None
    all_images = listed["imaging"] or listed["kind"] == "scans"
    return one("list_studies", kind="imaging" if all_images else kind_of(listed["kind"] or ""), **dated)


def slices(span: Span, question: str) -> Plan | None:
    """`How many slices does the latest CT have?`: the examination, which says it."""
    found = re.fullmatch(rf"how many (?:slices|images) (?:(?:does|do|did|are|were|has|have|there|in|on|the|his|her) )*"
                         rf"(?:(?P<pick>last|latest|most recent|first|earliest) )?{STUDY}(?: (?:have|has|hold))?",
                         span.rest)
    if found is None:
        return None
    pick = "" if not found["pick"] else "first" if found["pick"] in ("first", "earliest") else "last"
    dated = {"since": span.since, "until": span.until} if span.word else {}
    return one("list_studies", kind=kind_of(found["kind"]), pick=pick, **dated)


def kind_of(word: str) -> str:
    """The kind of examination that a word stands for; empty where it is none."""
    for name, kind in (("ct", "ct"), ("mr", "mr"), ("film", "film"), ("radiograph", "film"), ("slide", "slide"),
                       ("scan", "ct"), ("lab report", "lab report"), ("letter", "letter")):
        if name in word:
            return kind
    return ""


def events(span: Span, question: str) -> Plan | None:
    """The timeline."""
    if not span.word:
        return None
    if re.fullmatch(r"what (?:was|were|did (?:we|they|one)) (?:known|know)(?: about the patient)?", span.rest):
        return one("search_timeline", as_of=span.until or span.since)
    if re.fullmatch(r"(?:what|anything) (?:is |was )?new", span.rest):
        when = {"since": span.since, "until": span.until}
        return Plan((Call("find_changes", when), *(Call("search_timeline", {"kind": kind, **when})
                                                   for kind in ("record", "study"))))
    if re.fullmatch(r"what (?:happened|took place|was done|was recorded"
                    r"|events? (?:happened|took place|are there|were there))(?: to the patient)?"
                    r"|(?:the )?(?:timeline|events?|history)"
                    r"|list (?:the )?(?:events?|timeline)", span.rest):
        return one("search_timeline", since=span.since, until=span.until)
    words = set(span.rest.split())
    if words & _LAB_WORDS and words <= _LISTED | {"new", "done", "taken", "did", "do", "shown"}:
        return one("search_timeline", kind="lab", since=span.since, until=span.until)
    return None


_ENTRIES = {"procedure": "procedures", "operation": "procedures", "surgery": "procedures", "surgeries": "procedures",
            "intervention": "procedures", "visit": "visits", "encounter": "visits", "appointment": "visits",
            "vaccination": "vaccinations", "vaccine": "vaccinations", "immunization": "vaccinations",
            "immunisation": "vaccinations", "jab": "vaccinations"}
_AROUND = frozenset((
    "any", "which", "what", "list", "show", "are", "there", "were", "was", "the", "all", "past", "is", "his", "her",
    "previous", "has", "had", "did", "he", "she", "patient", "have", "done", "performed", "been", "recorded", "on",
    "record", "undergone", "given", "received"))


_AT = ("in", "on", "during", "of", "for", "as of")


def record_entries(span: Span, question: str) -> Plan | None:
    """Entries of the record of a kind that its own rules do not list."""
    words = span.rest.split()
    kinds = {_ENTRIES[word] for word in (word.removesuffix("s") if word not in _ENTRIES else word for word in words)
             if word in _ENTRIES}
    past = re.sub(rf"\b(?:past conditions|problem list|problems|(?:past |medical )*history"
                  rf"{'|(?:new )?(?:diagnos[ei]s|conditions)' if span.word else ''})\b", "", span.rest).split()
    if span.word in _AT and not kinds and {"have", "had"} & set(words) and "new" not in words:
        return None  # what stood then, not only what began then: the rules for records know
    if not kinds and len(past) < len(words) and set(past) <= _AROUND:
        return one("list_entries", kind="conditions", since=span.since, until=span.until)
    rest = [word for word in words if word not in _ENTRIES and word.removesuffix("s") not in _ENTRIES]
    if len(kinds) != 1 or not set(rest) <= _AROUND or "when" in rest:
        return None
    return one("list_entries", kind=kinds.pop(), since=span.since, until=span.until)


def compare(span: Span, question: str) -> Plan | None:
    """`Compare the film with the one before.`"""
    earlier = (r"(?:before(?: that| it)?|prior|previous|earlier|one before(?: that| it)?|last"
               rf"|(?:earlier|previous|prior|last) (?:one|{STUDY.replace('kind', 'third')}))")
    found = re.fullmatch(rf"compare (?:the |this |it |that )*(?:last |latest |two |current |both )*(?:{STUDY})?"
                         rf"(?: ?(?:with|to|against) (?:the )?(?:{STUDY.replace('kind', 'other')} )?{earlier})?",
                         span.rest)
    found = found or re.fullmatch(r"(?:any|is there any|what is the|was there any) (?:change|difference)s? "
                                  r"(?:since|from|to|compared (?:with|to)) (?:the )?(?:last|previous|prior|earlier) "
                                  rf"{STUDY}(?P<other>x)?(?P<third>x)?", span.rest)
    said = found["kind"] or found["other"] or found["third"] or "" if found else _between(span.rest)
    kind = kind_of(said)
    return one("compare_with_prior", kind=kind, date=span.since) if kind in ("ct", "mr", "film") else None


def compared_two(text: str, latest: str) -> Plan | None:
    """`Compare the CT of March with the CT of November`, by the plain question and the latest date of the case."""
    other = STUDY.replace("kind", "other")
    found = re.fullmatch(rf"(?:compare|what changed between|difference between) (?:the |his |her )?{STUDY} "
                         rf"(?:of|from|on|in) (?P<a>{DATE}) (?:with|to|and|against) (?:the |that )?(?:one |{other} )?"
                         rf"(?:of |from |on |in )?(?P<b>{DATE})", text)
    kind = kind_of(found["kind"]) if found else ""
    if found is None or kind not in ("ct", "mr", "film"):
        return None
    last = max(iso_of(found[name], latest) for name in "ab")
    return one("compare_with_prior", kind=kind, date=last, prior=min(iso_of(found[name], last) for name in "ab"))


def _between(text: str) -> str:
    """The kind in `what changed between the CTs`, `how do the films compare`; empty in any other text."""
    some = rf"(?:the |both |all |these |two |last |latest |his |her )*{STUDY}"
    what = (r"(?:what (?:has |have |is |are |was |were )?|any |are there (?:any )?|is there (?:any|a) |show "
            r"|(?:did|has|have) anything )?(?:the )?(?:changed?|different|new|changes|differences?)")
    found = re.fullmatch(rf"{what} (?:between|on|in|from|of|since|across|among|compared (?:with|to)) {some}", text) or (
        re.fullmatch(rf"how (?:do|did|does|have|has) {some} (?:compare|differ|changed?)", text))
    return found["kind"] if found else ""
