"""What a question asks for, by rules over the case's own words. A question is understood as a whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ...tools.records.intents import AmbiguousDate, Topic, understand
from ...tools.records.matching import Fit, fit
from .context import ChatContext
from .moments import Span, UnclearDate, span_in

ADVICE = "Caseloom gives no advice on treatment, medication or next steps; that is for the treating clinician."
DIAGNOSIS = ("Caseloom makes no diagnosis and does not say what causes a finding; it tells what was recorded, measured "
             "and extracted.")
PROGNOSIS = "Caseloom gives no prognosis."
IDENTITY = "Caseloom does not tell who the patient is, and answers about this case alone."
ORDERS = "Caseloom answers questions about this case and takes no orders about itself."
UNSURE = "The date “{date}” can be read in two ways; write it as YYYY-MM-DD."


@dataclass(frozen=True)
class Call:
    """One tool to call."""

    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What to do about a question.

    Args:
        calls: tools to call, in order.
        declined: why nothing is called, one sentence; empty where something is.
        understood: whether the question is of a known form.
    """

    calls: tuple[Call, ...] = ()
    declined: str = ""
    understood: bool = True


_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override|system prompt|instructions?|pretend|act as|jailbreak|developer mode|execute"
    r"|delete|shell|password|api key|sign the report|sign off|your (?:rules|prompt))\b")
_IDENTITY = re.compile(
    r"\b(?:(?:patient|his|her|their|its)(?:'s)? (?:full |first |last |real )?(?:name|birth ?date|date of birth|address"
    r"|phone|identity|mrn|hospital number)|who is (?:the|this) (?:patient|person)|how old|age of|other patients?"
    r"|another patient|different patient|patient p-|p-[0-9a-f]{4,})\b")
_PROGNOSIS = re.compile(r"\b(?:prognos\w+|surviv\w+|life expectancy|how long .*\blive|going to die|outlook|outcome"
                        r"|chances?|will (?:he|she|they|the patient|it)\b.*)\b")
_ADVICE = re.compile(
    r"\b(?:should|shall we|ought|recommend\w*|advi[sc]e\w*|suggest\w*|what (?:treatment|therapy)|best treatment"
    r"|treatment (?:options?|plan)|how (?:to|do (?:i|we|you)|would you|can (?:i|we)) (?:treat|manage|cure)|next steps?"
    r"|safe to|what dos(?:e|age)|need (?:a |an |to )?(?:biopsy|surgery|operation|transfus\w+|antibiotics?|treatment"
    r"|follow[- ]?up|chemotherapy|be (?:treated|operated))|what (?:would|do) you (?:do|think|recommend)"
    r"|can (?:he|she|they|the patient|we|i) (?:take|stop|start|have|give|increase|reduce|fly|drive)"
    r"|(?:stop|start|give|increase|reduce|prescribe) (?:the |a )?\w+\??$|indicated|necessary|manage\w*)\b")
_DIAGNOSIS = re.compile(
    r"\b(?:what is (?:wrong|the (?:differential|cause|reason|most likely))|diagnose|differential|malignan\w+|benign"
    r"|cancerous|what (?:causes?|caused|explains?|does .* (?:mean|indicate|suggest))|explain|interpret\w*"
    r"|why (?:is|are|was|were|did|does|has) (?!.*\b(?:prescribed|given|taking|ordered|taken|on)\b)|due to|because of"
    r"|caused by|likely|probab\w+|suspicious|serious|dangerous|worr(?:y|ied|ying)|concern\w*|significan\w+|is it cancer"
    r"|what is the (?:main |final |working )?diagnosis|stage is|tnm|grade)\b")
_CHATTER = re.compile(r"^(?:please |and |so |then |can you |could you |would you |tell me |do you know |i want to know "
                      r"|show me |give me |hi |hello |ok |okay )+")
_END = r"(?: again| please| now| then| over time| in this case| in the case)*"
_THE = r"(?:the |this |that |his |her |their |its |a |an |any |patient's |the patient's )*"
_CHANGED = (r"(?:chang(?:e|ed)|develop(?:ed)?|evolv(?:e|ed)|progress(?:ed)?|mov(?:e|ed)|gr(?:ow|own|ew)"
            r"|shr(?:ink|unk|ank)|increas(?:e|ed|ing)|decreas(?:e|ed|ing)|ris(?:e|en|ing)|rose|fall(?:en|ing)?|fell"
            r"|drop(?:ped)?|gone up"
            r"|gone down|go up|go down|improv(?:e|ed|ing)|worsen(?:ed|ing)?|worse|better|stable|unchanged|bigger|larger"
            r"|smaller|higher|lower|growing|shrinking|got(?:ten)? (?:bigger|larger|smaller|worse|better)"
            r"|get (?:bigger|larger|smaller|worse|better))")
