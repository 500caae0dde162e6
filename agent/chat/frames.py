"""Questions about one named thing, in any order of words: each word must be understood, or the question is not.

A question is taken apart into the span of time, a limit (`below 12 g/dL`), a unit (`in g/L`), the name of something in
the case, and the rest. The rest decides what is asked for, and must hold no word that is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...tools.records.matching import Fit
from .frame_words import (
    ANY_LESION,
    ASKING_WHERE,
    CHANGED,
    COUNT,
    DOWNWARDS,
    FILLER,
    LESION,
    LIMIT,
    LUNG,
    MOVES,
    NORMAL,
    NOW,
    OF_OPACITY,
    OPACITY_VOLUME,
    OUT_OF_RANGE,
    OVER_TIME,
    PICKED,
    PICKS,
    RATE,
    RELATIONS,
    SHOWN,
    SIGNS,
    SOME,
    TEXTURE,
    UNIT,
    UPWARDS,
    WHEN,
    WHERE,
)
from .moments import UP_TO, Span
from .names import Names, only
from .plan import Plan, one


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
        return only(self.rest, (FILLER, *allowed))


def frame_of(span: Span, question: str, names: Names, subject: str = "") -> Frame:
    """A question taken apart.

    Args:
        span: from `span_in`, with the question's plain words as its rest.
        question: as the user put it, for the case of units.
        names: of the case.
        subject: what the question before was about; taken where this one names nothing.
    """
    text = OUT_OF_RANGE.sub("abnormal", OPACITY_VOLUME.sub("opacity volume", span.rest))
    text = re.sub(r"\b(?:volume )?doubling time\b", "doubling rate", text)
    text = OF_OPACITY.sub(lambda found: found["before"] or found["after"], text)
    limit = LIMIT.search(text)
    of_change = limit is not None and _is_amount(text[:limit.start()].rstrip(), limit)
    if limit is not None:
        text = f"{text[:limit.start()]} {text[limit.end():]}"
    wanted = UNIT.search(text)
    if wanted is not None:
        text = f"{text[:wanted.start()]} {text[wanted.end():]}"
    text = " ".join(text.split())
    held = next((word for word in ("nodule", "mass") if names.answers_to(word) is not Fit.NONE), "")
    if held:
        both = held == "nodule" and names.answers_to("mass") is not Fit.NONE
        text = (LESION if both else ANY_LESION).sub(held, text)
    name, rest = names.find(text)
    thing, others = names.find(rest) if LUNG.fullmatch(name) else ("", "")
    if thing and not re.search(r"\band\b", rest):
        name, rest = f"{thing} {name}", others
    name, rest = _with_side(name, rest) if name else (subject, text)
    relation = "" if limit is None else next(
        (word for group, word in (("below", "below"), ("above", "above"), ("most", "at most"), ("least", "at least"))
         if limit[group]), SIGNS.get(limit["sign"] or "", ""))
    return Frame(span, relation, float(limit["number"]) if limit else None,
                 _as_written((limit["unit"] or "") if limit else "", question),
                 _as_written(wanted["unit"] if wanted else "", question), name, rest, of_change)


def _is_amount(before: str, limit: re.Match[str]) -> bool:
    """`fell by more than 5`, `grew more than 5`; not `fell below 5` or `grew to more than 5`."""
    if before.endswith(" by"):
        return True
    verb = before.rpartition(" ")[2]
    moves = verb in MOVES and bool(UPWARDS.fullmatch(verb) or DOWNWARDS.fullmatch(verb))
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
    if not frame.relation or not frame.holds(CHANGED, PICKED, NORMAL, WHEN, SOME, COUNT):
        return None
    if frame.of_change:
        return _moved_by(frame)
    if frame.unit == "%" and frame.words & MOVES:
        return None
    asks_any = frame.words & {"when", "any", "ever", "times", "often", "since"} or (
        frame.words & {"last", "latest", "first"} and not frame.words & {"is", "was", "are", "were"})
    is_any = bool(asks_any or frame.span.word or _in_past(frame))
    return one("find_values", frame.name, name=frame.name, relation=frame.relation, number=frame.number,
               unit=frame.unit, since=frame.span.since, until=frame.span.until, latest=not is_any)


def _in_past(frame: Frame) -> bool:
    """`Was it above 13?`: of any result, where none is picked."""
    return bool(frame.words & {"was", "were", "did", "been"}) and not frame.words & (PICKS.keys() | NOW)


def _moved_by(frame: Frame) -> Plan | None:
    """`Did it fall by more than 5 g/dL?`"""
    direction = "increased" if UPWARDS.search(frame.rest) else "decreased" if DOWNWARDS.search(frame.rest) else ""
    if not frame.holds(CHANGED) or frame.span.word in UP_TO:
        return None
    return one("how_it_changed", frame.name, name=frame.name, since=frame.span.since, until=frame.span.until,
               relation=frame.relation, number=frame.number, unit=frame.unit, direction=direction)


def _counted(frame: Frame) -> Plan | None:
    if not frame.holds(COUNT):
        return None
    if "many" in frame.words and not frame.words & {"times", "often"}:
        return one("how_many", frame.name, name=frame.name, since=frame.span.since, until=frame.span.until)
    if not frame.words & {"times", "often"} and not (frame.words & {"all", "every", "each"} and not frame.span.word):
        return None
    return one("find_values", frame.name, name=frame.name, since=frame.span.since, until=frame.span.until)


def _flagged(frame: Frame) -> Plan | None:
    """`When was it last normal?`, `since when is it high?`, `was it ever out of range?`"""
    how = next((relation for words, relation in RELATIONS if frame.words & words), "")
    if not frame.words & {"when", "ever"} or not how or not frame.holds(NORMAL, WHEN, PICKED):
        return None
    return one("find_values", frame.name, name=frame.name, relation=how, since=frame.span.since,
               until=frame.span.until)


def _evidence(frame: Frame) -> Plan | None:
    """Where it can be looked at: `evidence of` is resolved by whoever knows the findings."""
    if not frame.words & (ASKING_WHERE | TEXTURE) or not frame.holds(SHOWN, WHERE, PICKED, TEXTURE):
        return None
    return one("evidence of", frame.name, name=frame.name)


def _changed(frame: Frame) -> Plan | None:
    asks = frame.words & (MOVES | RATE) or OVER_TIME.search(frame.rest)
    if not asks or not frame.holds(CHANGED, PICKED, RATE) or frame.span.word in UP_TO:
        return None
    further: dict[str, object] = {"unit": frame.convert_to} if frame.convert_to else {}
    if frame.words & RATE:
        further["rate"] = True
    return one("how_it_changed", frame.name, name=frame.name, since=frame.span.since, until=frame.span.until, **further)


def _value(frame: Frame) -> Plan | None:
    if not frame.holds(PICKED, NORMAL, WHERE, WHEN, SOME):
        return None
    picks = {PICKS[word] for word in frame.words if word in PICKS} - {""}
    if len(picks) > 1 - ("latest" in picks and len(picks) == 2):
        return None
    pick = next(iter(picks - {"latest"} if len(picks) == 2 else picks), "")
    if frame.span.word and pick == "" and not frame.span.since:
        pick = "latest"
    return one("look_up", frame.name, name=frame.name, since=frame.span.since, until=frame.span.until,
               unit=frame.convert_to, pick=pick)
