"""What a question asks for: a topic, the thing it is about, a date, and which of several is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from ...core.moments import spoken, spoken_within
from ...sources.dates import DATE_PATTERN, parse_date
from .question_forms import ABOVE, ADJECTIVES, FORMS, SAID_OTHERWISE, WHO, Topic

__all__ = ["AmbiguousDate", "Asked", "Limit", "Pick", "left_over", "understand"]


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
        relation: `on` (within the date's own precision), `by` (on or before), `before`, `after`, `since`, or `between`.
        date: ISO 8601: a year, a month or a day; the first one of `between`.
        until: the last one of `between`, which counts.
    """

    relation: str
    date: str
    until: str | None = None

    def holds(self, moment: str | None) -> bool:
        """Whether something at `moment` lies within; compared by the dates as written, not without a date."""
        if moment is None or len(moment) < len(self.date):
            return False
        then = moment[:len(self.date)]
        if self.until is not None:
            return then >= self.date and len(moment) >= len(self.until) and moment[:len(self.until)] <= self.until
        return {"on": then == self.date, "by": then <= self.date, "before": then < self.date,
                "after": then > self.date, "since": then >= self.date}[self.relation]

    @property
    def words(self) -> str:
        """For an answer: "in March 2011", "on 2011-03-04", "on or before 2011-03-04", "between 2010 and 2012"."""
        if self.until is not None:
            return f"between {spoken(self.date)} and {spoken(self.until)}"
        if self.relation == "on":
            return spoken_within(self.date)
        by = "on or before" if len(self.date) == len("2011-03-04") else "until"
        return {"by": by, "since": "since"}.get(self.relation, self.relation) + f" {spoken(self.date)}"