_LABS = r"(?:lab(?:oratory)? )?(?:results?|values?|labs?|tests?|laboratory results?|blood results?|blood values?)"
_STUDY = (r"(?P<kind>ct|cts|ct scans?|mr|mri|mris|mr scans?|film|films|chest films?|x-rays?|xrays?|chest x-rays?"
          r"|radiographs?|slides?|pathology slides?|scans?|chest cts?)")
_ANY_STUDY = r"(?:stud(?:y|ies)|examinations?|exams?|imaging|images)"


def plan_of(question: str, context: ChatContext, before: str = "") -> Plan:
    """The tools to call for a question.

    Args:
        question: as the user put it.
        context: whose names the question may use.
        before: the question before it, for "and the platelets?".
    """
    text = _plain(question)
    refused = _refusal(text)
    if refused:
        return Plan(declined=refused)
    try:
        span = span_in(text, _latest_date(context))
        plan = next(filter(None, (rule(span, question, context) for rule in _RULES)), None)
        if plan is None:
            plan = _follow_up(text, before, context)
    except UnclearDate as error:
        return Plan(declined=UNSURE.format(date=error))
    return plan or Plan(understood=False)


def _plain(question: str) -> str:
    text = " ".join(question.replace("’", "'").split()).strip().rstrip("?.! ").lower()
    return _CHATTER.sub("", text)


def _refusal(text: str) -> str:
    """Why a question is not answered whatever the case holds; empty where it may be."""
    for pattern, reason in ((_ORDERS, ORDERS), (_IDENTITY, IDENTITY), (_PROGNOSIS, PROGNOSIS), (_ADVICE, ADVICE),
                            (_DIAGNOSIS, DIAGNOSIS)):
        if pattern.search(text):
            return reason
    return ""


def _latest_date(context: ChatContext) -> str:
    dates = [event.occurred_at for event in context.report.timeline if event.occurred_at]
    return max(dates, default="9999-12")[:10]


def _about(pattern: str, text: str) -> str:
    """What stands where the pattern has `x`, without articles and tails; empty when the pattern does not match."""
    found = re.fullmatch(pattern, text)
    if found is None:
        return ""
    return re.sub(rf"{_END}$", "", re.sub(rf"^{_THE}", "", found["x"])).strip()


def _evidence(span: Span, question: str, context: ChatContext) -> Plan | None:
    keys = re.findall(r"\be\d{1,6}\b", span.rest)
    if not keys or not re.search(r"\b(?:evidence|show|open|picture|image|what is|where|source)\b", question.lower()):
        return None
    return Plan(tuple(Call("show_evidence", {"evidence": key.upper()}) for key in dict.fromkeys(keys)))


def _conversion(span: Span, question: str, context: ChatContext) -> Plan | None:
    number = re.fullmatch(r"(?:convert |what is |how much is |how many \S+ (?:is|are) )?(-?\d+(?:\.\d+)?) ?"
                          r"([^\s\d]\S*) (?:in|to|into|as) (\S+)", span.rest)
    if number:
        raw = re.search(r"(\d) ?([^\s\d]\S*) (?:in|to|into|as) (\S+?)[?.! ]*$", question, re.IGNORECASE)
        unit, to = (raw[2], raw[3]) if raw else (number[2], number[3])
        return Plan((Call("convert", {"value": float(number[1]), "unit": unit, "to": to}),))
    named = re.fullmatch(r"(?:convert |what (?:is|was) |show |give )?(?P<x>.+?) (?:in|to|into) "
                         r"(?P<unit>[^\W\d_]{1,4}/[^\W\d_]{1,4}|mm|cm|m|ml|l|dl|mm2|cm2)", span.rest)
    if named is None or not _is_named(_about(r"(?P<x>.+)", named["x"]), context):
        return None
    raw_unit = re.search(rf"{re.escape(named['unit'])}(?=[?.! ]*$)", question, re.IGNORECASE)
    return _look_up(_about(r"(?P<x>.+)", named["x"]), span, unit=raw_unit[0] if raw_unit else named["unit"])


def _days(span: Span, question: str, context: ChatContext) -> Plan | None:
    if span.word == "between" and re.fullmatch(r"how (?:many days|long|much time)(?: (?:is|are|was|were|lie|lies|passed"
                                               r"|is there|are there))*", span.rest):
        return Plan((Call("days_between", {"first": span.since, "last": span.until}),))
    found = re.fullmatch(rf"how (?:many days|long|much time)(?: (?:is|are|was|were|lie|lies|passed|there))* between "
                         rf"the (?:two )?(?:last |latest )?(?:two )?{_STUDY}", span.rest)
    return Plan((Call("days_between", {"kind": _kind(found["kind"])}),)) if found else None


