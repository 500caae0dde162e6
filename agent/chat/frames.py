"""Questions about one named thing, in any order of words: each word must be understood, or the question is not.

A question is taken apart into the span of time, a limit (`below 12 g/dL`), a unit (`in g/L`), the name of something in
the case, and the rest. The rest decides what is asked for, and must hold no word that is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...tools.records.matching import Fit
from .moments import UP_TO, Span
from .names import Names, only
from .plan import Plan, one

_FILLER = frozenset((
    "size", "diameter", "extent",
    "a", "an", "the", "of", "his", "her", "their", "its", "he", "she", "they", "it", "patient", "patient's", "this",
    "that", "these", "those", "is", "was", "are", "were", "be", "been", "did", "do", "does", "has", "have", "had",
    "what", "which", "how", "much", "many", "to", "in", "on", "at", "for", "by", "with", "and", "me", "tell",
    "give", "show", "list", "please", "about", "value", "values", "level", "levels", "result", "results", "reading",
    "readings", "measurement", "measurements", "measured", "measure", "recorded", "seen", "now", "currently",
    "current", "today", "there", "again", "still", "so", "one", "ones", "from", "you", "s", "i", "we", "know",
    "all", "case", "record", "latest", "total", "overall", "combined", "whole"))
_CHANGED = frozenset((
    "mm", "cm", "ml", "percentage", "amount",
    "change", "changed", "changes", "changing", "trend", "course", "develop", "developed", "increase", "increased",
    "increasing", "decrease", "decreased", "decreasing", "rise", "rose", "risen", "rising", "fall", "fell",
    "fallen", "falling", "drop", "dropped", "grow", "grew", "grown", "growth", "growing", "shrink", "shrank",
    "shrunk", "lose", "lost", "gain", "gained", "got", "gotten", "get", "gone", "go", "going", "up", "down",
    "bigger", "larger", "smaller", "higher", "lower", "better", "worse", "doing", "improve", "improved", "worsen",
    "worsened", "stable", "unchanged", "percent", "%", "difference", "over", "time", "any", "significantly",
    "evolve", "evolved", "progress", "progressed", "move", "moved", "much", "dropping", "interval", "since", "then",
    "same", "different", "years", "year", "months", "month", "weeks", "past", "few"))
_MOVES = _CHANGED - frozenset((
    "any", "much", "over", "time", "percent", "%", "then", "got", "get", "since", "gone", "go", "same", "mm", "cm",
    "ml", "percentage", "amount", "years", "year", "months", "month", "weeks", "past", "few"))
_RATE = frozenset(("fast", "quickly", "quick", "rapidly", "rate", "speed", "doubling", "slowly"))
_OVER_TIME = re.compile(r"\bover (?:the )?(?:last |past )?(?:few )?(?:time|years?|months?|weeks?|days)\b")
_UPWARDS = re.compile(r"\b(?:increas\w+|r[io]s(?:e|en|ing)|gr[eo]w\w*|gain\w*|up|bigger|larger|higher)\b")
_DOWNWARDS = re.compile(r"\b(?:decreas\w+|f[ea]ll\w*|drop\w*|shr[aiu]nk\w*|los[et]|down|smaller|lower)\b")
_PICKS = {"first": "first", "earliest": "first", "initial": "first", "initially": "first", "baseline": "first",
          "highest": "highest", "maximum": "highest", "max": "highest", "peak": "highest", "largest": "", "biggest": "",
          "lowest": "lowest", "minimum": "lowest", "min": "lowest", "nadir": "lowest", "latest": "latest",
          "last": "latest", "recent": "latest", "newest": "latest", "recently": "latest", "previous": "previous",
          "before": "previous", "previously": "previous", "prior": "previous", "earlier": "previous"}
_PICKED = frozenset([*_PICKS, "most", "time"])
_NORMAL = frozenset((
    "normal", "ok", "okay", "fine", "abnormal", "high", "low", "raised", "elevated", "reduced", "range", "in",
    "within", "out", "outside", "too", "reference", "alright", "enlarged", "big", "large", "small", "deranged"))
_RELATIONS = ((frozenset(("normal", "ok", "okay", "fine")), "within"),
              (frozenset(("high", "raised", "elevated")), "high"),
              (frozenset(("low", "reduced")), "low"), (frozenset(("abnormal", "deranged")), "outside"))
_NOW = frozenset(("now", "currently", "current", "today", "still"))
_OUT_OF_RANGE = re.compile(r"\b(?:out of|outside)(?: of)?(?: the| its| their)?(?: printed| normal| reference)? range\b")
_WHEN = frozenset(("when", "date", "dates", "day", "ever", "since"))
_SOME = frozenset((
    "any", "point", "time", "anything", "ever", "exist", "present", "visible", "anywhere", "were", "show"))
_COUNT = frozenset((
    "times", "often", "number", "count", "checked", "done", "tested", "taken", "many", "every", "each"))
_WHERE = frozenset(("where", "side", "located", "lie", "lies", "location", "site"))
_SHOWN = frozenset((
    "evidence", "slice", "slices", "picture", "image", "images", "source", "sources", "page", "see", "where",
    "open", "come", "comes", "report", "document", "file", "best", "visible"))
_TEXTURE = frozenset(("solid", "subsolid", "part-solid", "ground-glass", "ground", "glass", "or"))
"""What the caption of an opacity's picture tells."""
_ASKING_WHERE = frozenset((
    "evidence", "slice", "slices", "picture", "image", "source", "page", "report", "document", "file"))