@dataclass(frozen=True)
class Bound:
    """A number that results are held against.

    Args:
        above: whether results above it are asked for, else those below.
        number: in `unit`.
        unit: as written in small letters; None where none is given, which means that of each result.
    """

    above: bool
    number: float
    unit: str | None


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
        over: whether only what is over counts.
        bound: the number that results are held against.
        only: whether the first or last one is asked for in so many words, so that no other is to be told.
        denied: whether it asks if something is not so ("Has the patient never had asthma?").
    """

    topic: Topic
    about: str
    pick: Pick
    limit: Limit | None
    ever: bool
    now: bool
    over: bool = False
    bound: Bound | None = None
    only: bool = False
    denied: bool = False


_RELATIONS = {"on": "on", "in": "on", "during": "on", "at": "on", "from": "on", "of": "on", "before": "before",
              "prior to": "before", "as of": "by", "by": "by", "until": "by", "up to": "by", "on or before": "by",
              "after": "after", "since": "since", "on or after": "since"}
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{4}"
_A_DATE = rf"\d{{4}}-\d\d-\d\d|{DATE_PATTERN}|\d{{4}}-\d\d\b|{_MONTH}|(?<=\s)(?:18|19|20)\d\d\b"
_DATED = re.compile(
    rf"\b(?:(?P<relation>{'|'.join(sorted(_RELATIONS, key=len, reverse=True))})\s+)?(?:the\s+)?(?P<date>{_A_DATE})",
    re.IGNORECASE)
_BETWEEN = re.compile(rf"\b(?:between|from)\s+(?:the\s+)?(?P<date>{_A_DATE})\s+(?:and|to|until|till|through)\s+"
                      rf"(?:the\s+)?(?P<last>{_A_DATE})", re.IGNORECASE)

_PICKS = ((Pick.FIRST, r"\b(?:first|earliest|initial|oldest)\b"), (Pick.HIGHEST, r"\b(?:highest|maximum|max|peak)\b"),
          (Pick.LOWEST, r"\b(?:lowest|minimum|min|nadir)\b"),
          (Pick.ALL, r"\b(?:all|every|each|list|values|results|history of the|how many|how often|number of|trend|course"
                     r"|over time|procedures|operations|surgeries|encounters|admissions|visits)\b"))
_PICK_WORDS = re.compile(r"\b(?:latest|last|most recent(?:ly)?|newest|recent|current(?:ly)?|first|earliest|initial"
                         r"|oldest|highest|maximum|max|peak|lowest|minimum|min|nadir|all|every|each|still|now|presently"
                         r"|ever)\b")
_EVER = re.compile(r"\b(?:ever|history|past|previous\w*|former\w*|all|had|did|was|were)\b")
_OVER = re.compile(r"\b(?:resolved|inactive|no longer|cleared|healed|stopped|discontinued|completed)\b")
_NOW = re.compile(rf"\b(?:current(?:ly)?|active|still|now|presently|at present"
                  rf"|(?:is|are) {WHO} (?:taking|on|using)|does {WHO} (?:take|use))\b")
_ONLY = re.compile(r"\b(?:first|earliest|initial(?:ly)?|original(?:ly)?|oldest|last|latest|most recent(?:ly)?"
                   r"|newest)\b")
_DENIED = re.compile(rf"^((?:has|have|had|does|do|did|is|are|was|were) {WHO} (?:ever )?)(?:never|not)(?: ever| yet)? "
                     rf"|^((?:does|did|has) {WHO} (?:have |had )?|{WHO} (?:has|had) )(?:no(?: known)?|never(?: had)?) ")
"""Beginnings that ask whether something is not so; the groups are the same question asked the other way round."""
_FILL = re.compile(
    rf"^(?:{WHO}'s |{WHO} |his |her |their |the |a |an |any |of |evidence of |signs? of |diagnosis of |history of "
    rf"|recorded |measured |documented |reported )+")
_TAIL = re.compile(r"(?: (?:levels?|values?|results?|readings?|measurements?|measured|recorded|done|performed|taken"
                   r"|checked|carried out|happen|take place|tests?|time|over time|please|at present|right now|today"
                   rf"|(?:in|on) (?:the |this |his |her )?(?:record|file|chart|history)"
                   rf"|at (?:the |his |her )?(?:visit|appointment|encounter|check-?up)|(?:of|for|in) {WHO}))+$")
_CHATTER = re.compile(r"^(?:please |and |so |can you |could you |would you |tell me |do you know |i want to know "
                      r"|i wonder |we need to know |find out |check |say |whether |if |is it true that "
                      r"|can one tell )+")


LONGEST_NAME = 4
"""Words of a name that stands alone with a date ("Weight in 1980?")."""
_ASKING = frozenset({"what", "when", "who", "why", "how", "which", "where", "did", "does", "do", "is", "was", "were",
                     "are", "has", "have", "had", "can", "could", "should", "will", "would", "may", "tell", "explain",
                     "write", "compare"})


class AmbiguousDate(ValueError):
    """A date in the question can be read in two ways."""


def understand(question: str) -> Asked | None:
    """The question as understood; None when it is of no known form.

    Raises:
        AmbiguousDate: a date such as 03/04/2025 stands in it.
    """
    text = re.sub(r"\s+", " ", question.replace("’", "'")).strip().rstrip("?.! ").lower()
    text = _CHATTER.sub("", re.sub(r"[,;]? (?:please|thanks|thank you)$", "", text))
    for otherwise, meant in SAID_OTHERWISE:
        text = re.sub(otherwise, meant, text)
    asked_for, text = text, _DENIED.sub(lambda found: found[1] or found[2], text)
    denied = text != asked_for
    limit, text = _limit(text)
    for topic, pattern in FORMS:
        found = pattern.search(text)
        if found is not None:
            about = found.groupdict().get("x") or ""
            return Asked(topic=topic, about=thing(about), pick=_pick(text, topic), limit=limit,
                         ever=_EVER.search(text) is not None, now=_NOW.search(text) is not None,
                         over=_OVER.search(text) is not None, bound=_bound(found),
                         only=_ONLY.search(text) is not None, denied=denied)
    if limit is not None and text and len(text.split()) <= LONGEST_NAME and text.split()[0] not in _ASKING:
        return Asked(Topic.VALUE, thing(text), _pick(text, Topic.VALUE), limit, ever=False, now=False)
    return None


def _bound(found: re.Match[str]) -> Bound | None:
    parts = found.groupdict()
    if not parts.get("side"):
        return None
    return Bound(re.fullmatch(ABOVE, found["side"]) is not None, float(found["limit"]), found["unit"])


def left_over(question: str, dropped: str) -> str:
    """The words of a question but those in `dropped` (space-separated) and dates: what it is about."""
    _, text = _limit(question.lower().replace("’", "'"))
    words = re.findall(r"[^\W_]+(?:[-.][^\W_]+)*", re.sub(r"'s\b", "", text))
    return " ".join(word for word in words if word not in set(dropped.split()))


def _limit(text: str) -> tuple[Limit | None, str]:
    """The restriction in time, and the text without it."""
    span = _BETWEEN.search(text)
    found = span or _DATED.search(text)
    if found is None:
        return None, text
    date, until = _iso(found["date"]), _iso(span["last"]) if span else None
    rest = re.sub(r"\s+", " ", text[:found.start()] + " " + text[found.end():]).strip(" ,")
    return Limit("between", date, until) if span else Limit(_RELATIONS[(found["relation"] or "on").lower()], date), rest


def begins_with_date(text: str) -> bool:
    """Whether a text begins with a date, after "the" or not."""
    return _DATED.match(" " + text, 1) is not None


def _iso(written: str) -> str:
    if re.fullmatch(r"\d{4}(?:-\d\d)?", written):
        return written
    is_month = re.fullmatch(_MONTH, written, re.IGNORECASE) is not None
    day = parse_date(f"1 {written.replace('.', '')}" if is_month else written)
    if day is None:
        raise AmbiguousDate(written)
    return day[:7] if is_month else day


def _pick(text: str, topic: Topic) -> Pick:
    lists = re.match(r"(?:what|which|list|show)\b(?! (?:is|was) the (?:last|latest|date))", text)
    if topic is Topic.IMMUNIZATION and lists is not None:
        return Pick.ALL
    if topic in {Topic.CONDITION_DATE, Topic.MEDICATION_DATE} and not re.search(r"\b(?:last|latest|recent)", text):
        return Pick.FIRST
    return next((pick for pick, pattern in _PICKS if re.search(pattern, text)), Pick.LATEST)


def thing(about: str) -> str:
    """The thing itself, without articles, possessives, and words about which and when."""
    text = re.sub(r"\s+", " ", _PICK_WORDS.sub(" ", about)).strip()
    before = None
    while text != before:
        before, text = text, _TAIL.sub("", _FILL.sub("", text + " ").strip()).strip()
    return ADJECTIVES.get(text, text)