def _report(span: Span, question: str, context: ChatContext) -> Plan | None:
    """Parts of the report by their own names."""
    if span.word:
        return None
    parts = {
        r"(?:what (?:is|does) |summari[sz]e |read |show )?(?:the |this )?(?:impression|summary|main findings"
        r"|key findings|report|case)(?: say)?(?: of the report)?|summari[sz]e(?: the (?:case|report))?": "impression",
        r"(?:what (?:are|is) )?(?:the )?(?:limits?|limitations?)(?: of (?:the|this) report)?": "limits",
        r"(?:what|which files?|what files?|which) (?:was|were|could) not (?:be )?read|not read|"
        r"(?:was|were) (?:any )?files? not read|what is missing": "not read",
        r"(?:are|were) there (?:any )?(?:conflicts?|contradictions?|disagreements?)(?: between (?:the )?sources)?|"
        r"(?:do|which) (?:the )?sources (?:disagree|contradict)|conflicts?": "conflicts",
        r"what was reviewed|what did you (?:review|look at|read)": "reviewed",
        r"what (?:has |have )?changed|what is new|(?:what are )?(?:the )?changes|what is different": "comparison"}
    part = next((part for pattern, part in parts.items() if re.fullmatch(pattern, span.rest)), "")
    return Plan((Call("read_report", {"part": part}),)) if part else _abnormal(span)


def _abnormal(span: Span) -> Plan | None:
    lists = rf"(?:which|what|list|show|are there(?: any)?|are any)(?: of)?(?: the)?(?: latest)?(?: {_LABS})?"
    found = re.fullmatch(rf"{lists}(?: (?:is|are|were|was))? (?P<how>abnormal|out of range|outside (?:the |their )?"
                         rf"(?:printed )?range|flagged|not normal|too high|too low|high|low|elevated|raised|reduced)"
                         rf"(?: {_LABS})?", span.rest)
    if found is None:
        return None
    how = found["how"].removeprefix("too ")
    part = {"high": "high", "elevated": "high", "raised": "high", "low": "low", "reduced": "low"}.get(how, "abnormal")
    return Plan((Call("read_report", {"part": part}),))


def _studies(span: Span, question: str, context: ChatContext) -> Plan | None:
    if span.word:
        return None
    one = re.fullmatch(rf"when (?:was|is|did) the (?P<pick>last|latest|most recent|first|earliest)?(?: )?{_STUDY}"
                       r"(?: (?:done|made|taken|performed))?", span.rest)
    if one:
        pick = {"first": "first", "earliest": "first"}.get(one["pick"] or "", "last" if one["pick"] else "")
        return Plan((Call("list_studies", {"kind": _kind(one["kind"]), "pick": pick}),))
    listed = re.fullmatch(rf"(?:which|what|list|how many|when were|show|are there(?: any)?|is there an?)(?: the)?"
                          rf"(?: all)? (?:{_STUDY}|{_ANY_STUDY})(?: (?:are there|are in (?:the|this) case"
                          r"|does the patient have|were (?:done|made|taken|performed|reviewed)|exist"
                          r"|has the patient had))?", span.rest)
    if listed:
        return Plan((Call("list_studies", {"kind": _kind(listed["kind"] or "")}),))
    return None


def _kind(word: str) -> str:
    for name, kind in (("ct", "ct"), ("mr", "mr"), ("film", "film"), ("ray", "film"), ("radiograph", "film"),
                       ("slide", "slide"), ("scan", "ct")):
        if name in word:
            return kind
    return ""


def _events(span: Span, question: str, context: ChatContext) -> Plan | None:
    if re.fullmatch(r"what (?:was|were|did (?:we|they|one)) (?:known|know)(?: about the patient)?", span.rest):
        return Plan((Call("search_timeline", {"as_of": span.until or span.since}),)) if span.word else None
    if re.fullmatch(r"what (?:happened|took place|was done|was recorded|events? (?:happened|took place|are there|were "
                    r"there))(?: to the patient)?|(?:the )?(?:timeline|events?|history)"
                    r"|list (?:the )?(?:events?|timeline)", span.rest):
        return Plan((Call("search_timeline", {"since": span.since, "until": span.until}),)) if span.word else None
    return None


def _compare(span: Span, question: str, context: ChatContext) -> Plan | None:
    found = re.fullmatch(rf"compare (?:the |this |it |that )*(?:last |latest |two |current |both )*(?:{_STUDY})?"
                         rf"(?: ?with (?:the )?(?:{_STUDY.replace('kind', 'other')} )?(?:before(?: that| it)?|prior"
                         rf"|previous|earlier|one before(?: that| it)?|(?:earlier|previous|prior) (?:one|"
                         rf"{_STUDY.replace('kind', 'third')})))?", span.rest)
    kind = _kind(found["kind"] or found["other"] or found["third"] or "") if found else ""
    return Plan((Call("compare_with_prior", {"kind": kind, "date": span.since}),)) if kind and kind != "slide" else None