_PLACE = frozenset((
    "where", "slice", "slices", "side", "evidence", "picture", "image", "source", "page"))
_LIMIT = re.compile(
    r"(?:\b(?P<below>below|under|less than|lower than|smaller than|fewer than)"
    r"|\b(?P<above>above|over|more than|greater than|bigger than|larger than|higher than|exceed(?:s|ed|ing)?"
    r"|in excess of)|\b(?P<most>at most|up to|no more than)|\b(?P<least>at least|no less than|reach(?:es|ed)?)"
    r"|(?P<sign><=|>=|<|>|≤|≥)) ?(?P<number>\d+(?:\.\d+)?) ?"
    r"(?P<unit>%|percent|[a-zµμ]{1,4}/[a-z0-9.]{1,4}|mm2|cm2|mm|cm|ml|hu|u/l|fl|pg|g|l)?(?= |$)")
_SIGNS = {"<": "below", ">": "above", "<=": "at most", "≤": "at most", ">=": "at least", "≥": "at least"}
_LESION = re.compile(r"\b(?:lesions?|opacit(?:y|ies))\b(?! volume)")
_ANY_LESION = re.compile(r"\b(?:lesions?|nodules?|masse?s?|opacit(?:y|ies))\b(?! volume)")
"""Other words for what the report calls a nodule or, above 30 mm, a mass candidate; the answer says which it is."""
_LUNG = re.compile(r"(?:right|left) lung")
_OPACITY_VOLUME = re.compile(r"\b(?:nodule|mass|lesion|opacity)(?:'s)? volume\b"
                             r"|\bvolume of (?:the )?(?:nodule|mass|lesion|opacity)\b")
_OF_OPACITY = re.compile(r"\b(?:nodule|mass|lesion|opacity)'s (?P<before>(?:long|short)[ -]axis)"
                         r"|\b(?P<after>(?:long|short)[ -]axis(?: diameter)?) of (?:the |his |her )?"
                         r"(?:nodule|mass|lesion|opacity)\b")
_UNIT = re.compile(r"(?:^| )(?:in|to|into|as) (?P<unit>[a-zµμ]{1,4}/[a-z]{1,4}|mm2|cm2|mm|cm|ml|dl|l|m)(?= |$)")


@dataclass(frozen=True)
class Frame:
    """A question taken apart.

    Args:
        span: when.
        relation: of a limit: `below`, `above`, `at most`, `at least`; empty without one.
        number: the limit.
        unit: of the limit.
        convert_to: the unit that the value is wanted in, or empty.
        name: of something in the case; empty where none stands in the question.
        rest: all other words.
        of_change: whether the limit is one of how far something moved, not of where it lies.
    """

    span: Span
    relation: str
    number: float | None
    unit: str
    convert_to: str
    name: str
    rest: str
    of_change: bool = False

    @property
    def words(self) -> frozenset[str]:
        """The words of the rest."""
        return frozenset(re.findall(r"[^\s,;]+", self.rest))

    def holds(self, *allowed: frozenset[str]) -> bool:
        """Whether every word of the rest is a filler or in one of the sets."""
        return only(self.rest, (_FILLER, *allowed))


