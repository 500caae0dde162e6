"""What a question asks for: a topic, the thing it is about, a date, and which of several is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from ...sources.dates import DATE_PATTERN, parse_date


class Topic(StrEnum):
    """What can be answered from a record by rules."""

    ADVICE = "advice"
    EXISTS = "exists"
    CONDITIONS = "conditions"
    CONDITION_DATE = "condition date"
    CONDITION_END = "condition end"
    FAMILY = "family"
    ALLERGY = "allergy"
    IMMUNIZATION = "immunization"
    MEDICATIONS = "medications"
    MEDICATION_NOW = "medication now"
    MEDICATION_EVER = "medication ever"
    MEDICATION_DATE = "medication date"
    MEDICATION_END = "medication end"
    PRESCRIBER = "prescriber"
    MEDICATION_REASON = "medication reason"
    MEDICATION_FOR = "medication for"
    EVENT_DATE = "event date"
    VALUE = "value"
    COUNT = "count"


class Pick(StrEnum):
    """Which of several is asked for."""

    LATEST = "latest"
    FIRST = "first"
    HIGHEST = "highest"
    LOWEST = "lowest"
    ALL = "all"


@dataclass(frozen=True)
class Limit:
    """A restriction in time.

    Args:
        relation: `on` (within the date's own precision), `by` (on or before), `before`, `after`, `since`.
        date: ISO 8601: a year, a month or a day.
    """

    relation: str
    date: str

    def holds(self, moment: str | None) -> bool:
        """Whether something at `moment` lies within; compared by the dates as written, not without a date."""
        if moment is None or len(moment) < len(self.date):
            return False
        then = moment[:len(self.date)]
        return {"on": then == self.date, "by": then <= self.date, "before": then < self.date,
                "after": then > self.date, "since": then >= self.date}[self.relation]

    @property
    def words(self) -> str:
        """For an answer: "on or before 2011-03-04"."""
        return {"by": "on or before", "since": "on or after"}.get(self.relation, self.relation) + f" {self.date}"


@dataclass(frozen=True)
class Asked:
    """A question as understood.

    Args:
        topic: what is asked for.
        about: the thing it is about, in the question's words; empty for "all".
        pick: which of several.
        limit: a restriction in time.
        ever: whether what is over counts too.
        now: whether only what stands at present counts.
    """

    topic: Topic
    about: str
    pick: Pick
    limit: Limit | None
    ever: bool
    now: bool


_WHO = r"(?:the |this |my )?(?:patient|pt|person|he|she|they)"
_MEDICINES = r"(?:medications?|medicines?|drugs?|meds|prescriptions?|medical treatments?)"
_PROBLEMS = r"(?:conditions?|diagnos[ei]s|problems?|diseases|illness(?:es)?|medical history)"
_VACCINE = r"(?:vaccin\w*|immuni[sz]\w*|inoculat\w*|jabs?|shots?)"
_RECEIVE = (r"(?:been (?:prescribed|given|started on|put on|treated with|on)|treated with|taken|taking|used|on"
            r"|prescribed|received|given|take|use)")

_ADJECTIVES = {"hypertensive": "hypertension", "diabetic": "diabetes", "prediabetic": "prediabetes",
               "asthmatic": "asthma", "anemic": "anemia", "anaemic": "anemia", "obese": "obesity",
               "epileptic": "epilepsy",
               "depressed": "depression", "pregnant": "pregnancy", "hypothyroid": "hypothyroidism"}
"""What a patient is called who has a condition."""

_PATTERNS: tuple[tuple[Topic, str], ...] = (
    (Topic.ADVICE, r"\b(?:should|recommend\w*|advi[sc]e\w*|prognosis|best treatment|safe to|what dos(?:e|age) to)\b"),
    (Topic.COUNT, rf"^how (?:many times|often) (?:has|have|had|did|was|were) {_WHO} (?:been |ever )*"
                  r"(?:have|had|has|gotten|get|undergone|undergo|given|received?|diagnosed with|prescribed"
                  r"|admitted (?:for|with)) (?P<x>.+)$"),
    (Topic.COUNT, rf"^how many (?P<x>(?!.*\b{_VACCINE}\b)(?!.*\b{_MEDICINES}\b).+?) (?:were there|are there|was there"
                  rf"|did {_WHO} have|has {_WHO} had|have there been|(?:are|were) (?:recorded|documented)"
                  rf"|did {_WHO} (?:undergo|make))$"),
    (Topic.IMMUNIZATION, rf"\b{_VACCINE}\b"),
    (Topic.ALLERGY, r"\b(?:allerg\w+|intoleran\w+)\b"),
    (Topic.FAMILY, r"\b(?:family history|relatives?|mother|father|siblings?|brothers?|sisters?|parents?)\b"),
    (Topic.MEDICATION_REASON, r"^(?:why|for what|for which \w+|what .*\breason\b).*?\b(?:is|was|has|does|did|were)\b"
                              rf".*?{_WHO}.*?\b(?:{_RECEIVE})\s+(?P<x>.+)$"),
    (Topic.MEDICATION_REASON, r"^(?:why|for what|for which \w+) (?:is|was|were|are) (?P<x>.+?) "
                              r"(?:prescribed|given|ordered|started|taken|used)\b"),
    (Topic.MEDICATION_REASON, rf"^what (?:is|was|were|are) (?!{_WHO}\b)(?P<x>.+?) "
                              r"(?:prescribed|given|taken|used|ordered|started|indicated) (?:for|to treat)$"),
    (Topic.MEDICATION_REASON, rf"^what (?:\w+ )?(?:is|was) {_WHO} (?:taking|given|prescribed|on|using) "
                              r"(?P<x>.+?) (?:for|to treat)$"),
    (Topic.MEDICATION_FOR, rf"^(?:what|which|list|show).*\b{_MEDICINES}\b.*?\b(?:for|to treat|against) "
                           rf"(?!{_WHO}$)(?:{_WHO}'s )?(?P<x>.+)$"),
    (Topic.MEDICATION_FOR, rf"^(?:what|which \w+) (?:is|was|are|were) (?:used|given|prescribed|taken) "
                           rf"(?:for|to treat|against) (?!{_WHO}$)(?:{_WHO}'s |his |her )?(?P<x>.+)$"),
    (Topic.MEDICATION_FOR, rf"^how (?:is|was) (?:{_WHO}'s |his |her |the )?(?P<x>.+?) (?:being )?treated$"),
    (Topic.MEDICATION_FOR, rf"^what (?:is|was|has) {_WHO} (?:been )?(?:taking|given|prescribed|on) "
                           r"(?:for|to treat|against) (?P<x>.+)$"),
    (Topic.PRESCRIBER, rf"^(?:who|which (?:doctor|physician|clinician|practitioner|provider|prescriber))"
                       rf" (?:has |had |first |last )*(?:prescribed|prescribes|ordered|started|wrote)"
                       rf"(?: {_WHO}(?: on)?)? (?P<x>.+)$"),
    (Topic.PRESCRIBER, r"^(?:who (?:is|was) |by )?(?:the )?(?:prescriber|whom?)\b (?:of|for|was|is|were) "
                       r"(?P<x>.+?)(?: prescribed| ordered)?$"),
    (Topic.MEDICATION_END, r"^when (?:was|were) (?P<x>.+?) (?:stopped|discontinued)$"),
    (Topic.MEDICATION_END, rf"^when did {_WHO} (?:stop|discontinue)(?: taking| using)? (?P<x>.+)$"),
    (Topic.MEDICATION_DATE, rf"^when (?:was|were|is) {_WHO} (?:\w+ )??(?:prescribed|put on|started on|given) "
                            r"(?P<x>.+)$"),
    (Topic.MEDICATION_DATE, r"^when (?:was|were|is) (?P<x>.+?) (?:prescribed|ordered|started|begun)\b"),
    (Topic.MEDICATION_DATE, rf"^when did {_WHO} (?:first )?(?:start|begin)(?: taking| using| on)? (?P<x>.+)$"),
    (Topic.MEDICATION_DATE, rf"^(?:since when|how long|for how long) (?:is|has|have|was) {_WHO} (?:been )?"
                            r"(?:on|taking|using|prescribed) (?P<x>.+)$"),
    (Topic.MEDICATION_REASON, rf"^what (?:is|was|are|were) (?!{_WHO}\b)(?P<x>[^ ]+(?: [^ ]+){{0,4}}) for$"),
    (Topic.MEDICATIONS, r"^(?:current |active |present |complete |full )*(?:medication|medicine|drug|med)s?"
                        r"(?: list)?$"),
    (Topic.MEDICATIONS, rf"^(?:what|which|summari[sz]e|give|name|list|show|is|are|does|any)\b.*\b{_MEDICINES}\b"),
    (Topic.MEDICATIONS, rf"^what (?:is|does|was) {_WHO} (?:currently |now )?(?:taking|take|prescribed|on)$"),
    (Topic.MEDICATION_EVER, rf"^(?:has|have|was|were|did|had) {_WHO} (?:ever )?{_RECEIVE} (?P<x>.+)$"),
    (Topic.MEDICATION_EVER, r"^(?:has|was|were) (?P<x>.+?) (?:ever )?(?:been )?prescribed$"),
    (Topic.MEDICATION_NOW, rf"^(?:is|are) {_WHO} (?:\w+ )??(?:on|taking|using|prescribed|receiving) (?P<x>.+)$"),
    (Topic.MEDICATION_NOW, rf"^does {_WHO} (?:\w+ )??(?:take|use|receive) (?P<x>.+)$"),
    (Topic.CONDITION_DATE, rf"^when (?:was|were) {_WHO} (?:\w+ )??diagnosed (?:with|as having) (?P<x>.+)$"),
    (Topic.CONDITION_DATE, r"^when (?:was|were) (?P<x>.+?) (?:first )?(?:diagnosed|detected|noted)$"),
    (Topic.CONDITION_DATE, r"^when (?:was|is) the (?:onset|start|diagnosis) of (?P<x>.+)$"),
    (Topic.CONDITION_DATE, r"^when did (?!the patient )(?P<x>.+?) (?:start|begin|first appear|appear)$"),
    (Topic.CONDITION_DATE, rf"^when did {_WHO} (?:\w+ )??(?:get|develop|contract|have|come down with|catch|suffer"
                           r"|sustain|experience) (?P<x>.+)$"),
    (Topic.CONDITION_DATE, rf"^(?:since when|how long|for how long) (?:has|does|have) {_WHO} "
                           r"(?:had|have|been (?:suffering from|living with)) (?P<x>.+)$"),
    (Topic.CONDITION_END, r"^when (?:was|did|were) (?P<x>.+?) "
                          r"(?:resolved?|end(?:ed)?|clear(?:ed)?(?: up)?|heal(?:ed)?)$"),
    (Topic.CONDITIONS, rf"^(?:current |active |past |known )*(?:problem list|{_PROBLEMS})$"),
    (Topic.CONDITIONS, rf"^(?:what|which|list|show|summari[sz]e|give|name)\b.*\b{_PROBLEMS}\b"),
    (Topic.CONDITIONS, rf"^does {_WHO} have any {_PROBLEMS}$"),
    (Topic.EXISTS, rf"^(?:does|do|did|has|have|had|is|was|were) {_WHO} (?:\w+ )??(?:have|had|has|having|suffer\w* from"
                   r"|been diagnosed with|been treated for|diagnosed with|known (?:with|for)|undergo(?:ne)?|received?)"
                   r" (?P<x>.+)$"),
    (Topic.EXISTS, rf"^(?:has|have) {_WHO} got (?P<x>.+)$"),
    (Topic.EXISTS, rf"^{_WHO} (?:has|have|had|suffers?|suffered|is suffering|is known)(?: from| with)? (?P<x>.+)$"),
    (Topic.EXISTS, rf"^(?:did|has|have) {_WHO} (?:ever )?(?P<x>(?:break|broken?|fractured?) .+)$"),
    (Topic.EXISTS, rf"^(?:is|was) {_WHO} (?:\w+ )??(?P<x>{'|'.join(_ADJECTIVES)})$"),
    (Topic.EXISTS, r"^(?:any|are there any|is there any) (?:signs?|evidence|history|record|mention|documentation) of "
                   r"(?P<x>.+)$"),
    (Topic.EXISTS, r"^(?:has|have|had) there (?:ever )?been (?P<x>.+)$"),
    (Topic.VALUE, rf"^(?:does|is|did|was) {_WHO} (?:ever |currently |still )?(?P<x>smoke|smoking|a smoker)$"),
    (Topic.EXISTS, r"^(?:is|are|was|were) there (?P<x>.+)$"),
    (Topic.EXISTS, r"^(?:is|are) (?P<x>.+?) (?:still )?(?:active|ongoing|current)$"),
    (Topic.EVENT_DATE, r"^(?:has|have|was|were) (?P<x>.+?) (?:ever )?(?:been )?"
                       r"(?:measured|checked|tested|done|performed)$"),
    (Topic.EXISTS, rf"^(?:is|was) (?P<x>.+?) (?:in|on|part of) (?:{_WHO}'s |the )?(?:record|problem list|history)$"),
    (Topic.EVENT_DATE, r"^(?:when|on what date|on which date) (?:was|were|is|did) (?P<x>.+)$"),
    (Topic.EVENT_DATE, r"^(?:what (?:is|was) )?the date of (?P<x>.+)$"),
    (Topic.VALUE, r"^(?:what|how (?:high|low|much|large|big|tall|heavy))(?:'s| is| was| were| are) (?P<x>.+)$"),
    (Topic.VALUE, r"^(?:show|give|list)(?: me)? (?P<x>.+)$"),
    (Topic.VALUE, r"^(?P<x>.+?),? (?:latest|most recent|last|current)(?: value| result| reading)?$"),
    (Topic.VALUE, r"^(?P<x>(?:the )?(?:latest|last|most recent|current|first|highest|lowest) .+)$"),
)
_SAID_OTHERWISE = (
    (r"^(?:(?:in|on|at|since) )?(?:what|which) (?:year|month|day|date|time) (?=was|were|did|is|has)", "when "),
    (rf"^how tall (?:is|was) {_WHO}$", "what is the body height"),
    (rf"^(?:how (?:heavy (?:is|was)|much does) {_WHO}(?: weigh)?|what does {_WHO} weigh)$", "what is the body weight"),
)
"""Beginnings that mean another one."""
_COMPILED = tuple((topic, re.compile(pattern)) for topic, pattern in _PATTERNS)

_RELATIONS = {"on": "on", "in": "on", "during": "on", "at": "on", "from": "on", "of": "on", "before": "before",
              "prior to": "before", "as of": "by", "by": "by", "until": "by", "up to": "by", "on or before": "by",
              "after": "after", "since": "since", "on or after": "since"}
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{4}"
_DATED = re.compile(
    rf"\b(?:(?P<relation>{'|'.join(sorted(_RELATIONS, key=len, reverse=True))})\s+)?(?:the\s+)?"
    rf"(?P<date>\d{{4}}-\d\d-\d\d|{DATE_PATTERN}|\d{{4}}-\d\d\b|{_MONTH}|(?<=\s)(?:18|19|20)\d\d\b)", re.IGNORECASE)

_PICKS = ((Pick.FIRST, r"\b(?:first|earliest|initial|oldest)\b"), (Pick.HIGHEST, r"\b(?:highest|maximum|max|peak)\b"),
          (Pick.LOWEST, r"\b(?:lowest|minimum|min|nadir)\b"),
          (Pick.ALL, r"\b(?:all|every|each|list|values|results|history of the|how many|how often)\b"))
_PICK_WORDS = re.compile(r"\b(?:latest|last|most recent(?:ly)?|newest|recent|current(?:ly)?|first|earliest|initial"
                         r"|oldest|highest|maximum|max|peak|lowest|minimum|min|nadir|all|every|each|still|now|presently|ever)\b")
_EVER = re.compile(r"\b(?:ever|history|past|previous\w*|former\w*|all|had|did|was|were)\b")
_NOW = re.compile(r"\b(?:current(?:ly)?|active|still|now|presently|at present)\b")
_FILL = re.compile(
    rf"^(?:{_WHO}'s |{_WHO} |his |her |their |the |a |an |any |of |evidence of |signs? of |diagnosis of |history of )+")
_TAIL = re.compile(r"(?: (?:levels?|values?|results?|readings?|measurements?|measured|recorded|done|performed|taken"
                   r"|checked|carried out|happen|take place|tests?|please|at present|right now|today"
                   rf"|(?:in|on) (?:the |this |his |her )?(?:record|file|chart|history)"
                   rf"|at (?:the |his |her )?(?:visit|appointment|encounter|check-?up)|(?:of|for|in) {_WHO}))+$")
_CHATTER = re.compile(r"^(?:please |and |so |can you |could you |would you |tell me |do you know |i want to know "
                      r"|i wonder |we need to know |find out |check |say |whether |if |is it true that "
                      r"|can one tell )+")


class AmbiguousDate(ValueError):
    """A date in the question can be read in two ways."""


def understand(question: str) -> Asked | None:
    """The question as understood; None when it is of no known form.

    Raises:
        AmbiguousDate: a date such as 03/04/2025 stands in it.
    """
    text = re.sub(r"\s+", " ", question.replace("’", "'")).strip().rstrip("?.! ").lower()
    text = _CHATTER.sub("", re.sub(r"[,;]? (?:please|thanks|thank you)$", "", text))
    for otherwise, meant in _SAID_OTHERWISE:
        text = re.sub(otherwise, meant, text)
    limit, text = _limit(text)
    for topic, pattern in _COMPILED:
        found = pattern.search(text)
        if found is not None:
            about = found.groupdict().get("x") or ""
            return Asked(topic=topic, about=_thing(about), pick=_pick(text, topic), limit=limit,
                         ever=_EVER.search(text) is not None, now=_NOW.search(text) is not None)
    return None


def left_over(question: str, dropped: str) -> str:
    """The words of a question but those in `dropped` (space-separated) and dates: what it is about."""
    _, text = _limit(question.lower().replace("’", "'"))
    words = re.findall(r"[^\W_]+(?:[-.][^\W_]+)*", re.sub(r"'s\b", "", text))
    return " ".join(word for word in words if word not in set(dropped.split()))


def _limit(text: str) -> tuple[Limit | None, str]:
    """The restriction in time, and the text without it."""
    found = _DATED.search(text)
    if found is None:
        return None, text
    date = _iso(found["date"])
    if date is None:
        raise AmbiguousDate(found["date"])
    rest = re.sub(r"\s+", " ", text[:found.start()] + " " + text[found.end():]).strip(" ,")
    return Limit(relation=_RELATIONS[(found["relation"] or "on").lower()], date=date), rest


def _iso(written: str) -> str | None:
    if re.fullmatch(r"\d{4}(?:-\d\d)?", written):
        return written
    if re.fullmatch(_MONTH, written, re.IGNORECASE):
        day = parse_date(f"1 {written.replace('.', '')}")
        return day[:7] if day else None
    return parse_date(written)


def _pick(text: str, topic: Topic) -> Pick:
    if topic in {Topic.CONDITION_DATE, Topic.MEDICATION_DATE} and not re.search(r"\b(?:last|latest|recent)", text):
        return Pick.FIRST
    return next((pick for pick, pattern in _PICKS if re.search(pattern, text)), Pick.LATEST)


def _thing(about: str) -> str:
    """The thing itself, without articles, possessives, and words about which and when."""
    text = re.sub(r"\s+", " ", _PICK_WORDS.sub(" ", about)).strip()
    before = None
    while text != before:
        before, text = text, _TAIL.sub("", _FILL.sub("", text + " ").strip()).strip()
    return _ADJECTIVES.get(text, text)