def _changes(span: Span, question: str, context: ChatContext) -> Plan | None:
    patterns = (rf"how (?:did|has|have|does|do) (?P<x>.+?) {_CHANGED}{_END}",
                rf"(?:has|have|did|is|was|are|were) (?P<x>.+?) (?:been )?{_CHANGED}{_END}",
                r"(?:what (?:is|was|are) |show |list )?(?:the )?(?:changes?|trend|course|development|growth) (?:of|in) "
                rf"(?P<x>.+?){_END}")
    about = next(filter(None, (_about(pattern, span.rest) for pattern in patterns)), "")
    if not about or span.word in ("as of", "by", "up to"):
        return None
    return Plan((Call("how_it_changed", {"name": about, "since": span.since, "until": span.until}),))


def _measures(span: Span, question: str, context: ChatContext) -> Plan | None:
    """Results and measurements: their value, size or place."""
    patterns = (
        rf"(?:what|which|how (?:big|large|long|wide|high|low|much|small))(?: is| was| are| were|'s) (?P<x>.+?){_END}",
        r"(?:what (?:is|was) )?(?:the )?(?:size|diameter|value|level|extent) of (?P<x>.+?)",
        rf"(?:where (?:is|are|was)|show|list|is there|are there|was there|were there) (?P<x>.+?){_END}",
        r"(?:is|was|are|were) (?P<x>.+?) (?:too )?(?:high|low|normal|abnormal|elevated|raised|reduced|in range"
        r"|within (?:the )?(?:normal )?range|out of range|outside (?:the )?range)")
    for pattern in patterns:
        about = re.sub(r"^(?:size|diameter|value|level|latest|last|most recent|current) (?:of )?(?:the )?", "",
                       _about(pattern, span.rest))
        if _is_imaged(about, context) or (pattern is not patterns[2] and _is_named(about, context)):
            return _look_up(about, span) if span.word not in ("as of", "by", "up to") else None
    return None


def _again(span: Span, question: str, context: ChatContext) -> Plan | None:
    names = {"volume": "volume", "ct": "volume", "scan": "volume", "film": "localization", "localization":
             "localization", "slide": "pathology", "pathology": "pathology", "labs": "labs", "lab report": "labs",
             "nodule": "volume", "lungs": "volume", "heart": "localization"}
    found = re.fullmatch(rf"(?:run|measure|read|search|analy[sz]e|repeat) (?:the )?(?P<x>{'|'.join(names)})(?: tool)?"
                         r"(?: once more| again)", span.rest)
    return Plan((Call("run_tool", {"tool": names[found["x"]], "date": span.since}),)) if found else None


def _record(span: Span, question: str, context: ChatContext) -> Plan | None:
    """What the rules for records know, the word for a thing taken from the question as it stands."""
    try:
        asked = understand(question)
    except AmbiguousDate as error:
        raise UnclearDate(str(error)) from error
    if asked is None or asked.topic is Topic.ADVICE:
        return None
    if asked.topic is Topic.VALUE and len(asked.about.split()) > 6:
        return None
    return Plan((Call("ask_record", {"question": question[:500]}),))


def _follow_up(text: str, before: str, context: ChatContext) -> Plan | None:
    """`and the platelets?` after `how did hemoglobin change?`: the same question about another thing."""
    about = _about(r"(?:and |what about |how about |for )?(?P<x>.+)", text)
    if not _is_named(about, context):
        return None
    earlier = plan_of(before, context) if before else Plan()
    calls = tuple(Call(call.tool, call.arguments | {"name": about}) for call in earlier.calls if "name" in
                  call.arguments)
    return Plan(calls) if calls else _look_up(about, Span("", "", "", ""))


def _look_up(about: str, span: Span, unit: str = "") -> Plan:
    return Plan((Call("look_up", {"name": about, "since": span.since, "until": span.until, "unit": unit}),))


def _is_imaged(about: str, context: ChatContext) -> bool:
    return bool(about) and any(fit(about, item.names)[0] is not Fit.NONE for item in context.imaging)


def _is_named(about: str, context: ChatContext) -> bool:
    return _is_imaged(about, context) or (bool(about) and any(
        fit(about, item.names)[0] is not Fit.NONE for item in context.labs))


_RULES: tuple[Callable[[Span, str, ChatContext], Plan | None], ...] = (
    _evidence, _conversion, _days, _report, _studies, _events, _compare, _changes, _again, _measures, _record)


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