def frame_of(span: Span, question: str, names: Names, subject: str = "") -> Frame:
    """A question taken apart.

    Args:
        span: from `span_in`, with the question's plain words as its rest.
        question: as the user put it, for the case of units.
        names: of the case.
        subject: what the question before was about; taken where this one names nothing.
    """
    text = _OUT_OF_RANGE.sub("abnormal", _OPACITY_VOLUME.sub("opacity volume", span.rest))
    text = re.sub(r"\b(?:volume )?doubling time\b", "doubling rate", text)
    text = _OF_OPACITY.sub(lambda found: found["before"] or found["after"], text)
    limit = _LIMIT.search(text)
    of_change = limit is not None and _is_amount(text[:limit.start()].rstrip(), limit)
    if limit is not None:
        text = f"{text[:limit.start()]} {text[limit.end():]}"
    wanted = _UNIT.search(text)
    if wanted is not None:
        text = f"{text[:wanted.start()]} {text[wanted.end():]}"
    text = " ".join(text.split())
    held = next((word for word in ("nodule", "mass") if names.answers_to(word) is not Fit.NONE), "")
    if held:
        both = held == "nodule" and names.answers_to("mass") is not Fit.NONE
        text = (_LESION if both else _ANY_LESION).sub(held, text)
    name, rest = names.find(text)
    thing, others = names.find(rest) if _LUNG.fullmatch(name) else ("", "")
    if thing and not re.search(r"\band\b", rest):
        name, rest = f"{thing} {name}", others
    name, rest = _with_side(name, rest) if name else (subject, text)
    relation = "" if limit is None else next(
        (word for group, word in (("below", "below"), ("above", "above"), ("most", "at most"), ("least", "at least"))
         if limit[group]), _SIGNS.get(limit["sign"] or "", ""))
    return Frame(span, relation, float(limit["number"]) if limit else None,
                 _as_written((limit["unit"] or "") if limit else "", question),
                 _as_written(wanted["unit"] if wanted else "", question), name, rest, of_change)


def _is_amount(before: str, limit: re.Match[str]) -> bool:
    """`fell by more than 5`, `grew more than 5`; not `fell below 5` or `grew to more than 5`."""
    if before.endswith(" by"):
        return True
    verb = before.rpartition(" ")[2]
    moves = verb in _MOVES and bool(_UPWARDS.fullmatch(verb) or _DOWNWARDS.fullmatch(verb))
    return moves and re.match(r"(?:more|less) than|at (?:most|least)", limit[0]) is not None


def _with_side(name: str, rest: str) -> tuple[str, str]:
    """A name with the side that stands elsewhere in the question: `lung volume ... on the left`."""
    side = re.search(r"\b(?:(?:in|on|of) )?(?:the )?(right|left)(?: lung| side)?\b", rest)
    if side is None or side[1] in name:
        return name, rest
    return f"{name} {side[1]} lung", " ".join(f"{rest[:side.start()]} {rest[side.end():]}".split())


def _as_written(unit: str, question: str) -> str:
    """A unit in the case in which the user wrote it; a small l of a litre is written large."""
    found = re.search(rf"(?<![\w/]){re.escape(unit)}(?![\w/])", question, re.IGNORECASE) if unit else None
    written = found[0] if found else unit
    return {"percent": "%"}.get(unit, re.sub(r"(?<=/)l$|^l$|(?<=/d)l$|(?<=^d)l$|(?<=^m)l$|(?<=/m)l$", "L", written))


def plan_of_frame(frame: Frame) -> Plan | None:
    """The tools for a question taken apart; None where a word of it is not understood."""
    if not frame.name:
        return None
    for rule in (_beyond, _counted, _flagged, _evidence, _changed, _value):
        plan = rule(frame)
        if plan is not None:
            return plan
    return None


def _beyond(frame: Frame) -> Plan | None:
    """`When was it below 12?`, `is the nodule bigger than 6 mm?`"""
    if not frame.relation or not frame.holds(_CHANGED, _PICKED, _NORMAL, _WHEN, _SOME, _COUNT):
        return None
    if frame.of_change:
        return _moved_by(frame)
    if frame.unit == "%" and frame.words & _MOVES:
        return None
    asks_any = frame.words & {"when", "any", "ever", "times", "often", "since"}
    is_any = bool(asks_any or frame.span.word or _in_past(frame))
    return one("find_values", frame.name, name=frame.name, relation=frame.relation, number=frame.number,
               unit=frame.unit, since=frame.span.since, until=frame.span.until, latest=not is_any)


def _in_past(frame: Frame) -> bool:
    """`Was it above 13?`: of any result, where none is picked."""
    return bool(frame.words & {"was", "were", "did", "been"}) and not frame.words & (_PICKS.keys() | _NOW)


def _moved_by(frame: Frame) -> Plan | None:
    """`Did it fall by more than 5 g/dL?`"""
    direction = "increased" if _UPWARDS.search(frame.rest) else "decreased" if _DOWNWARDS.search(frame.rest) else ""
    if not frame.holds(_CHANGED) or frame.span.word in UP_TO:
        return None
    return one("how_it_changed", frame.name, name=frame.name, since=frame.span.since, until=frame.span.until,
               relation=frame.relation, number=frame.number, unit=frame.unit, direction=direction)


def _counted(frame: Frame) -> Plan | None:
    if not frame.holds(_COUNT):
        return None
    if "many" in frame.words and not frame.words & {"times", "often"}:
        return one("how_many", frame.name, name=frame.name, since=frame.span.since, until=frame.span.until)
    if not frame.words & {"times", "often"} and not (frame.words & {"all", "every", "each"} and not frame.span.word):
        return None
    return one("find_values", frame.name, name=frame.name, since=frame.span.since, until=frame.span.until)


def _flagged(frame: Frame) -> Plan | None:
    """`When was it last normal?`, `since when is it high?`, `was it ever out of range?`"""
    how = next((relation for words, relation in _RELATIONS if frame.words & words), "")
    if not frame.words & {"when", "ever"} or not how or not frame.holds(_NORMAL, _WHEN, _PICKED):
        return None
    return one("find_values", frame.name, name=frame.name, relation=how, since=frame.span.since,
               until=frame.span.until)


def _evidence(frame: Frame) -> Plan | None:
    """Where it can be looked at: `evidence of` is resolved by whoever knows the findings."""
    if not frame.words & (_ASKING_WHERE | _TEXTURE) or not frame.holds(_SHOWN, _WHERE, _PICKED, _TEXTURE):
        return None
    return one("evidence of", frame.name, name=frame.name)


def _changed(frame: Frame) -> Plan | None:
    asks = frame.words & (_MOVES | _RATE) or _OVER_TIME.search(frame.rest)
    if not asks or not frame.holds(_CHANGED, _PICKED, _RATE) or frame.span.word in UP_TO:
        return None
    further: dict[str, object] = {"unit": frame.convert_to} if frame.convert_to else {}
    if frame.words & _RATE:
        further["rate"] = True
    return one("how_it_changed", frame.name, name=frame.name, since=frame.span.since, until=frame.span.until, **further)


def _value(frame: Frame) -> Plan | None:
    if not frame.holds(_PICKED, _NORMAL, _WHERE, _WHEN, _SOME):
        return None
    picks = {_PICKS[word] for word in frame.words if word in _PICKS} - {""}
    if len(picks) > 1 - ("latest" in picks and len(picks) == 2):
        return None
    pick = next(iter(picks - {"latest"} if len(picks) == 2 else picks), "")
    if frame.span.word and pick == "" and not frame.span.since:
        pick = "latest"
    return one("look_up", frame.name, name=frame.name, since=frame.span.since, until=frame.span.until,
               unit=frame.convert_to, pick=pick)
